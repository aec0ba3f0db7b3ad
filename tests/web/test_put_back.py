"""“Use the other key instead”: what the page says, who may press it, what a program gets."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from flask import Flask

from credstore.config import Config
from tests.conftest import PASSWORD, USERNAME, MakeApp
from tests.page import Page
from tests.web.conftest import JSON, KEY, Store, rows
from tests.web.test_edit import data, resolved

NEW = "sk-new-canary-0123456789"
BUTTON = "Use the other key instead"


@pytest.fixture
def rotated(store: Store, admin: Page) -> str:
    """A credential whose KEY was replaced by NEW; its version is 2."""
    admin.canaries |= {KEY, NEW}
    row = store()
    admin.get(f"/credentials/{row}/edit")
    admin.post(f"/credentials/{row}/edit", data(api_key=NEW))
    admin.get(f"/credentials/{row}")
    return row


def test_the_page_says_when_it_was_replaced_and_until_when_it_can_be_put_back(rotated: str, admin: Page) -> None:
    moments = re.findall(r"\d+ \w+ 20\d\d, \d\d:\d\d UTC", admin.text[admin.text.index("It was in use until") :])
    first, until = (datetime.strptime(moment, "%d %b %Y, %H:%M UTC") for moment in moments[:2])
    assert until - first == timedelta(hours=24)
    assert BUTTON in admin.text


def test_it_is_put_back_and_that_too(rotated: str, admin: Page, app: Flask) -> None:
    answer = admin.post(f"/credentials/{rotated}/put-back", {"version": "2"})
    assert answer.location == f"/credentials/{rotated}"
    admin.get(f"/credentials/{rotated}")
    assert "OpenAI production: the other key is in use now." in admin.text
    assert resolved(app, rotated)["api_key"] == KEY
    admin.post(f"/credentials/{rotated}/put-back", {"version": "3"})
    assert resolved(app, rotated)["api_key"] == NEW


@pytest.mark.parametrize("version", ["", "1", "3", "x", "²", "9" * 30])
def test_a_stale_put_back_changes_nothing_and_shows_what_is_there_now(
    rotated: str, admin: Page, app: Flask, version: str
) -> None:
    admin.post(f"/credentials/{rotated}/put-back", {"version": version}, status=409)
    assert "Somebody else changed this credential after you opened it. Nothing was put back." in admin.text
    assert BUTTON in admin.text
    assert resolved(app, rotated)["api_key"] == NEW


def test_an_edit_in_between_wins(rotated: str, admin: Page, app: Flask) -> None:
    admin.get(f"/credentials/{rotated}/edit")
    admin.post(f"/credentials/{rotated}/edit", data("Renamed", "2"))
    admin.get(f"/credentials/{rotated}")
    admin.post(f"/credentials/{rotated}/put-back", {"version": "2"}, status=409)
    assert resolved(app, rotated)["api_key"] == NEW


def test_without_a_replaced_secret_there_is_no_button_and_a_sentence(store: Store, admin: Page) -> None:
    row = store()
    admin.get(f"/credentials/{row}")
    assert BUTTON not in admin.text
    admin.post(f"/credentials/{row}/put-back", {"version": "1"}, status=409)
    assert "There is nothing to put back" in admin.text
    admin.post("/credentials/11111111-1111-4111-8111-111111111111/put-back", {"version": "1"}, status=404)


def test_a_missing_key_is_named_in_place_of_the_button(
    rotated: str, admin: Page, config: Config, make_app: MakeApp, app: Flask
) -> None:
    other = Fernet.generate_key().decode()
    with app.app_context():
        from credstore.models import db

        old = rows(app, "SELECT key_id FROM replaced_secret")[0][0]
        db.session.remove()
    both = make_app(replace(config, field_encryption_key=f"{other},{config.field_encryption_key}"))
    with both.app_context():  # a key check for the new key
        both.extensions["credstore"].vault.create("git", "x", {"extra_config": '{"a": 1}'})
    page = Page(make_app(replace(config, field_encryption_key=other)).test_client())
    page.sign_in(USERNAME, PASSWORD)
    page.get(f"/credentials/{rotated}")
    assert f"encrypted with the key {old}" in page.text
    assert BUTTON not in page.text
    page.post(f"/credentials/{rotated}/put-back", {"version": "2"}, status=409)
    assert f"encrypted with the key {old}" in page.text


def test_a_program_is_told_and_may_put_back(rotated: str, program: Callable[..., Any], app: Flask) -> None:
    shown = program("get", f"/credentials/{rotated}", status=200)["replaced"]
    assert shown.keys() == {"replaced_at", "until", "problem"}
    assert datetime.fromisoformat(shown["until"]) - datetime.fromisoformat(shown["replaced_at"]) == timedelta(hours=24)
    refused = program("post", f"/credentials/{rotated}/put-back", {"version": "1"}, status=409)
    assert refused["code"] == "conflict"
    assert program("post", f"/credentials/{rotated}/put-back", {"version": "2"}, status=200)["version"] == 3
    assert resolved(app, rotated)["api_key"] == KEY
    assert "replaced" not in program("get", "/credentials", status=200)["items"][0]


def test_it_needs_a_sign_in_and_the_token(rotated: str, admin: Page, app: Flask) -> None:
    url = f"/credentials/{rotated}/put-back"
    assert app.test_client().post(url, data={"version": "2"}, headers=JSON).status_code in {400, 401}
    assert admin.client.post(url, data={"version": "2"}).status_code == 400
    assert admin.client.get(url).status_code == 405
    assert resolved(app, rotated)["api_key"] == NEW


def test_the_values_that_come_back_are_shown(store: Store, admin: Page, app: Flask) -> None:
    row = store("Local", provider_type="openai_compatible", base_url="http://127.0.0.1:9/v1")
    moved = {"provider_type": "openai_compatible", "base_url": "http://127.0.0.1:8/v1", "api_key": NEW}
    admin.get(f"/credentials/{row}/edit")
    admin.post(f"/credentials/{row}/edit", data("Local", **moved) | {"expires": "2031-01-01"})
    admin.get(f"/credentials/{row}")
    assert admin.document is not None
    (section,) = [found for found in admin.document.find("section") if "The other key" in found.text]
    assert "http://127.0.0.1:9/v1" in section.text
    assert "now http://127.0.0.1:8/v1" in section.text
    assert "now 1 Jan 2031" in section.text


@pytest.mark.parametrize(
    ("kind", "values", "word"),
    [
        ("telegram", {"bot_token": "123456789:AAcanary-Zq8Xw2Lm7Rt4Yv"}, "token"),
        ("git", {"extra_config": '{"token": "a-canary"}'}, "Extra Config"),
    ],
)
def test_each_type_has_its_own_word(app: Flask, admin: Page, kind: str, values: dict[str, str], word: str) -> None:
    with app.app_context():
        vault = app.extensions["credstore"].vault
        record = vault.create(kind, "n", values)
        new = {name: text.replace("canary", "other1") for name, text in values.items()}
        vault.edit(record.public_id, version=1, name="n", values=new)
    admin.get(f"/credentials/{record.public_id}")
    assert f"Use the other {word} instead" in admin.text
