"""The guided fields of Git and Tool on the pages: what is stored, what comes back, what an edit keeps."""

import json
from typing import Any

import pytest
from flask import Flask

from tests.page import Page
from tests.web.conftest import JSON, rows
from tests.web.test_create import errors, value
from tests.web.test_edit import resolved

URL = "https://127.0.0.1:9/t/r.git"  # nobody listens there
SECRET = "canary-guided-Yx83KdPq"


def git(name: str = "Deploy key", json_text: str = "", **parts: str) -> dict[str, str]:
    own = {"git-extra_config": json_text} | {f"git-extra_config_{part}": text for part, text in parts.items()}
    return {"type": "git", "name": name} | own


def config_of(app: Flask, public_id: str = "") -> Any:
    public_id = public_id or rows(app, "SELECT public_id FROM credential")[0][0]
    return json.loads(resolved(app, public_id)["extra_config"])


@pytest.fixture
def form(admin: Page) -> Page:
    admin.canaries.add(SECRET)
    admin.get("/credentials/new")
    return admin


@pytest.fixture
def row(form: Page, app: Flask) -> str:
    """A stored repository whose edit form is open."""
    form.post("/credentials/new", git(url=URL, username="ann", token=SECRET))
    public_id = str(rows(app, "SELECT public_id FROM credential")[0][0])
    form.get(f"/credentials/{public_id}/edit")
    return public_id


def test_fields_are_stored_as_extra_config_and_encrypted(row: str, app: Flask) -> None:
    assert config_of(app) == {"url": URL, "username": "ann", "token": SECRET}
    assert rows(app, "SELECT public, secret_names FROM credential") == [("{}", "extra_config")]


def test_a_program_may_send_fields_too(form: Page, app: Flask) -> None:
    form.post("/credentials/new", git(url=URL, token=SECRET), status=201, headers=JSON)
    assert config_of(app) == {"url": URL, "token": SECRET}
    answer = form.post("/credentials/new", git("Other", url=URL), status=400, headers=JSON)
    assert answer.get_json()["fields"] == {"extra_config_token": "Token is required."}


def test_a_conflict_with_the_json_is_told_beside_the_field_and_shows_no_secret(form: Page, app: Flask) -> None:
    form.post("/credentials/new", git(json_text=json.dumps({"token": "x"}), url=URL, token=SECRET), status=400)
    assert errors(form) == {"git-extra_config_token": "The JSON has another “token”. Keep one of them."}
    assert value(form, "git-extra_config_url") == URL
    assert value(form, "git-extra_config_token") == ""
    assert rows(app, "SELECT id FROM credential") == []


def test_a_rule_of_the_type_is_told_beside_the_field_that_broke_it(form: Page) -> None:
    form.post("/credentials/new", git(url=URL, username="a:b", token=SECRET), status=400)
    assert set(errors(form)) == {"git-extra_config_username"}
    assert value(form, "git-extra_config_username") == "a:b"


def test_invalid_json_is_told_beside_the_json(form: Page) -> None:
    form.post("/credentials/new", git(json_text="{", url=URL), status=400)
    assert set(errors(form)) == {"git-extra_config"}


@pytest.mark.parametrize("then", ["", "test_draft"])
@pytest.mark.parametrize(
    "url",
    [f"https://ann:{SECRET}@127.0.0.1:9/r", f"https://127.0.0.1:9/?key={SECRET}", SECRET, f'{{"token": "{SECRET}"}}'],
)
def test_a_url_with_a_secret_in_it_is_not_sent_back(form: Page, url: str, then: str) -> None:
    form.post("/credentials/new", git("", url=url, username="") | {"then": then}, status=None)
    assert value(form, "git-extra_config_url") == ""
    assert "Enter the URL again." in form.text


def test_a_secret_in_a_field_that_is_shown_is_not_sent_back(form: Page) -> None:
    form.post("/credentials/new", git("", url=URL, username=SECRET, token=SECRET), status=400)
    assert value(form, "git-extra_config_username") == ""


def test_the_edit_form_shows_nothing_of_it(row: str, form: Page) -> None:
    assert URL not in form.text
    for part in ("url", "username", "token"):
        assert value(form, f"git-extra_config_{part}") == ""
    assert "A blank field keeps what is stored" in form.text


def edit(form: Page, row: str, status: int = 303, then: str = "", **parts: str) -> None:
    form.post(f"/credentials/{row}/edit", git(**parts) | {"version": "1", "then": then}, status=status)


def test_a_blank_edit_keeps_all(row: str, form: Page, app: Flask) -> None:
    edit(form, row)
    assert config_of(app) == {"url": URL, "username": "ann", "token": SECRET}
    assert rows(app, "SELECT version FROM credential") == [(1,)]


def test_a_new_token_keeps_the_rest(row: str, form: Page, app: Flask) -> None:
    edit(form, row, token="new-token")
    assert config_of(app) == {"url": URL, "username": "ann", "token": "new-token"}


def test_json_replaces_all(row: str, form: Page, app: Flask) -> None:
    edit(form, row, json_text='{"token": "new-token"}')
    assert config_of(app) == {"token": "new-token"}


@pytest.mark.parametrize("then", ["", "test", "test_new"])
def test_a_new_url_needs_the_token_again(row: str, form: Page, app: Flask, then: str) -> None:
    edit(form, row, 400, then, url="https://127.0.0.1:9/other.git")
    found = errors(form)
    assert set(found) == {"git-extra_config_token"}
    assert ("enter it again" in found["git-extra_config_token"]) or then == "test_new"
    assert config_of(app)["url"] == URL


def test_a_new_token_that_came_back_blank_is_asked_for_once(row: str, form: Page, app: Flask) -> None:
    edit(form, row, 200, "test_new", username="bob", token="new-token")
    (typed,) = [found.attrs["value"] for found in form.document.find("input", name="typed")] if form.document else [""]
    assert typed == "extra_config_token"
    form.post(f"/credentials/{row}/edit", git(username="bob") | {"version": "1", "typed": typed}, status=400)
    assert set(errors(form)) == {"git-extra_config_token"}
    assert config_of(app)["token"] == SECRET
    edit(form, row, username="bob")
    assert config_of(app) == {"url": URL, "username": "bob", "token": SECRET}


def test_test_new_without_a_new_one_is_told_beside_the_token(row: str, form: Page) -> None:
    edit(form, row, 400, "test_new")
    assert set(errors(form)) == {"git-extra_config_token"}
