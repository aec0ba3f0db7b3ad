"""Administrators and passwords: what is accepted, what is stored, what errors reveal."""

import logging
import time
from functools import partial

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, text

from credstore.access_errors import Throttled, WrongPassword
from credstore.accounts import Accounts, passwords
from credstore.errors import InvalidFields, NotFound
from credstore.models import Admin, db
from tests.access.conftest import HERE, NAME, PASSWORD

OTHER = "another password, also long"


def test_who_is_created_can_sign_in(accounts: Accounts) -> None:
    assert not accounts.any_admin()
    accounts.create(f"  {NAME} ", PASSWORD)
    assert accounts.any_admin()
    token = accounts.sign_in("ANN", PASSWORD, HERE)
    found = accounts.session_user(token)
    assert found is not None
    assert found.username == NAME


@pytest.mark.parametrize(
    ("username", "password", "fields"),
    [
        ("", PASSWORD, {"username"}),
        ("  ", PASSWORD, {"username"}),
        ("n" * 151, PASSWORD, {"username"}),
        ("\ufdfa" * 150, PASSWORD, set()),
        ("a\nb", PASSWORD, {"username"}),
        ("a\0b", PASSWORD, {"username"}),
        ("a\u202eb", PASSWORD, {"username"}),
        ("ann", "x" * 14, {"password"}),
        ("ann", "a sentence here", set()),
        ("ann", "é and è, " * 93 + "e", set()),
        ("ann", "é" * 513, {"password"}),
        ("ann", "x" * 15, {"password"}),
        ("ann", " " * 15, {"password"}),
        ("ann", "passwordPassword", {"password"}),
        ("ann", "qwertzqwertzqwertzqw", {"password"}),
        ("ann", "123456789012345", {"password"}),
        ("ann", "ABCDEFGHIJKLMNOP", {"password"}),
        ("ann", "9876543210987654321", {"password"}),
        ("ann", "\ud800" * 15, {"password"}),
        ("Somebody-with-a-name", "somebody-WITH-a-name ", {"password"}),
        ("", "tiny", {"username", "password"}),
    ],
)
def test_rules(accounts: Accounts, username: str, password: str, fields: set[str]) -> None:
    if not fields:
        accounts.create(username, password)
        assert accounts.sign_in(username, password, HERE)
        return
    with pytest.raises(InvalidFields) as refusal:
        accounts.create(username, password)
    assert refusal.value.fields.keys() == fields
    assert password not in " ".join(refusal.value.fields.values())


@pytest.mark.parametrize("again", ["ann", "ANN", " Ann "])
def test_names_are_unique_whatever_their_case(accounts: Accounts, again: str) -> None:
    accounts.create(NAME, PASSWORD)
    with pytest.raises(InvalidFields) as refusal:
        accounts.create(again, PASSWORD)
    assert refusal.value.fields.keys() == {"username"}


def test_the_same_letters_in_another_unicode_form(accounts: Accounts) -> None:
    accounts.create("Zoe\u0301", "re\u0301sume\u0301 of a long life")
    assert accounts.sign_in("Zo\u00e9", "r\u00e9sum\u00e9 of a long life", HERE)


RESERVED = ("command line", "Credstore", " PROGRAM ", "schedule", "not  signed in", "host  application")
WIDE = "\N{FULLWIDTH LATIN SMALL LETTER P}rogram"


@pytest.mark.parametrize("username", [*RESERVED, WIDE, "token", "Token deploy", "token of ann"], ids=repr)
def test_a_name_that_the_audit_log_uses_is_refused(accounts: Accounts, username: str) -> None:
    for create in (accounts.create, partial(accounts.create_first_admin, accounts.new_setup_link())):
        with pytest.raises(InvalidFields) as refusal:
            create(username, PASSWORD)
        assert "The audit log uses this name" in refusal.value.fields["username"]


def test_names_that_only_begin_alike_are_users(accounts: Accounts) -> None:
    for username in ("tokens", "programmer", "credstore-admin"):
        accounts.create(username, PASSWORD)


def test_a_wrong_password_and_a_wrong_name_read_the_same(accounts: Accounts) -> None:
    accounts.create(NAME, PASSWORD)
    sentences = set()
    for username, password in [
        (NAME, OTHER),
        ("nobody", PASSWORD),
        ("", ""),
        ("a\0b", PASSWORD),
        (NAME, "x" * 5000),
        (NAME, "\ud800"),
        ("\ud800", "x"),
    ]:
        with pytest.raises(WrongPassword) as refusal:
            accounts.sign_in(username, password, f"192.0.2.{len(sentences)}")
        sentences.add(refusal.value.sentence)
        assert refusal.value.__suppress_context__ or refusal.value.__context__ is None
    assert len(sentences) == 1


def test_an_unknown_name_costs_a_hash(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts.create(NAME, PASSWORD)
    verified: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:
            verified.append(str(hash).rpartition("$")[0].rpartition("$")[0])
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "_hasher", Counting(time_cost=1, memory_cost=8, parallelism=1))
    for username in (NAME, "nobody", "a\0b"):
        with pytest.raises(WrongPassword):
            accounts.sign_in(username, OTHER, HERE)
    assert len(verified) == 3
    assert len(set(verified)) == 1, "the parameters differ, and with them the time"


@pytest.mark.usefixtures("full_hashes")
def test_an_unknown_name_takes_as_long(accounts: Accounts) -> None:
    accounts.create(NAME, PASSWORD)

    def seconds(username: str) -> float:
        start = time.perf_counter()
        with pytest.raises(WrongPassword):
            accounts.sign_in(username, OTHER, HERE)
        return time.perf_counter() - start

    seconds("first of all")
    known, unknown = min(seconds(NAME) for _ in range(3)), min(seconds("nobody") for _ in range(3))
    assert 0.4 < known / unknown < 2.5


def test_a_stored_password_is_argon2id(accounts: Accounts) -> None:
    accounts.create(NAME, PASSWORD)
    stored = db.session.scalars(select(Admin.password_hash)).one()
    assert stored.startswith("$argon2id$")
    assert PASSWORD not in stored


def test_a_hash_of_other_parameters_is_renewed_at_sign_in(accounts: Accounts) -> None:
    accounts.create(NAME, PASSWORD)
    db.session.execute(text("UPDATE admin SET password_hash = :h"), {"h": PasswordHasher(1, 16, 1).hash(PASSWORD)})
    db.session.commit()
    accounts.sign_in(NAME, PASSWORD, HERE)
    stored = db.session.scalars(select(Admin.password_hash)).one()
    assert "m=8," in stored
    accounts.sign_in(NAME, PASSWORD, HERE)
    assert db.session.scalars(select(Admin.password_hash)).one() == stored


def test_a_damaged_hash_lets_nobody_in(accounts: Accounts) -> None:
    accounts.create(NAME, PASSWORD)
    db.session.execute(text("UPDATE admin SET password_hash = 'damaged'"))
    db.session.commit()
    with pytest.raises(WrongPassword):
        accounts.sign_in(NAME, PASSWORD, HERE)


def test_reset(accounts: Accounts) -> None:
    accounts.create(NAME, PASSWORD)
    tokens = [accounts.sign_in(NAME, PASSWORD, HERE) for _ in range(2)]
    for number in range(8):
        with pytest.raises((WrongPassword, Throttled)):
            accounts.sign_in(NAME, OTHER, f"198.51.100.{number}")
    with pytest.raises(NotFound):
        accounts.reset_password("nobody", OTHER)
    with pytest.raises(InvalidFields):
        accounts.reset_password(NAME, "short")
    accounts.reset_password("ANN", OTHER)
    assert [accounts.session_user(token) for token in tokens] == [None, None]
    assert accounts.sign_in(NAME, OTHER, "198.51.100.200")
    with pytest.raises(WrongPassword):
        accounts.sign_in(NAME, PASSWORD, HERE)


@pytest.mark.parametrize("outdated", [False, True])
def test_a_reset_during_a_sign_in_wins(accounts: Accounts, monkeypatch: pytest.MonkeyPatch, outdated: bool) -> None:
    accounts.create(NAME, PASSWORD)
    verify = passwords.verify

    def slow(stored: str | None, password: str) -> bool:
        matches = verify(stored, password)
        accounts.reset_password(NAME, OTHER)
        return matches

    with monkeypatch.context() as patch:
        patch.setattr("credstore.accounts.accounts.verify", slow)
        patch.setattr("credstore.accounts.accounts.needs_rehash", lambda _: outdated)
        with pytest.raises(WrongPassword):
            accounts.sign_in(NAME, PASSWORD, HERE)
    assert accounts.sign_in(NAME, OTHER, HERE)


def test_at_most_four_hashes_at_once(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_WAIT_SECONDS", 0.05)
    taken = [passwords._slots.acquire(timeout=1) for _ in range(passwords.HASHES_AT_ONCE)]
    try:
        with pytest.raises(Throttled):
            accounts.create(NAME, PASSWORD)
    finally:
        for _ in taken:
            passwords._slots.release()
    accounts.create(NAME, PASSWORD)


def test_nothing_secret_is_logged_or_stored(accounts: Accounts, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    link = accounts.new_setup_link()
    accounts.create_first_admin(link, NAME, PASSWORD)
    token = accounts.sign_in(NAME, PASSWORD, HERE)
    with pytest.raises(WrongPassword):
        accounts.sign_in("my password typed as a name", OTHER, HERE)
    assert "signed in: ann" in caplog.text
    assert "sign-in refused" in caplog.text
    tables = [db.session.execute(table.select()).all() for table in db.metadata.sorted_tables]
    for secret in (link, token, PASSWORD, OTHER, "typed as a name"):
        assert secret not in caplog.text
        assert secret not in repr(tables)
    others = (table for table in db.metadata.sorted_tables if table.name != "audit_entry")  # it says where from
    assert HERE not in repr([db.session.execute(table.select()).all() for table in others])
    assert token not in repr(accounts.session_user(token))
