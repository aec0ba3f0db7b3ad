"""The edit page: blank keeps a secret, Remove drops it, a new destination needs it again, concurrent edits conflict."""

from dataclasses import replace

import pytest
from flask import Flask

from credstore.config import Config
from tests.conftest import PASSWORD, USERNAME, MakeApp
from tests.page import Page
from tests.web.conftest import KEY, Store
from tests.web.test_create import errors, value


def resolved(app: Flask, public_id: str) -> dict[str, str]:
    with app.app_context():
        return dict(app.extensions["credstore"].vault.resolve(public_id))


def data(name: str = "OpenAI production", version: str = "1", **more: str) -> dict[str, str]:
    own = {"provider_type": "openai", "api_key": "", "base_url": "", "organization_id": ""} | more
    return {"name": name, "version": version} | {f"llm-{field}": text for field, text in own.items()}


@pytest.fixture
def row(store: Store, admin: Page) -> str:
    admin.canaries.add(KEY)
    public_id = store()
    admin.get(f"/credentials/{public_id}/edit")
    return public_id


def test_the_form_is_filled_with_what_is_public(row: str, admin: Page) -> None:
    assert value(admin, "name") == "OpenAI production"
    assert value(admin, "version") == "1"
    assert value(admin, "llm-api_key") == ""
    assert "Leave blank to keep it" in admin.text


def test_a_blank_secret_is_kept_and_the_answer_is_303_to_the_credential(row: str, admin: Page, app: Flask) -> None:
    """To its row in the list or, where the edit began there, to its own page."""
    assert admin.post(f"/credentials/{row}/edit", data("First")).location == f"/credentials?changed={row}#changed"
    renamed = data("Renamed") | {"version": "2"}
    assert admin.post(f"/credentials/{row}/edit?from=show", renamed).location == f"/credentials/{row}"
    assert resolved(app, row)["api_key"] == KEY
    admin.get(f"/credentials/{row}")
    assert "Renamed is saved." in admin.text


def test_a_secret_is_replaced(row: str, admin: Page, app: Flask) -> None:
    admin.canaries.add("sk-replaced-canary-9d2f")
    admin.post(f"/credentials/{row}/edit", data(api_key="sk-replaced-canary-9d2f"))
    assert resolved(app, row)["api_key"] == "sk-replaced-canary-9d2f"


@pytest.mark.parametrize("mask", ["********", "sk-••••abcd", "[hidden]", "sk-...abcd"])
def test_a_mask_is_never_taken_for_a_value(row: str, admin: Page, app: Flask, mask: str) -> None:
    admin.post(f"/credentials/{row}/edit", data(api_key=mask), status=400)
    assert "masked" in errors(admin)["llm-api_key"]
    assert resolved(app, row)["api_key"] == KEY


@pytest.mark.parametrize("moved", [{"base_url": "https://elsewhere.example/v1"}, {"organization_id": "org-2"}])
def test_a_moved_destination_asks_for_the_secret_again(
    row: str, admin: Page, app: Flask, moved: dict[str, str]
) -> None:
    admin.post(f"/credentials/{row}/edit", data(**moved), status=400)
    assert "enter it again" in errors(admin)["llm-api_key"]
    assert value(admin, f"llm-{next(iter(moved))}") == next(iter(moved.values()))
    assert "base_url" not in resolved(app, row)
    admin.post(f"/credentials/{row}/edit", data(api_key="sk-again-1234", **moved))
    assert resolved(app, row)["api_key"] == "sk-again-1234"


def test_remove_drops_an_optional_secret(store: Store, admin: Page, app: Flask) -> None:
    place = {"provider_type": "openai_compatible", "base_url": "http://127.0.0.1:9/v1"}
    row = store("Local", **place)
    admin.get(f"/credentials/{row}/edit")
    assert "Remove the stored API Key" in admin.text
    admin.post(f"/credentials/{row}/edit", data("Local", **place) | {"remove": "api_key"})
    assert "api_key" not in resolved(app, row)


def test_remove_of_a_needed_secret_is_refused(row: str, admin: Page, app: Flask) -> None:
    admin.post(f"/credentials/{row}/edit", data() | {"remove": "api_key"}, status=400)
    assert "llm-api_key" in errors(admin)
    assert resolved(app, row)["api_key"] == KEY


def test_remove_of_what_is_no_secret_changes_nothing(row: str, admin: Page, app: Flask) -> None:
    admin.post(f"/credentials/{row}/edit", data() | {"remove": "provider_type"})
    assert resolved(app, row) == {"provider_type": "openai", "api_key": KEY}


@pytest.mark.parametrize("version", ["", "0", "2", "-1", "abc", "1.0", "٣", "²", "9" * 30, "9" * 5000, "1 OR 1=1"])
def test_any_other_version_is_a_conflict(row: str, admin: Page, app: Flask, version: str) -> None:
    admin.post(f"/credentials/{row}/edit", data("Late", version, api_key="sk-typed-canary-5"), status=409)
    assert "Somebody else changed this credential" in admin.text
    assert "sk-typed-canary-5" not in admin.text
    assert resolved(app, row)["api_key"] == KEY


def test_the_second_editor_sees_both_and_may_decide(row: str, admin: Page, app: Flask) -> None:
    admin.post(f"/credentials/{row}/edit", data("First"))
    admin.post(f"/credentials/{row}/edit", data("Second", api_key="sk-second-canary-77"), status=409)
    assert "First" in admin.text
    assert value(admin, "name") == "Second"
    assert value(admin, "llm-api_key") == ""
    assert value(admin, "version") == "2"
    admin.post(f"/credentials/{row}/edit", data("Second", "2"))
    admin.get(f"/credentials/{row}")
    assert "Second" in admin.text


def test_the_type_cannot_be_changed(row: str, admin: Page, app: Flask) -> None:
    admin.post(f"/credentials/{row}/edit", data() | {"type": "telegram", "telegram-bot_token": "1:x"})
    with app.app_context():
        assert app.extensions["credstore"].vault.get(row).kind == "llm"


def test_a_deleted_credential_cannot_be_edited(row: str, admin: Page, app: Flask) -> None:
    with app.app_context():
        app.extensions["credstore"].vault.delete([row])
    admin.post(f"/credentials/{row}/edit", data(), status=404)
    assert "It may have been deleted." in admin.text


def test_a_type_that_this_version_does_not_know_cannot_be_edited(row: str, admin: Page, app: Flask) -> None:
    with app.app_context():
        from credstore.models import db

        with db.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE credential SET kind = 'later'")
    admin.get(f"/credentials/{row}")
    admin.get("/credentials")
    admin.get(f"/credentials/{row}/edit", status=404)
    assert "does not know the type" in admin.text


def test_a_rename_needs_no_key(row: str, config: Config, make_app: MakeApp, keys: str) -> None:
    from cryptography.fernet import Fernet

    locked = Page(make_app(replace(config, field_encryption_key=Fernet.generate_key().decode())).test_client())
    locked.sign_in(USERNAME, PASSWORD)
    locked.get(f"/credentials/{row}/edit")
    locked.post(f"/credentials/{row}/edit", data("Renamed while locked"))
    locked.get(f"/credentials/{row}/edit")
    locked.post(f"/credentials/{row}/edit", data("X", "2", api_key="sk-new-1234"), status=503)
