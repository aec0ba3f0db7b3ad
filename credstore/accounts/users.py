"""The use cases of users and their roles: list, add, change a role, remove. One administrator always remains."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import delete, select, update

from credstore.access_errors import LastAdministrator
from credstore.accounts import login_throttle
from credstore.accounts.login_sessions import end_sessions, hashed, renew_session
from credstore.accounts.passwords import NO_PASSWORD, hash_password, normalized, password_problem
from credstore.accounts.roles import Role
from credstore.accounts.username_and_password import check_username_and_password
from credstore.accounts.usernames import stored_key, username_key
from credstore.audit import Act, record
from credstore.database import AnySession, insert, write_transaction
from credstore.errors import InvalidFields, NotFound
from credstore.invitation_model import Invitation
from credstore.models import Admin, LoginSession, utc_now
from credstore.oidc_identity_model import OidcIdentity

MOST_LISTED = 1000
_BY_PROVIDER = (Admin.password_hash == NO_PASSWORD).label("by_provider")
_SHOWN = (Admin.id, Admin.username, Admin.role, Admin.created_at, _BY_PROVIDER)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRecord:
    """Somebody who may sign in. `by_provider`: through the OpenID Connect provider, without a password here."""

    id: int
    username: str
    role: Role
    created_at: datetime
    by_provider: bool = False


class Users:
    """Those who may sign in, each with a role."""

    def __init__(self, session: AnySession) -> None:
        self._session = session

    def list(self) -> tuple[UserRecord, ...]:
        """Every user, by name; a thousand at the most."""
        users = select(*_SHOWN).order_by(Admin.username_key)
        return tuple(map(_to_record, self._session.execute(users.limit(MOST_LISTED))))

    def get(self, user_id: int) -> UserRecord:
        """One user. Raises NotFound."""
        one = select(*_SHOWN).where(Admin.id == user_id)
        row = self._session.execute(one).one_or_none()
        if row is None:
            raise _unknown()
        return _to_record(row)

    def named(self, username: str) -> UserRecord:
        """The user of this name. Raises NotFound."""
        key = stored_key(self._session, username)
        user_id = self._session.scalar(select(Admin.id).where(Admin.username_key == key))
        if user_id is None:
            raise _unknown()
        return self.get(user_id)

    def create(self, username: str, password: str, role: Role) -> None:
        """Add a user. Raises InvalidFields (`username`, `password`)."""
        check_username_and_password(username, password)
        password_hash = hash_password(password)
        with write_transaction(self._session):
            add_user(self._session, username, password_hash, role)
            record(self._session, Act.USER_ADDED, result=f"user {username.strip()}, {role}")

    def set_role(self, user_id: int, role: Role) -> UserRecord:
        """Give a user another role; it counts from the next request, and their invitations end.

        Raises NotFound, LastAdministrator.
        """
        with write_transaction(self._session):
            if role is not Role.ADMIN:
                self._refuse_for_last_administrator(user_id)
            before = self.get(user_id)
            if before.role is not role:
                self._session.execute(
                    update(Admin)
                    .where(Admin.id == user_id)
                    .values(role=role.value)
                    .execution_options(synchronize_session=False)
                )
                withdraw_invitations_of(self._session, before.username)
                record(self._session, Act.ROLE_CHANGED, result=f"user {before.username}: {before.role} to {role}")
        _log.info("role changed: user %s is %s", user_id, role, extra={"event": "role changed"})
        return replace(before, role=role)

    def change_own_password(self, username: str, old: str, new: str, *, token: str, address: str) -> str:
        """Give somebody a new password in place of `old`, which was checked, and end all sessions but that of `token`.

        Returns another token for that session. Raises InvalidFields (`new`), and NotFound where it has ended meanwhile.
        """
        if problem := password_problem(username, new):
            raise InvalidFields({"new": problem})
        if normalized(new) == normalized(old):
            raise InvalidFields({"new": "This is the password that you have. Choose another one."})
        password_hash = hash_password(new)
        with write_transaction(self._session):
            # First the lock: what was ended while this waited for it is seen by the next statement only.
            found = select(Admin.id, Admin.username_key).where(Admin.username == username).with_for_update()
            user_id, key = self._session.execute(found).one_or_none() or (None, "")
            mine = LoginSession.admin_id == user_id, LoginSession.token_hash == hashed(token)
            if user_id is None or self._session.scalar(select(LoginSession.admin_id).where(*mine)) is None:
                # Somebody gave another password, which ends all sessions.
                raise NotFound("Your session has ended. Sign in again.")
            changed = update(Admin).where(Admin.id == user_id).values(password_hash=password_hash)
            self._session.execute(changed.execution_options(synchronize_session=False))
            end_sessions(self._session, user_id, but=token)
            renewed = renew_session(self._session, token)
            # The address was known by the old password: guesses from elsewhere must not shut out its owner here.
            here = login_throttle.LoginSubjects.of(key, address, password_hash).known
            login_throttle.remember_address(self._session, here, utc_now())
            record(self._session, Act.PASSWORD_CHANGED, result=f"user {username}")
        _log.info("password changed: user %s", user_id, extra={"event": "password changed"})
        return renewed

    def remove(self, user_id: int) -> UserRecord:
        """Remove a user, and end their sessions and invitations. Raises NotFound, LastAdministrator."""
        with write_transaction(self._session):
            self._refuse_for_last_administrator(user_id)
            gone = self.get(user_id)
            theirs = (LoginSession, LoginSession.admin_id), (OidcIdentity, OidcIdentity.admin_id), (Admin, Admin.id)
            for table, column in theirs:
                self._session.execute(
                    delete(table).where(column == user_id).execution_options(synchronize_session=False)
                )
            withdraw_invitations_of(self._session, gone.username)
            record(self._session, Act.USER_REMOVED, result=f"user {gone.username}, {gone.role}")
        _log.info("user removed: %s", user_id, extra={"event": "user removed"})
        return gone

    def _refuse_for_last_administrator(self, user_id: int) -> None:
        # With a password: somebody must be able to sign in also while the provider cannot be reached.
        local = Admin.role == Role.ADMIN.value, Admin.password_hash != NO_PASSWORD
        # Locked in one order, so that of two administrators who remove each other at once only one succeeds.
        administrators = select(Admin.id).where(*local).order_by(Admin.id).with_for_update()
        if list(self._session.scalars(administrators)) == [user_id]:
            raise LastAdministrator(
                "This is the only administrator who has a password. Make another one an administrator first."
            )


def withdraw_invitations_of(session: AnySession, username: str) -> None:
    """Inside a writing transaction: end what this user made."""
    # Or somebody who may not add users any more would still add one.
    theirs = delete(Invitation).where(Invitation.created_by == username)
    session.execute(theirs.execution_options(synchronize_session=False))


def add_user(session: AnySession, username: str, password_hash: str, role: Role) -> int:
    """Inside a writing transaction: add a row; its id. Raises InvalidFields (`username`) where the name is taken."""
    key = username_key(username)
    row = insert(session, Admin).values(
        username=username.strip(), username_key=key, password_hash=password_hash, role=role.value
    )
    added = row.on_conflict_do_nothing(index_elements=["username_key"]).returning(Admin.id)
    user_id: int | None = session.scalar(added) if stored_key(session, username) == key else None
    if user_id is None:
        raise InvalidFields({"username": "A user of that name exists already. Choose another name."})
    return user_id


def _to_record(row: object) -> UserRecord:
    values = {name: getattr(row, name) for name in ("id", "username", "created_at")}
    by_provider = bool(getattr(row, "by_provider"))  # noqa: B009 - a row of any kind
    return UserRecord(**values, by_provider=by_provider, role=Role(getattr(row, "role")))  # noqa: B009 - a row of any kind


def _unknown() -> NotFound:
    return NotFound("There is no user of that name or number.")
