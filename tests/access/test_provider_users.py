"""Users whom the OpenID Connect provider signs in, on both databases."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from credstore.access_errors import LastAdministrator, NoRole, ProviderRefused, WrongPassword
from credstore.accounts import Accounts, Invitations, ProviderUsers, Role, Users
from credstore.accounts.provider_identity import ProviderIdentity
from credstore.audit_model import AuditEntry
from credstore.errors import InvalidFields, NotFound
from credstore.models import db
from credstore.oidc_identity_model import OidcIdentity
from tests.access.conftest import HERE, IDLE, LONGEST, NAME, PASSWORD

MIA = ProviderIdentity(issuer="https://id.example", subject="u-1", username="mia", role=Role.EDITOR, fresh=False)
Together = Callable[[list[Callable[[], Any]]], list[Any]]


@pytest.fixture
def provider_users(accounts: Accounts) -> ProviderUsers:
    accounts.create(NAME, PASSWORD)
    return ProviderUsers(db.session, idle=IDLE, longest=LONGEST)


def acts() -> list[str]:
    return list(db.session.scalars(select(AuditEntry.act).order_by(AuditEntry.seq)))


def test_without_an_administrator_nobody_is_added(accounts: Accounts) -> None:
    provider_users = ProviderUsers(db.session, idle=IDLE, longest=LONGEST)
    with pytest.raises(ProviderRefused, match="First make an administrator with a password"):
        provider_users.sign_in(replace(MIA, role=Role.ADMIN), HERE)
    assert not accounts.any_admin()
    assert accounts.setup_open(accounts.new_setup_link())


@pytest.mark.parametrize("fresh", [True, False])
def test_a_session_counts_as_confirmed_where_the_provider_asked(
    provider_users: ProviderUsers, accounts: Accounts, fresh: bool
) -> None:
    user = accounts.session_user(provider_users.sign_in(replace(MIA, fresh=fresh), HERE))
    assert user is not None
    assert (user.username, user.role, user.by_provider, user.confirmed) == ("mia", Role.EDITOR, True, fresh)
    assert acts()[-2:] == ["user added", "sign-in"]


@pytest.mark.parametrize("other", [{"issuer": "https://other.example"}, {"subject": "u-2"}, {"subject": "U-1"}])
@pytest.mark.parametrize("name", ["mia", "MIA", " mia "])
def test_another_person_of_the_same_name_is_refused(
    provider_users: ProviderUsers, other: dict[str, str], name: str
) -> None:
    provider_users.sign_in(MIA, HERE)
    with pytest.raises(ProviderRefused) as refusal:
        provider_users.sign_in(replace(MIA, username=name, role=Role.ADMIN, **other), HERE)
    assert refusal.value.reason == "name taken"
    assert Users(db.session).named("mia").role is Role.EDITOR
    provider_users.sign_in(replace(MIA, username="mia two", **other), HERE)


def test_a_local_user_is_never_taken_over(provider_users: ProviderUsers, accounts: Accounts) -> None:
    with pytest.raises(ProviderRefused):
        provider_users.sign_in(replace(MIA, username=NAME.upper(), role=Role.VIEWER), HERE)
    assert Users(db.session).named(NAME).role is Role.ADMIN
    assert accounts.sign_in(NAME, PASSWORD, HERE)


def test_who_loses_all_roles_loses_the_sessions(provider_users: ProviderUsers, accounts: Accounts) -> None:
    tokens = [provider_users.sign_in(MIA, HERE) for _ in range(2)]
    other = provider_users.sign_in(replace(MIA, subject="u-2", username="leo"), HERE)
    with pytest.raises(NoRole) as refusal:
        provider_users.sign_in(replace(MIA, role=None), HERE)
    assert (refusal.value.reason, refusal.value.username) == ("no role", "mia")
    assert [accounts.session_user(token) for token in tokens] == [None, None]
    assert accounts.session_user(other)
    with pytest.raises(ProviderRefused):
        provider_users.sign_in(replace(MIA, subject="u-3", username="new", role=None), HERE)
    assert {user.username for user in Users(db.session).list()} == {NAME, "mia", "leo"}


def test_a_lower_role_counts_in_all_sessions_and_ends_the_invitations(
    provider_users: ProviderUsers, accounts: Accounts
) -> None:
    token = provider_users.sign_in(replace(MIA, role=Role.ADMIN), HERE)
    invitations = Invitations(db.session)
    invitations.invite(Role.ADMIN, by="mia")
    provider_users.sign_in(replace(MIA, role=Role.VIEWER), HERE)
    user = accounts.session_user(token)
    assert user is not None
    assert user.role is Role.VIEWER
    assert invitations.list() == ()
    assert acts()[-2:] == ["role changed", "sign-in"]


@pytest.mark.parametrize("again", ["sign in", "confirm", "confirm, not asked again"])
def test_each_answer_of_the_provider_gives_the_role_that_counts(
    provider_users: ProviderUsers, accounts: Accounts, again: str
) -> None:
    """Whatever the answer is for. What a user opened with more rights ends with them."""
    invitations = Invitations(db.session)
    invitations.invite(Role.ADMIN, by=NAME)
    expected = {NAME}
    for before, after in product(Role, [None, *Role]):
        name = f"{before} to {after}"
        someone = replace(MIA, subject=name, username=name, role=before)
        token = provider_users.sign_in(someone, HERE)
        invitations.invite(before, by=name)
        now = replace(someone, role=after, fresh=again != "confirm, not asked again")
        with nullcontext() if after and (now.fresh or again == "sign in") else pytest.raises(ProviderRefused):
            if again == "sign in":
                provider_users.sign_in(now, HERE)
            else:
                provider_users.confirm(now, token, HERE)
        user = accounts.session_user(token)
        assert (user.role if user else None) is after
        assert user is None or user.confirmed is (now.fresh and again == "confirm")
        assert Users(db.session).named(name).role is (after or Role.VIEWER)  # the lowest one while there is none
        expected |= {name} if after is before else set()
    assert {one.created_by for one in invitations.list()} == expected


def test_one_administrator_with_a_password_remains(provider_users: ProviderUsers) -> None:
    users = Users(db.session)
    provider_users.sign_in(replace(MIA, role=Role.ADMIN), HERE)
    ann, mia = users.named(NAME), users.named("mia")
    for refused in (lambda: users.remove(ann.id), lambda: users.set_role(ann.id, Role.VIEWER)):
        with pytest.raises(LastAdministrator):
            refused()
    assert users.set_role(mia.id, Role.VIEWER).by_provider
    users.remove(mia.id)
    assert db.session.scalar(select(OidcIdentity.subject)) is None
    provider_users.sign_in(MIA, HERE)
    assert users.named("mia").id != mia.id or db.session.get_bind().dialect.name == "sqlite"


@pytest.mark.parametrize("password", ["", "no account has this password", "x" * 20])
def test_there_is_no_password_to_guess_or_to_set(
    provider_users: ProviderUsers, accounts: Accounts, password: str
) -> None:
    token = provider_users.sign_in(MIA, HERE)
    with pytest.raises(WrongPassword):
        accounts.sign_in("mia", password, HERE)
    with pytest.raises(WrongPassword):
        accounts.confirm_password("mia", password, address=HERE, token=token)
    with pytest.raises((NotFound, InvalidFields)):
        accounts.reset_password("mia", password or PASSWORD)
    assert accounts.session_user(token)


def test_a_session_is_confirmed_by_its_own_user_alone(provider_users: ProviderUsers, accounts: Accounts) -> None:
    token = provider_users.sign_in(MIA, HERE)
    leo = replace(MIA, subject="u-2", username="leo")
    provider_users.sign_in(leo, HERE)
    fresh = {"fresh": True}
    for other in (replace(leo, **fresh), replace(MIA, subject="u-9", **fresh), MIA):
        with pytest.raises(ProviderRefused):
            provider_users.confirm(other, token, HERE)
        user = accounts.session_user(token)
        assert user is not None
        assert not user.confirmed
    provider_users.confirm(replace(MIA, **fresh), token, HERE)
    user = accounts.session_user(token)
    assert user is not None
    assert user.confirmed


def test_first_sign_ins_at_once_make_one_user(
    provider_users: ProviderUsers, accounts: Accounts, together: Together
) -> None:
    db.session.rollback()
    tokens = together([lambda: provider_users.sign_in(MIA, HERE)] * 6)
    assert all(accounts.session_user(token) for token in tokens), tokens
    assert [user.username for user in Users(db.session).list()] == [NAME, "mia"]


def test_sessions_end_as_others_do(bare_app: Flask, provider_users: ProviderUsers) -> None:
    short = Accounts(db.session, idle=timedelta(0), longest=LONGEST)
    token = provider_users.sign_in(MIA, HERE)
    assert short.session_user(token) is None


def test_refusals_are_recorded_until_there_are_too_many(provider_users: ProviderUsers, accounts: Accounts) -> None:
    for _ in range(40):
        provider_users.note_refused(ProviderRefused("A sentence.", "no role"), HERE)
    assert 20 <= acts().count("sign-in refused") < 25
    assert accounts.sign_in(NAME, PASSWORD, HERE)  # nobody else waits for it
    with pytest.raises(WrongPassword):
        accounts.sign_in("mia", "wrong", HERE)
