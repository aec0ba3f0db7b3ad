"""The page on which users change their own password: what is asked, what ends, what is written down."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from credstore.access_errors import Throttled, WrongPassword
from credstore.accounts import Accounts, Users
from credstore.audit_model import AuditEntry
from credstore.errors import NotFound
from credstore.models import Admin, LoginSession, db
from tests.access.conftest import HERE
from tests.conftest import PASSWORD, USERNAME
from tests.page import Page

NEW = "a new password, long enough"


def test_the_new_one_counts_and_other_sessions_end(app: Flask, admin: Page) -> None:
    elsewhere = Page(app.test_client())
    elsewhere.sign_in(USERNAME, PASSWORD)
    admin.get("/credentials")
    assert admin.document is not None
    assert admin.document.find("a", href="/password")[0].text == USERNAME
    admin.get("/password")
    copied = Page(app.test_client())
    for cookie in admin.client._cookies.values():
        copied.client.set_cookie(cookie.key, cookie.value)
    copied.get("/credentials")
    assert admin.post("/password", {"password": PASSWORD, "new": NEW}).location == "/credentials"
    copied.get("/credentials", status=303)
    assert "Your password is changed. Your other sessions are signed out." in admin.get("/credentials").text
    elsewhere.get("/credentials", status=303)
    elsewhere.get("/login")
    elsewhere.post("/login", {"username": USERNAME, "password": PASSWORD}, status=401)
    elsewhere.sign_in(USERNAME, NEW)
    with app.app_context():
        acts = db.session.execute(select(AuditEntry.act, AuditEntry.actor, AuditEntry.result)).all()
    assert ("password changed", USERNAME, f"user {USERNAME}") in [tuple(row) for row in acts]


@pytest.mark.parametrize(
    ("password", "new", "field", "sentence"),
    [
        ("not my password", NEW, "password", "This is not your password. Try again."),
        ("", NEW, "password", "This is not your password. Try again."),
        (PASSWORD, "short", "new", "This is too short: use at least 15 characters."),
        (PASSWORD, "", "new", "This is too short: use at least 15 characters."),
        (PASSWORD, "ab" * 10, "new", "This repeats or counts up a few characters"),
        (PASSWORD, PASSWORD, "new", "This is the password that you have. Choose another one."),
        (PASSWORD, PASSWORD.replace("c", "\uff43"), "new", "This is the password that you have."),  # the same in NFKC
    ],
)
def test_a_refusal_stands_beside_its_field_and_repeats_nothing(
    app: Flask, admin: Page, password: str, new: str, field: str, sentence: str
) -> None:
    admin.get("/password")
    answer = admin.post("/password", {"password": password, "new": new}, status=400)
    assert admin.document is not None
    assert sentence in admin.document.find(id=f"{field}-error")[0].text
    assert NEW not in answer.text
    assert PASSWORD not in answer.text
    with app.app_context():
        assert app.extensions["credstore"].accounts.sign_in(USERNAME, PASSWORD, HERE)


def test_guesses_are_slowed_as_at_the_sign_in(admin: Page) -> None:
    admin.get("/password")
    for _ in range(30):
        answer = admin.post("/password", {"password": "a wrong guess", "new": NEW}, status=None)
        if answer.status_code == 429:
            break
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    # Also the right one has to wait, or the answers would tell which guess was right.
    assert admin.post("/password", {"password": PASSWORD, "new": NEW}, status=429)


def test_a_form_of_another_site_changes_nothing(app: Flask, admin: Page) -> None:
    assert admin.client.post("/password", data={"password": PASSWORD, "new": NEW}).status_code == 400
    with app.app_context():
        assert app.extensions["credstore"].accounts.sign_in(USERNAME, PASSWORD, HERE)


def test_nobody_is_sent_to_sign_in_first(visitor: Page) -> None:
    assert visitor.get("/password", status=303).location.startswith("/login")


def test_whom_the_provider_signs_in_has_none_here(app: Flask, admin: Page) -> None:
    with app.app_context():
        db.session.execute(db.update(Admin).values(password_hash=""))
        db.session.commit()
    page = admin.get("/password")
    assert "Change it at the provider." in page.text
    assert '<form method="post" action="/password"' not in page.text
    admin.post("/password", {"password": "", "new": NEW}, status=200)
    with app.app_context():
        assert db.session.scalars(select(Admin.password_hash)).one() == ""


def test_a_session_that_was_ended_meanwhile_changes_nothing(accounts: Accounts) -> None:
    accounts.create(USERNAME, PASSWORD)
    token = accounts.sign_in(USERNAME, PASSWORD, HERE)
    other = "another password, also long"
    accounts.confirm_password(USERNAME, PASSWORD, address=HERE, token=token)
    accounts.reset_password(USERNAME, other)
    with pytest.raises(NotFound):
        Users(db.session).change_own_password(USERNAME, PASSWORD, NEW, token=token, address=HERE)
    assert accounts.sign_in(USERNAME, other, HERE)


@pytest.mark.parametrize("sessions", [1, 2])
def test_of_two_changes_at_once_one_counts(
    sessions: int, accounts: Accounts, together: Callable[[list[Callable[[], Any]]], list[Any]]
) -> None:
    accounts.create(USERNAME, PASSWORD)
    tokens = [accounts.sign_in(USERNAME, PASSWORD, HERE) for _ in range(sessions)]
    db.session.rollback()
    passwords = ["the first new password", "the second new password"]

    def change(number: int) -> Callable[[], str]:
        return lambda: Users(db.session).change_own_password(
            USERNAME, PASSWORD, passwords[number], token=tokens[number % sessions], address=HERE
        )

    results = together([change(0), change(1)])
    changed = [number for number, result in enumerate(results) if isinstance(result, str)]
    assert len(changed) == 1, results
    assert isinstance(results[1 - changed[0]], NotFound)
    assert accounts.sign_in(USERNAME, passwords[changed[0]], HERE)
    assert set(db.session.scalars(select(LoginSession.admin_id)))


def test_guesses_from_elsewhere_do_not_shut_out_who_has_just_changed_it(accounts: Accounts) -> None:
    accounts.create(USERNAME, PASSWORD)
    token = accounts.sign_in(USERNAME, PASSWORD, HERE)
    accounts.confirm_password(USERNAME, PASSWORD, address=HERE, token=token)
    Users(db.session).change_own_password(USERNAME, PASSWORD, NEW, token=token, address=HERE)
    for _ in range(6):
        with pytest.raises((WrongPassword, Throttled)) as refusal:
            accounts.sign_in(USERNAME, "a wrong guess", "192.0.2.99")
    assert refusal.type is Throttled
    assert accounts.sign_in(USERNAME, NEW, HERE)
