"""“Test without saving”, “Save and test”, the notes after saving: nothing typed is lost, no secret comes back."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.fernet import Fernet
from flask import Flask

from credstore.config import Config
from credstore.errors import TestsBusy
from tests.conftest import PASSWORD, USERNAME, MakeApp
from tests.page import Page
from tests.provider import Provider
from tests.web.conftest import KEY, Store, llm, rows
from tests.web.test_create import errors, value
from tests.web.test_edit import data

NEW = "/credentials/new"
BUSY = "4 tests are running already. Wait a few seconds, then test again."
Program = Callable[..., Any]


@pytest.fixture
def form(admin: Page, provider: Provider) -> Page:
    admin.canaries |= {KEY, provider.key}
    admin.get(NEW)
    return admin


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise TestsBusy(BUSY)

    monkeypatch.setattr("credstore.tester.Tester.run", refuse)


def local(provider: Provider, base: str = "/openai/v1", **more: str) -> dict[str, str]:
    place = {"provider_type": "openai_compatible", "base_url": provider.url(base)}
    return place | {"api_key": provider.key} | more


def panel(page: Page) -> tuple[str, str]:
    """(mark, words) of the verdict on a draft."""
    assert page.document is not None
    (found,) = [e for e in page.document.find("div", role="status") if "draft-verdict" in e.attrs["class"].split()]
    return found.attrs["data-mark"], found.text


def left(app: Flask) -> int:
    return int(rows(app, "SELECT count(*) FROM credential")[0][0])


def test_a_draft_is_tested_and_nothing_is_stored(form: Page, provider: Provider, app: Flask) -> None:
    form.post(NEW, llm("Draft", **local(provider)) | {"then": "test_draft"}, status=200)
    mark, words = panel(form)
    assert mark == "pass"
    assert "Verified" in words
    assert "Nothing was saved." in words
    assert f"GET {provider.url('/openai/v1/models')} -> 200" in words
    assert (value(form, "name"), value(form, "llm-base_url")) == ("Draft", provider.url("/openai/v1"))
    assert value(form, "llm-api_key") == ""
    form.post(NEW, llm("Draft", **local(provider, api_key=KEY)) | {"then": "test_draft"}, status=200)
    assert panel(form)[0] == "fail"
    assert (left(app), rows(app, "SELECT count(*) FROM verdict_history")[0][0]) == (0, 0)


@pytest.mark.parametrize("base", ["/echo/v1", "/openai/v1", "/reset/v1", "/redirect/v1"])
def test_a_key_that_the_provider_repeats_does_not_come_back(form: Page, provider: Provider, base: str) -> None:
    form.post(NEW, llm("Draft", **local(provider, base, api_key=KEY)) | {"then": "test_draft"}, status=200)
    assert panel(form)[0] != "pass"
    assert not provider.strayed


def test_what_is_wrong_with_a_draft_stands_beside_its_field(form: Page, provider: Provider) -> None:
    form.post(NEW, llm("", base_url="nonsense", api_key="a b") | {"then": "test_draft"}, status=400)
    assert {"llm-api_key", "llm-base_url"} <= set(errors(form))
    form.post(NEW, {"type": "telegram", "telegram-bot_token": "no token", "then": "test_draft"}, status=400)
    assert "telegram-bot_token" in errors(form)
    form.post(NEW, {"type": "nobody", "then": "test_draft"}, status=400)
    assert "Choose a type." in form.text


def test_a_draft_needs_no_name_yet(form: Page, provider: Provider) -> None:
    form.post(NEW, llm("", **local(provider)) | {"then": "test_draft"}, status=200)
    assert panel(form)[0] == "pass"


def test_the_stored_secret_goes_to_its_own_destination_alone(form: Page, store: Store, provider: Provider) -> None:
    row = store("Local", **local(provider))
    url = f"/credentials/{row}/edit"
    form.get(url)
    form.post(url, data("Local", **local(provider, api_key="")) | {"then": "test_draft"}, status=200)
    assert panel(form)[0] == "pass"
    assert provider.asked("/openai")[0].key == provider.key
    for moved in ({"base_url": provider.url("/echo/v1")}, {"organization_id": "org-2"}, {"provider_type": "openai"}):
        before = len(provider.requests)
        form.post(url, data("Local", **local(provider, api_key="") | moved) | {"then": "test_draft"}, status=400)
        assert "enter it again" in errors(form)["llm-api_key"]
        assert len(provider.requests) == before
    form.post(
        url, data("Local", **local(provider, "/echo/v1", api_key="sk-typed-again")) | {"then": "test_draft"}, status=200
    )
    assert {asked.key for asked in provider.asked("/echo")}.isdisjoint({provider.key})


def test_a_removed_secret_is_not_used_for_the_draft(form: Page, store: Store, provider: Provider) -> None:
    row = store("Local", **local(provider))
    form.get(f"/credentials/{row}/edit")
    draft = data("Local", **local(provider, api_key="")) | {"then": "test_draft", "remove": "api_key"}
    form.post(f"/credentials/{row}/edit", draft, status=200)
    assert provider.key not in {asked.key for asked in provider.requests}


@pytest.mark.usefixtures("busy")
def test_busy_is_told_in_the_form_and_no_input_is_lost(form: Page, store: Store, provider: Provider) -> None:
    form.post(NEW, llm("Draft", **local(provider)) | {"then": "test_draft", "expires": "2030-01-02"}, status=429)
    assert BUSY in form.text
    assert (value(form, "name"), value(form, "expires")) == ("Draft", "2030-01-02")
    row = store("Local", **local(provider))
    form.get(f"/credentials/{row}/edit")
    draft = data("Renamed", **local(provider, api_key="")) | {"then": "test_draft"}
    form.post(f"/credentials/{row}/edit", draft, status=429)
    assert BUSY in form.text
    assert value(form, "name") == "Renamed"


@pytest.mark.usefixtures("busy")
def test_saving_stands_when_the_test_after_it_cannot_run(form: Page, provider: Provider, app: Flask) -> None:
    form.post(NEW, llm("Kept", **local(provider)) | {"then": "test"})
    form.get("/credentials")
    assert f"Kept is encrypted and stored. {BUSY}" in form.text
    assert left(app) == 1


def test_locked_is_told_in_the_form(
    form: Page, store: Store, provider: Provider, config: Config, make_app: MakeApp
) -> None:
    row = store("Local", **local(provider))
    locked = Page(make_app(replace(config, field_encryption_key=Fernet.generate_key().decode())).test_client())
    locked.canaries |= {KEY, provider.key}
    locked.sign_in(USERNAME, PASSWORD)
    locked.get(f"/credentials/{row}/edit")
    draft = data("Renamed", **local(provider, api_key="")) | {"then": "test_draft"}
    locked.post(f"/credentials/{row}/edit", draft, status=503)
    assert locked.document is not None
    assert locked.document.find("p", role="alert")
    assert value(locked, "name") == "Renamed"
    assert not provider.requests


def test_save_and_test_tells_both(form: Page, provider: Provider) -> None:
    form.post(NEW, llm("Both", **local(provider)) | {"then": "test"})
    form.get("/credentials")
    assert "Both is encrypted and stored. Verified:" in form.text
    row = form.document and form.document.find("input", name="ids")[0].attrs["value"]
    form.get(f"/credentials/{row}/edit")
    form.post(f"/credentials/{row}/edit", data("Both", **local(provider, api_key=KEY)) | {"then": "test"})
    form.get(f"/credentials/{row}")
    assert "Both is saved. Rejected:" in form.text


def test_a_program_gets_json_for_drafts_too(program: Program, store: Store, provider: Provider) -> None:
    result = program("post", NEW, llm("", **local(provider)) | {"then": "test_draft"}, status=200)
    assert result["outcome"] == "verified"
    assert {"reason", "advice", "provider_message", "facts", "steps"} < result.keys()
    row = store("Local", **local(provider))
    draft = data("Local", **local(provider, api_key="")) | {"then": "test_draft"}
    assert program("post", f"/credentials/{row}/edit", draft, status=200)["outcome"] == "verified"
    refused = program("post", NEW, llm("", api_key="") | {"then": "test_draft"}, status=400)
    assert set(refused["fields"]) == {"api_key"}
    saved = program("post", NEW, llm("New", **local(provider)) | {"then": "test"}, status=201)
    assert saved["test"]["outcome"] == "verified"
    assert "Local" in " ".join(saved["notes"])


@pytest.mark.parametrize("around", ["Bearer {}", "'{}'", "  “{}”", "OPENAI_API_KEY={}", "export OPENAI_API_KEY='{}'"])
def test_notes_say_what_was_dropped_and_never_the_secret(form: Page, app: Flask, around: str) -> None:
    form.post(NEW, llm("Pasted", api_key=around.format(KEY)))
    form.get("/credentials")
    assert form.document is not None
    (message,) = form.document.find("div", class_="message")
    assert len(message.text) > len("Pasted is encrypted and stored. ")
    with app.app_context():
        vault = app.extensions["credstore"].vault
        assert vault.resolve(vault.page().records[0].public_id)["api_key"] == KEY


def test_a_key_of_somebody_else_is_noticed_before_saving(form: Page, app: Flask) -> None:
    key = "sk-ant-api03-" + "canaryCanary9" * 7 + "AA"
    form.canaries.add(key)
    form.post(NEW, llm("Mixed up", api_key=key), status=400)
    assert "This looks like an Anthropic" in form.text
    assert left(app) == 0


@pytest.mark.parametrize(
    ("others", "more"), [(2, ""), (3, ""), (4, " and 1 more"), (9, " and 6 more"), (10, " and more"), (11, " and more")]
)
def test_three_twins_are_named_and_the_others_counted(form: Page, store: Store, others: int, more: str) -> None:
    for number in range(others):
        store(f"Twin {number}")
    form.post(NEW, llm("Fifth", api_key=f" {KEY} "))
    form.get("/credentials")
    named = ", ".join(f"“Twin {number}”" for number in range(min(others, 3)))
    assert f"The same secret is also stored as {named}{more}." in form.text
    form.get(NEW)
    form.post(NEW, llm("Alone", api_key="sk-another-0123456789"))
    form.get("/credentials")
    assert "The same secret" not in form.text


def test_a_twin_s_name_is_text_and_not_markup(form: Page, store: Store) -> None:
    store("<b>Twin</b>")
    answer = form.post(NEW, llm("Second"), follow=True)
    assert "“&lt;b&gt;Twin&lt;/b&gt;”" in answer.text


def test_json_form_says_busy_and_locked_as_problems(program: Program, busy: None, provider: Provider) -> None:
    result = program("post", NEW, llm("Draft", **local(provider)) | {"then": "test_draft"}, status=429)
    assert (result["code"], result["detail"]) == ("tests-busy", BUSY)
