"""The page of the audit log: who is named, the filters, wrong input, and 503 where it cannot be written."""

import pytest
from flask import Flask
from sqlalchemy import text

from credstore.models import db
from tests.conftest import PASSWORD, USERNAME
from tests.page import Page

JSON = {"Accept": "application/json"}
TOKEN = "123456789:CANARYcanary_0123456789"


def create(page: Page, name: str) -> str:
    page.get("/credentials/new")
    form = {"type": "telegram", "name": name, "telegram-bot_token": TOKEN}
    public_id: str = page.post("/credentials/new", form, status=201, headers=JSON).get_json()["id"]
    return public_id


def test_the_user_the_address_and_the_credential_are_named(admin: Page) -> None:
    one = create(admin, "a bot <b>")
    entry = admin.get("/audit?act=create", headers=JSON).get_json()["entries"][0]
    assert (entry["actor"], entry["address"], entry["credential"]) == (USERNAME, "127.0.0.1", one)
    shown = admin.get(f"/audit?credential={one}").text
    assert f'<a href="/credentials/{one}">a bot &lt;b&gt;</a>' in shown
    assert f'href="/audit?credential={one}"' in admin.get(f"/credentials/{one}").text
    by_name = admin.get("/audit?credential=A+BOT+<b>", headers=JSON).get_json()["entries"]
    assert [found["act"] for found in by_name] == ["create"]


def test_signing_in_and_out_is_noted_without_what_was_typed(admin: Page) -> None:
    admin.get("/credentials")
    admin.post("/logout", status=None)
    admin.get("/login")
    admin.post("/login", {"username": "my secret typed as a name", "password": "x"}, status=401)
    admin.post("/login", {"username": USERNAME, "password": "wrong"}, status=401)
    admin.post("/login", {"username": USERNAME, "password": PASSWORD}, status=303)
    found = admin.get("/audit", headers=JSON).get_json()["entries"]
    assert [(entry["act"], entry["actor"], entry["result"]) for entry in found] == [
        ("sign-in", USERNAME, ""),
        ("sign-in refused", "not signed in", f"user {USERNAME}"),
        ("sign-in refused", "not signed in", "no such user"),
        ("sign-out", USERNAME, ""),
        ("sign-in", USERNAME, ""),
        ("user added", "program", f"user {USERNAME}, admin"),
    ]


@pytest.mark.parametrize(
    "query", ["since=soon", "until=2026-02-30", "act=fly", "since=%00", "credential=%00", "before=x"]
)
def test_wrong_input_never_fails(admin: Page, query: str) -> None:
    answer = admin.get(f"/audit?{query}", status=None)
    assert answer.status_code in {200, 400}
    if answer.status_code == 400:
        assert 'class="wrong"' in answer.text


@pytest.mark.parametrize(
    "query",
    [
        "before=99999999999999999999",
        "after=-1",
        "since=0001-01-01",
        "until=9999-12-31",
        "credential=%FF",
        "actor=" + "x" * 5000,
    ],
)
def test_extreme_input(admin: Page, query: str) -> None:
    admin.get(f"/audit?{query}")


def test_where_it_cannot_be_written_the_answer_is_503_and_nothing_is_saved(app: Flask, admin: Page) -> None:
    admin.get("/credentials/new")
    with app.app_context():
        db.session.execute(text("CREATE TRIGGER a BEFORE INSERT ON audit_entry BEGIN SELECT RAISE(ABORT, 'no'); END"))
        db.session.commit()
    form = {"type": "telegram", "name": "a bot", "telegram-bot_token": TOKEN}
    refused = admin.post("/credentials/new", form, status=503, headers=JSON)
    assert refused.get_json()["code"] == "audit-unwritable"
    assert refused.headers["Retry-After"]
    assert TOKEN not in refused.text
    assert "a bot" not in admin.get("/credentials").text


def test_it_asks_for_a_sign_in(visitor: Page) -> None:
    assert visitor.get("/audit", status=303).headers["Location"].startswith("/login")
