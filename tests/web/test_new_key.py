"""“Test new key” on the edit page: the old key stays in use, and a key that came back blank is asked for once."""

import pytest
from flask import Flask

from tests.page import Page
from tests.provider import Provider
from tests.web.conftest import KEY, Store, rows
from tests.web.test_create import errors, value
from tests.web.test_drafts import local, panel
from tests.web.test_edit import data, resolved


@pytest.mark.parametrize(
    ("kind", "values", "word"),
    [
        ("llm", {"provider_type": "openai", "api_key": KEY}, "key"),
        ("telegram", {"bot_token": "123456789:AAcanary-Zq8Xw2Lm7Rt4Yv"}, "token"),
        ("git", {"extra_config": '{"token": "a-canary"}'}, "Extra Config"),
    ],
)
def test_each_type_has_its_own_word(app: Flask, admin: Page, kind: str, values: dict[str, str], word: str) -> None:
    with app.app_context():
        record = app.extensions["credstore"].vault.create(kind, "n", values)
    admin.get(f"/credentials/{record.public_id}/edit")
    assert f"Test new {word}" in admin.text


@pytest.mark.parametrize(
    ("hours", "words"), [(24, "can be used again for 24 hours"), (1, "again for 1 hour."), (0, "is then erased")]
)
def test_the_form_says_what_becomes_of_the_old_one(
    store: Store, admin: Page, app: Flask, hours: int, words: str
) -> None:
    app.extensions["credstore"].vault.store.keep_replaced_hours = hours
    admin.get(f"/credentials/{store()}/edit")
    assert words in admin.text


@pytest.fixture
def row(store: Store, admin: Page, provider: Provider) -> str:
    """A credential with a key that the provider refuses; its edit form is open."""
    admin.canaries |= {KEY, provider.key}
    found = store("Local", **local(provider, api_key=KEY))
    admin.get(f"/credentials/{found}/edit")
    return found


def test_the_new_key_is_tested_while_the_old_one_stays_in_use(
    row: str, admin: Page, provider: Provider, app: Flask
) -> None:
    admin.post(f"/credentials/{row}/edit", data("Local", **local(provider)) | {"then": "test_new"}, status=200)
    mark, words = panel(admin)
    assert mark == "pass"
    assert "The old key stays in use until you save the new one." in words
    assert resolved(app, row)["api_key"] == KEY
    assert rows(app, "SELECT count(*) FROM replaced_secret")[0][0] == 0
    assert value(admin, "llm-api_key") == ""


def test_a_new_key_is_needed_to_test_one(row: str, admin: Page, provider: Provider) -> None:
    draft = data("Local", **local(provider, api_key="")) | {"then": "test_new"}
    admin.post(f"/credentials/{row}/edit", draft, status=400)
    assert "Enter the new API Key here" in errors(admin)["llm-api_key"]
    assert not provider.requests


def test_a_tested_key_that_came_back_blank_is_asked_for_once(
    row: str, admin: Page, provider: Provider, app: Flask
) -> None:
    url, blank = f"/credentials/{row}/edit", data("Renamed", **local(provider, api_key=""))
    admin.post(url, data("Local", **local(provider)) | {"then": "test_new"}, status=200)
    assert value(admin, "typed") == "api_key"
    admin.post(url, blank | {"typed": "api_key"}, status=400)
    assert "Enter the new API Key again" in errors(admin)["llm-api_key"]
    assert admin.document is not None
    assert not [found for found in admin.document.find("input") if found.attrs.get("name") == "typed"]
    admin.post(url, blank)
    assert resolved(app, row)["api_key"] == KEY
    admin.get(url)
    assert value(admin, "name") == "Renamed"


def test_a_tested_key_that_is_typed_again_or_removed_is_not_asked_for(
    row: str, admin: Page, provider: Provider, app: Flask
) -> None:
    url = f"/credentials/{row}/edit"
    admin.post(url, data("Local", **local(provider)) | {"typed": "api_key"})
    assert resolved(app, row)["api_key"] == provider.key
    admin.get(url)
    admin.post(url, data("Local", "2", **local(provider, api_key="")) | {"typed": "api_key", "remove": "api_key"})
    assert "api_key" not in resolved(app, row)
    admin.get(url)
    assert "Test without saving" in admin.text
    admin.post(url, data("Odd", "3", **local(provider, api_key="")) | {"typed": "nothing name \x00"})
