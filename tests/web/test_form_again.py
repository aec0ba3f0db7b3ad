"""A session that ends while a form is open: after the sign-in the form is there again, with all but its secrets."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask

from tests.conftest import PASSWORD, USERNAME
from tests.page import Page
from tests.web.conftest import KEY, TOKEN, Store, llm, rows, telegram
from tests.web.test_create import errors, value
from tests.web.test_edit import data, resolved

NEW = "/credentials/new"
SIGN_IN = {"username": USERNAME, "password": PASSWORD}
FRAGMENT = {"X-Credstore": "fragment"}
TYPED = {"provider_type": "openai_compatible", "base_url": "https://gateway.example.com/v1"}


@pytest.fixture
def form(admin: Page) -> Page:
    """The create form is open, and the session ends."""
    admin.canaries |= {KEY, TOKEN}
    admin.get(NEW)
    return admin


def end_session(page: Page) -> None:
    page.client.delete_cookie("credstore")


def kept(page: Page) -> dict[str, str]:
    return SIGN_IN | {"typed_input": value(page, "typed_input")}


def stored(app: Flask) -> int:
    return int(rows(app, "SELECT count(*) FROM credential")[0][0])


def test_after_the_sign_in_the_form_is_filled_but_for_its_secret(form: Page, app: Flask) -> None:
    draft = llm("Typed", **TYPED) | {"expires": "2031-01-02"}
    end_session(form)
    form.post(NEW, draft, status=401)
    assert "Your session has ended, so nothing was saved yet." in form.text
    form.post("/login", kept(form), status=200)
    assert "Nothing was saved yet" in form.text
    assert (value(form, "name"), value(form, "expires")) == ("Typed", "2031-01-02")
    assert value(form, "llm-base_url") == TYPED["base_url"]
    assert value(form, "llm-api_key") == ""
    assert "Enter the API Key again" in errors(form)["llm-api_key"]
    assert stored(app) == 0
    form.post(NEW, draft)  # with the token of this page
    assert stored(app) == 1


def test_a_wrong_password_in_between_loses_nothing(form: Page) -> None:
    end_session(form)
    form.post(NEW, telegram("My bot"), status=401)
    form.post("/login", kept(form) | {"password": "wrong"}, status=401)
    form.post("/login", kept(form) | {"password": ""}, status=400)
    form.post("/login", kept(form), status=200)
    assert value(form, "name") == "My bot"
    assert "Enter the Bot Token again" in errors(form)["telegram-bot_token"]
    assert not {"llm-api_key"} & set(errors(form))


def test_an_edit_form_comes_back_with_the_version_it_was_opened_with(form: Page, store: Store, app: Flask) -> None:
    row = store("Model")
    url = f"/credentials/{row}/edit"
    form.get(url)
    end_session(form)
    form.post(url, data("Renamed", organization_id="org-7"), status=401)
    with app.app_context():
        vault = app.extensions["credstore"].vault
        vault.edit(row, version=1, name="By somebody else", values={"provider_type": "openai"})
    form.post("/login", kept(form), status=200)
    assert (value(form, "name"), value(form, "version")) == ("Renamed", "1")
    assert value(form, "llm-organization_id") == "org-7"
    form.post(url, data("Renamed", value(form, "version"), organization_id="org-7"), status=409)
    assert "Somebody else changed this credential" in form.text


def test_one_that_was_deleted_meanwhile_is_not_found(form: Page, store: Store, app: Flask) -> None:
    row = store("Model")
    form.get(f"/credentials/{row}/edit")
    end_session(form)
    form.post(f"/credentials/{row}/edit", data("Renamed"), status=401)
    with app.app_context():
        app.extensions["credstore"].vault.delete([row])
    form.post("/login", kept(form), status=404)


def test_the_kept_text_is_unreadable_and_has_no_secret(form: Page) -> None:
    end_session(form)
    form.post(NEW, llm(f"Name with {KEY}", api_key=KEY, base_url="https://typed.example/v1"), status=401)
    token = value(form, "typed_input")
    assert "typed" not in token
    assert b"typed.example" not in base64.urlsafe_b64decode(token)
    form.post("/login", kept(form), status=200)
    assert value(form, "name") == ""  # it held the key
    assert value(form, "llm-base_url") == "https://typed.example/v1"


@pytest.mark.parametrize("token", ["x", "gAAAAA", "é"])
def test_a_made_up_token_leads_to_the_list(form: Page, token: str) -> None:
    end_session(form)
    form.get("/login")
    assert form.post("/login", SIGN_IN | {"typed_input": token}).location == "/credentials"


def test_after_an_hour_it_is_gone_and_that_is_said(form: Page) -> None:
    end_session(form)
    form.post(NEW, llm("Typed"), status=401)
    typed = kept(form)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=61)):
        form.get("/login")
        form.post("/login", typed, follow=True, status=303)
        assert "kept for an hour only" in form.text


def test_a_request_without_a_form_to_fill_in_leads_to_the_sign_in_page(form: Page) -> None:
    end_session(form)
    assert form.post("/credentials/delete", {"ids": "1"}).location.startswith("/login")


def test_the_script_is_told_where_to_sign_in(form: Page) -> None:
    end_session(form)
    answer = form.post(NEW, llm("Typed"), status=401, headers=FRAGMENT)
    assert answer.json is not None
    assert (answer.json["code"], answer.json["sign_in"]) == ("sign-in", "/login")


def test_a_form_from_before_a_sign_in_in_another_tab_is_shown_with_a_new_token(
    form: Page, app: Flask, store: Store
) -> None:
    draft = llm("Typed", **TYPED)
    form.post(NEW, draft | {"csrf_token": "old"}, status=400)
    assert "save it once more" in form.text.lower()
    assert (value(form, "name"), value(form, "llm-api_key")) == ("Typed", "")
    assert "Enter the API Key again" in errors(form)["llm-api_key"]
    assert stored(app) == 0
    form.post(NEW, draft)
    row = store("Model")
    form.get(f"/credentials/{row}/edit")
    form.post(f"/credentials/{row}/edit", data("Renamed") | {"csrf_token": "old"}, status=400)
    assert value(form, "name") == "Renamed"
    form.post(f"/credentials/{row}/edit", data("Renamed"))
    assert resolved(app, row)["api_key"] == KEY
    problem = form.post(NEW, draft | {"csrf_token": "old"}, status=400, headers=FRAGMENT)
    assert problem.json is not None
    assert problem.json["code"] == "csrf"
