"""Users and roles: who is added, changed and removed, and that an administrator always remains."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from credstore.access_errors import LastAdministrator
from credstore.accounts import Accounts, Role, Users
from credstore.audit_model import AuditEntry
from credstore.database import write_transaction
from credstore.errors import InvalidFields, NotFound
from credstore.models import Admin, LoginSession, db
from tests.access.conftest import HERE, NAME, PASSWORD


@pytest.fixture
def users(accounts: Accounts) -> Users:
    """With one administrator, NAME."""
    accounts.create(NAME, PASSWORD)
    return Users(db.session)


def acts() -> list[tuple[str, str]]:
    found = db.session.execute(select(AuditEntry.act, AuditEntry.result).order_by(AuditEntry.seq))
    return [(row.act, row.result) for row in found if row.act != "sign-in"]


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("needed", list(Role))
def test_a_role_includes_those_before_it(role: Role, needed: Role) -> None:
    assert role.includes(needed) == ("viewer editor admin".index(role) >= "viewer editor admin".index(needed))


def test_a_role_counts_for_the_sessions_that_are_open(users: Users, accounts: Accounts) -> None:
    users.create("Bob", PASSWORD, Role.VIEWER)
    token = accounts.sign_in("bob", PASSWORD, HERE)
    for role in (Role.EDITOR, Role.ADMIN, Role.VIEWER):
        users.set_role(users.named("BOB").id, role)
        found = accounts.session_user(token)
        assert found is not None
        assert found.role is role
    assert acts()[1:] == [
        ("user added", "user Bob, viewer"),
        ("role changed", "user Bob: viewer to editor"),
        ("role changed", "user Bob: editor to admin"),
        ("role changed", "user Bob: admin to viewer"),
    ]


def test_removing_a_user_ends_the_sessions_of_that_user_alone(users: Users, accounts: Accounts) -> None:
    users.create("bob", PASSWORD, Role.ADMIN)
    theirs, mine = accounts.sign_in("bob", PASSWORD, HERE), accounts.sign_in(NAME, PASSWORD, HERE)
    users.remove(users.named("bob").id)
    assert accounts.session_user(theirs) is None
    assert accounts.session_user(mine) is not None
    assert db.session.scalars(select(LoginSession.admin_id)).all() == [users.named(NAME).id]
    assert acts()[-1] == ("user removed", "user bob, admin")
    with pytest.raises(NotFound):
        users.named("bob")


def test_a_name_that_is_taken_is_refused(users: Users) -> None:
    with pytest.raises(InvalidFields) as refusal:
        users.create(NAME.upper(), PASSWORD, Role.VIEWER)
    assert refusal.value.fields.keys() == {"username"}
    assert [one.role for one in users.list()] == [Role.ADMIN]


def test_whatever_is_done_an_administrator_remains(users: Users) -> None:
    """Removals and changes of roles in any order."""
    names = [NAME, "bob", "cleo"]

    @settings(max_examples=15, suppress_health_check=list(HealthCheck), deadline=None)
    @given(st.lists(st.tuples(st.sampled_from(names), st.none() | st.sampled_from(list(Role))), max_size=8))
    def check(steps: list[tuple[str, Role | None]]) -> None:
        expected = dict.fromkeys(names, Role.ADMIN)
        with write_transaction(db.session):
            db.session.execute(delete(Admin))
            for name in names:
                row = {"username": name, "username_key": name, "password_hash": "x", "role": "admin"}
                db.session.add(Admin(**row))
        for name, role in steps:
            last = name in expected and [one for one in expected if expected[one] is Role.ADMIN] == [name]
            error = NotFound if name not in expected else LastAdministrator if last and role is not Role.ADMIN else None
            with pytest.raises(error) if error else nullcontext():
                user_id = users.named(name).id
                users.remove(user_id) if role is None else users.set_role(user_id, role)
            if error is None:
                expected = {one: held for one, held in expected.items() if one != name}
                expected |= {name: role} if role else {}
            assert {one.username: one.role for one in users.list()} == expected

    check()


@pytest.mark.parametrize("how", ["remove", "demote"])
def test_two_administrators_who_remove_each_other_at_once(
    users: Users, together: Callable[[list[Callable[[], Any]]], list[Any]], how: str
) -> None:
    users.create("bob", PASSWORD, Role.ADMIN)
    ids = [one.id for one in users.list()]
    db.session.rollback()

    def act(user_id: int) -> Callable[[], Any]:
        mine = Users(db.session)
        return lambda: mine.remove(user_id) if how == "remove" else mine.set_role(user_id, Role.VIEWER)

    results = together([act(user_id) for user_id in ids])
    assert sorted(type(result).__name__ for result in results) == ["LastAdministrator", "UserRecord"]
    assert [one.role for one in users.list()].count(Role.ADMIN) == 1
