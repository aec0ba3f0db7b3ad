"""Invitations: a link works once, for three days, and gives the role that it was made for."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select, text

from credstore.access_errors import InvitationClosed
from credstore.accounts import Accounts, Invitations, Role, Users
from credstore.audit import Actor, acting_as
from credstore.audit_model import AuditEntry
from credstore.errors import InvalidFields, NotFound
from credstore.models import db
from tests.access.conftest import HERE, NAME, PASSWORD


@pytest.fixture
def invitations(accounts: Accounts) -> Invitations:
    """Of a site with one administrator, NAME."""
    accounts.create(NAME, PASSWORD)
    return Invitations(db.session)


def acts() -> list[tuple[str, str, str]]:
    found = db.session.execute(select(AuditEntry.actor, AuditEntry.act, AuditEntry.result).order_by(AuditEntry.seq))
    return [(row.actor, row.act, row.result) for row in found]


@pytest.mark.parametrize("role", list(Role))
def test_a_link_works_once_and_gives_its_role(invitations: Invitations, accounts: Accounts, role: Role) -> None:
    with acting_as(Actor(NAME, HERE)):
        token = invitations.invite(role, NAME)
    assert [(one.role, one.created_by) for one in invitations.list()] == [(role, NAME)]
    assert invitations.role_of(token) is role
    invitations.accept(token, "Bob", PASSWORD)
    found = accounts.session_user(accounts.sign_in("bob", PASSWORD, HERE))
    assert found is not None
    assert found.role is role
    assert invitations.list() == ()
    for use in (lambda: invitations.role_of(token), lambda: invitations.accept(token, "cleo", PASSWORD)):
        with pytest.raises(InvitationClosed):
            use()
    assert acts()[1:3] == [
        (NAME, "user invited", f"as {role}"),
        ("Bob", "user added", f"user Bob, {role}, invited by {NAME}"),
    ]


def test_a_password_reset_withdraws_what_its_user_made(invitations: Invitations, accounts: Accounts) -> None:
    """Whoever knew the old password may have sent it."""
    accounts.create("bob", PASSWORD)
    theirs, other = invitations.invite(Role.ADMIN, NAME), invitations.invite(Role.EDITOR, "bob")
    accounts.reset_password(NAME.upper(), "another horse battery staple")
    with pytest.raises(InvitationClosed):
        invitations.accept(theirs, "mallory", PASSWORD)
    invitations.accept(other, "cleo", PASSWORD)


@pytest.mark.parametrize("wrong", [(NAME.upper(), PASSWORD), ("bob", "short"), ("", PASSWORD)])
def test_a_link_stays_open_after_a_refusal(invitations: Invitations, wrong: tuple[str, str]) -> None:
    token = invitations.invite(Role.EDITOR)
    with pytest.raises(InvalidFields):
        invitations.accept(token, *wrong)
    invitations.accept(token, "bob", PASSWORD)


@pytest.mark.parametrize(("after", "valid"), [(timedelta(days=3, seconds=-5), True), (timedelta(days=3), False)])
def test_a_link_ends_after_three_days(invitations: Invitations, after: timedelta, valid: bool) -> None:
    now = datetime(2026, 11, 26, tzinfo=UTC)
    with time_machine.travel(now, tick=False):
        token = invitations.invite(Role.ADMIN)
    with time_machine.travel(now + after, tick=False):
        assert bool(invitations.list()) == valid
        if valid:
            invitations.accept(token, "bob", PASSWORD)
            return
        with pytest.raises(InvitationClosed):
            invitations.accept(token, "bob", PASSWORD)
        invitations.invite(Role.VIEWER)
        assert db.session.scalar(text("SELECT count(*) FROM invitation")) == 1  # the old one is erased


def test_the_database_has_hashes_only(invitations: Invitations) -> None:
    token = invitations.invite(Role.ADMIN)
    rows = db.session.execute(text("SELECT * FROM invitation")).all()
    assert rows
    assert token not in str(rows)
    assert token not in str(acts())


@pytest.mark.parametrize("wrong", ["", "x", "\ud800", "x" * 100_000])
def test_a_made_up_token_invites_nobody(invitations: Invitations, wrong: str) -> None:
    invitations.invite(Role.ADMIN)
    with pytest.raises(InvitationClosed):
        invitations.accept(wrong, "bob", PASSWORD)


def test_a_withdrawn_link_is_closed(invitations: Invitations) -> None:
    token = invitations.invite(Role.ADMIN)
    number = invitations.list()[0].id
    invitations.withdraw(number)
    with pytest.raises(InvitationClosed):
        invitations.role_of(token)
    with pytest.raises(NotFound):
        invitations.withdraw(number)


@pytest.mark.parametrize("how", ["removed", "demoted"])
def test_links_end_with_the_rights_of_who_made_them(invitations: Invitations, how: str) -> None:
    users = Users(db.session)
    users.create("bob", PASSWORD, Role.ADMIN)
    theirs, other = invitations.invite(Role.ADMIN, "bob"), invitations.invite(Role.ADMIN, NAME)
    bob = users.named("bob").id
    users.remove(bob) if how == "removed" else users.set_role(bob, Role.EDITOR)
    with pytest.raises(InvitationClosed):
        invitations.role_of(theirs)
    assert invitations.role_of(other) is Role.ADMIN


def test_of_two_who_open_one_link_at_once_one_gets_in(
    invitations: Invitations, together: Callable[[list[Callable[[], Any]]], list[Any]]
) -> None:
    token = invitations.invite(Role.VIEWER)
    db.session.rollback()

    def accept(name: str) -> Callable[[], Any]:
        return lambda: Invitations(db.session).accept(token, name, PASSWORD)

    results = together([accept(name) for name in ("bob", "cleo")])
    assert sorted(type(result).__name__ for result in results) == ["InvitationClosed", "NoneType"]
    assert len(Users(db.session).list()) == 2
