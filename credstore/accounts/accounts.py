"""The use cases of administrators and their sessions.

All writes are inside `database.write_transaction`. A password is never hashed inside a transaction: that takes long,
and other writers would wait.
"""

import logging
import secrets
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, select, update

from credstore.access_errors import SetupClosed, WrongPassword
from credstore.accounts import login_throttle
from credstore.accounts.login_sessions import end_sessions, hashed, note_refused, open_session
from credstore.accounts.login_throttle import LoginSubjects
from credstore.accounts.passwords import NO_PASSWORD, hash_password, needs_rehash, verify
from credstore.accounts.roles import Role
from credstore.accounts.session_user import CONFIRMED_FOR, SessionUser
from credstore.accounts.username_and_password import check_username_and_password
from credstore.accounts.usernames import stored_key
from credstore.accounts.users import Users, add_user, withdraw_invitations_of
from credstore.actor import NOBODY
from credstore.audit import Act, Actor, current_actor, record
from credstore.database import AnySession, write_transaction
from credstore.errors import NotFound, StorageError
from credstore.models import Admin, LoginSession, SetupLink, utc_now

SETUP_VALID = timedelta(minutes=15)
TOUCH_EVERY = timedelta(minutes=1)

# Built once, so that the statement's compiled form is found without building it anew for each request.
_VALID_SESSION = (
    select(
        *(Admin.username, Admin.role, (Admin.password_hash == NO_PASSWORD).label("by_provider")),
        *(LoginSession.created_at, LoginSession.seen_at, LoginSession.confirmed_at),
    )
    .join_from(LoginSession, Admin)
    .where(
        LoginSession.token_hash == bindparam("token_hash"),
        LoginSession.seen_at > bindparam("seen_after"),
        LoginSession.created_at > bindparam("created_after"),
    )
)

_log = logging.getLogger(__name__)


class Accounts:
    """Passwords, sessions and the set-up link.

    A session ends after `idle` without a request, and after `longest` in any case.
    """

    def __init__(self, session: AnySession, *, idle: timedelta, longest: timedelta) -> None:
        self._session = session
        self._idle = idle
        self._longest = longest

    # Administrators

    def any_admin(self) -> bool:
        """Whether there is an administrator."""
        return self._session.scalar(select(Admin.id).limit(1)) is not None

    def create(self, username: str, password: str) -> None:
        """Add an administrator. Raises InvalidFields (`username`, `password`)."""
        Users(self._session).create(username, password, Role.ADMIN)

    def reset_password(self, username: str, password: str) -> None:
        """Set a new password, end all sessions and open invitations of the user, and forget the failed attempts.

        Raises NotFound, also for a user whom the provider signs in, InvalidFields (`username`, `password`).
        """
        check_username_and_password(username, password, exists=True)
        password_hash = hash_password(password)
        with write_transaction(self._session):
            key = stored_key(self._session, username)
            local = Admin.username_key == key, Admin.password_hash != NO_PASSWORD
            changed = update(Admin).where(*local).values(password_hash=password_hash)
            found = self._session.execute(changed.returning(Admin.id, Admin.username)).one_or_none()
            if found is None:
                raise NotFound("There is no administrator of that name who has a password here.")
            end_sessions(self._session, found.id)
            withdraw_invitations_of(self._session, found.username)  # whoever knew the old password may have sent them
            login_throttle.reset_account(self._session, login_throttle.account_subject(key))
            record(self._session, Act.PASSWORD_CHANGED, result=f"user {username.strip()}")
        _log.info("password reset, all sessions ended: %s", username.strip())

    # Set-up

    def new_setup_link(self) -> str:
        """The token of a new set-up link, valid for 15 minutes. Ends earlier links.

        Raises SetupClosed when there is an administrator.
        """
        token = secrets.token_urlsafe(32)
        with write_transaction(self._session):
            self._refuse_second_setup()
            self._session.execute(delete(SetupLink))
            self._session.add(SetupLink(token_hash=hashed(token), expires_at=utc_now() + SETUP_VALID))
        return token

    def setup_open(self, token: str) -> bool:
        """Whether the link of this token can create the first administrator now."""
        valid = select(SetupLink.token_hash).where(
            SetupLink.token_hash == hashed(token), SetupLink.expires_at > utc_now()
        )
        return self._session.scalar(valid) is not None and not self.any_admin()

    def create_first_admin(self, token: str, username: str, password: str) -> None:
        """Create the first administrator and end the link.

        Raises SetupClosed, InvalidFields (`username`, `password`; the link stays open).
        """
        if not self.setup_open(token):
            raise _setup_closed()
        check_username_and_password(username, password)
        password_hash = hash_password(password)
        with write_transaction(self._session):
            # All links are deleted at once, so that of two requests with links only one finds a row.
            taken = delete(SetupLink).returning(SetupLink.token_hash, SetupLink.expires_at)
            links = {row.token_hash: row.expires_at for row in self._session.execute(taken)}
            if links.get(hashed(token), utc_now()) <= utc_now():
                raise _setup_closed()
            self._refuse_second_setup()
            add_user(self._session, username, password_hash, Role.ADMIN)
            first = Actor(username.strip(), current_actor().address)
            record(self._session, Act.USER_ADDED, result=f"user {first.name}, the first one", actor=first)
        _log.info("set-up finished, first administrator: %s", username.strip())

    def _refuse_second_setup(self) -> None:
        if self.any_admin():
            raise SetupClosed("An administrator exists already. Sign in instead.")

    # Sessions

    def sign_in(self, username: str, password: str, address: str) -> str:
        """The token of a new session. `address` is the client's IP address.

        Raises Throttled (`retry_after` seconds), and WrongPassword, in the same time and with the same sentence whether
        the name exists or not.
        """
        with write_transaction(self._session):
            key = stored_key(self._session, username)
            known = select(Admin.password_hash, Admin.username).where(Admin.username_key == key)
            stored, name = (self._session.execute(known).one_or_none() if key else None) or (None, "")
            caller = LoginSubjects.of(key or username, address, stored)
            login_throttle.register_attempt(self._session, caller, utc_now())
        if not verify(stored, password) or stored is None:
            who = f"user {name}" if name else "no such user"
            note_refused(self._session, "sign-in refused", who, Actor(NOBODY, address))
            raise _wrong_password()
        token = self._open_session(
            key, stored, hash_password(password) if needs_rehash(stored) else stored, caller, address
        )
        _log.info("signed in: %s, from %s", username.strip(), address, extra={"event": "signed in"})
        return token

    def _open_session(self, key: str, verified: str, password_hash: str, caller: LoginSubjects, address: str) -> str:
        with write_transaction(self._session):
            # The password may have been reset while the old one was being verified: then no row matches.
            same = update(Admin).where(Admin.username_key == key, Admin.password_hash == verified)
            changed = same.values(password_hash=password_hash).returning(Admin.id, Admin.username)
            admin = self._session.execute(changed).one_or_none()
            if admin is None:
                raise _wrong_password()
            login_throttle.clear_after_success(
                self._session, caller, LoginSubjects.of(key, address, password_hash).known, utc_now()
            )
            token = open_session(self._session, admin.id, idle=self._idle, longest=self._longest, confirmed=True)
            record(self._session, Act.SIGN_IN, actor=Actor(admin.username, address))
        return token

    def confirm_password(self, username: str, password: str, *, address: str, token: str) -> None:
        """Check the password of somebody who is signed in, and note it in the session `token`. Counted like a sign-in.

        Raises Throttled, or WrongPassword.
        """
        with write_transaction(self._session):
            key = stored_key(self._session, username)
            stored = self._session.scalar(select(Admin.password_hash).where(Admin.username_key == key))
            caller = LoginSubjects.of(key, address, stored)
            login_throttle.register_attempt(self._session, caller, utc_now())
        if not verify(stored, password):
            asker = Actor(username, address)
            note_refused(self._session, "password not confirmed", "asked for the password again", asker)
            raise WrongPassword("This is not your password. Try again.")
        with write_transaction(self._session):
            login_throttle.clear_after_success(self._session, caller, caller.known, utc_now())
            mine = update(LoginSession).where(LoginSession.token_hash == hashed(token)).values(confirmed_at=utc_now())
            self._session.execute(mine.execution_options(synchronize_session=False))

    def session_user(self, token: str) -> SessionUser | None:
        """The user of a valid session, or None. One select, and at most once a minute an update of `seen_at`."""
        now = utc_now()
        limits = {"seen_after": now - self._idle, "created_after": now - self._longest}
        # On the connection, not by the ORM session: this runs before each page and needs no object.
        connection = self._session.connection()
        row = connection.execute(_VALID_SESSION, {"token_hash": hashed(token), **limits}).one_or_none()
        if row is None:
            return None
        if row.seen_at < now - TOUCH_EVERY:
            self._touch(token, now)
        confirmed = row.confirmed_at is not None and row.confirmed_at > now - CONFIRMED_FOR
        return SessionUser(row.username, row.created_at, Role(row.role), confirmed, bool(row.by_provider))

    def sign_out(self, token: str) -> None:
        """End the session, if there is one."""
        with write_transaction(self._session):
            ended = delete(LoginSession).where(LoginSession.token_hash == hashed(token))
            admin_id = self._session.scalar(ended.returning(LoginSession.admin_id))
            if admin_id is not None:
                name = self._session.scalar(select(Admin.username).where(Admin.id == admin_id)) or ""
                record(self._session, Act.SIGN_OUT, actor=Actor(name, current_actor().address))

    def _touch(self, token: str, now: datetime) -> None:
        # A page can be shown while the database cannot be written, so this failure is ignored.
        with suppress(StorageError), write_transaction(self._session):
            self._session.execute(
                update(LoginSession).where(LoginSession.token_hash == hashed(token)).values(seen_at=now)
            )


def _wrong_password() -> WrongPassword:
    return WrongPassword("The username or the password is not right. Check both, then try again.")


def _setup_closed() -> SetupClosed:
    return SetupClosed("This set-up link is used, expired or unknown.")
