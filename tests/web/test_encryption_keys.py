"""The page of the encryption keys: counts, the start of a rotation and its progress; as HTML and as JSON."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.fernet import Fernet
from flask import Flask

from credstore.config import Config
from credstore.encryption.keyring import key_id
from credstore.models import db
from credstore.vault.encryption_keys import Rotation
from credstore.vault.encryption_keys.last_rotation import note_progress, note_start
from tests.conftest import PASSWORD, USERNAME, MakeApp
from tests.page import Page
from tests.web.conftest import JSON, Store

NEW = Fernet.generate_key().decode()
Later = Callable[[str], Page]


@pytest.fixture
def later(make_app: MakeApp, config: Config, store: Store, app: Flask, monkeypatch: pytest.MonkeyPatch) -> Later:
    """`later(keys)`: somebody who is signed in after a restart with other keys; two secrets are stored before."""
    store("one")
    store("two")
    with app.app_context():
        app.extensions["credstore"].accounts.create(USERNAME, PASSWORD)

    def restarted(keys: str) -> Page:
        page = Page(make_app(replace(config, field_encryption_key=keys)).test_client())
        page.sign_in(USERNAME, PASSWORD)
        return page

    return restarted


def lines(page: Page) -> list[str]:
    return [element.text for element in page.document.find("li")]


def join_rotation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests wait for the rotation that they start."""
    from credstore.background_runner import BackgroundRunner

    start = BackgroundRunner.start_rotation
    monkeypatch.setattr(BackgroundRunner, "start_rotation", lambda self, rotation: start(self, rotation).join(30))


def test_one_key_and_nothing_to_do(later: Later, keys: str) -> None:
    page = later(keys)
    page.get("/keys")
    assert lines(page) == [f"{key_id(keys)} First key: encrypts and decrypts 2 credentials"]
    assert "Rotate now" not in page.text
    assert keys not in page.text
    page.get("/credentials")
    assert page.document.find("a", href="/settings")
    page.get("/settings")
    assert page.document.find("a", href="/keys")


def test_rotate_now_encrypts_all_with_the_first_key(later: Later, keys: str, monkeypatch: pytest.MonkeyPatch) -> None:
    join_rotation(monkeypatch)
    page = later(f"{NEW},{keys}")
    page.get("/keys")
    assert lines(page)[1] == f"{key_id(keys)} Old key: only decrypts 2 credentials"
    assert "2 secrets are encrypted with an old key." in page.text
    page.post("/keys/rotate")
    page.get("/keys")
    assert lines(page) == [
        f"{key_id(NEW)} First key: encrypts and decrypts 2 credentials",
        f"{key_id(keys)} Old key: only decrypts No secrets",
    ]
    assert "Last rotation, just now: 2 secrets encrypted anew." in re.sub(r"\s+", " ", page.text)
    assert "Rotate now" not in page.text
    assert not any(key in page.text for key in (NEW, keys))


def test_a_program_starts_it_and_reads_the_progress(later: Later, keys: str, monkeypatch: pytest.MonkeyPatch) -> None:
    join_rotation(monkeypatch)
    page = later(f"{NEW},{keys}")
    page.get("/keys")
    before = page.client.get("/keys", headers=JSON).json
    assert before == {
        "keys": [
            {"id": key_id(NEW), "position": 1, "secrets": 0},
            {"id": key_id(keys), "position": 2, "secrets": 2},
        ],
        "rotation": None,
    }
    after: Any = page.post("/keys/rotate", status=202, headers=JSON).json
    assert after["rotation"] == {"state": "ended", "rotated": 2, "damaged": 0}
    assert [key["secrets"] for key in after["keys"]] == [2, 0]


def test_a_rotation_under_way_is_shown_and_not_started_twice(
    later: Later, keys: str, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = later(f"{NEW},{keys}")
    with app.app_context():
        note_start(db.session)
        note_progress(db.session, rotated=3, unreadable=0)
        db.session.commit()
    monkeypatch.setattr(Rotation, "run", lambda self: pytest.fail("it was started again"))
    page.get("/keys")
    assert "3 secrets done, 2 left." in page.text
    assert page.document.find("progress", max="5", value="3")
    assert page.document.find("div", id="run")[0].attrs["data-poll"] == "/keys"
    assert "Rotate now" not in page.text
    page.post("/keys/rotate")
    page.get("/keys")
    assert "A rotation is under way already." in page.text


def test_an_interrupted_one_can_be_started_again(later: Later, keys: str, app: Flask) -> None:
    page = later(f"{NEW},{keys}")
    with app.app_context():
        note_start(db.session)
        db.session.execute(db.text("UPDATE key_rotation SET heartbeat_at = '2026-01-01 00:00:00'"))
        db.session.commit()
    page.get("/keys")
    assert "It was interrupted; start it again" in page.text
    assert "Rotate now" in page.text


def test_the_wrong_key_shows_what_is_missing_and_starts_nothing(later: Later, keys: str) -> None:
    page = later(NEW)
    page.get("/keys")
    assert "Locked: the configured key is not the one" in page.text
    assert lines(page)[1] == f"{key_id(keys)} Missing 2 credentials"
    assert "Rotate now" not in page.text
    page.post("/keys/rotate", status=503)
    assert "Restore the right key" in page.text


def test_a_missing_key_beside_the_right_one_is_an_alert(
    later: Later, keys: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    join_rotation(monkeypatch)
    page = later(f"{NEW},{keys}")
    page.get("/credentials")
    page.post("/credentials/new", {"type": "llm", "name": "new", "llm-provider_type": "openai", "llm-api_key": "sk-1"})
    page = later(NEW)
    page.get("/keys")
    (alert,) = page.document.find("p", role="alert")
    assert alert.text.startswith("2 stored secrets cannot be read: the key is missing.")
