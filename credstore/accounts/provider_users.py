"""The use cases of users whom the OpenID Connect provider signs in. They have no password here."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import select, update

from credstore import metrics
from credstore.access_errors import NoRole, ProviderRefused, ProviderUnreached, Throttled
from credstore.accounts.login_sessions import end_sessions, hashed, open_session
from credstore.accounts.login_throttle import clear_codes, register_code, register_refused_by_provider, take_back_code
from credstore.accounts.passwords import NO_PASSWORD
from credstore.accounts.provider_identity import ProviderIdentity
from credstore.accounts.roles import Role
from credstore.accounts.usernames import username_problem
from credstore.accounts.users import add_user, withdraw_invitations_of
from credstore.actor import NOBODY
from credstore.audit import Act, Actor, record
from credstore.database import PROVIDER_USERS, AnySession, take_turns, write_transaction
from credstore.errors import InvalidFields
from credstore.models import Admin, LoginSession, utc_now
from credstore.oidc_identity_model import OidcIdentity

_BY_PROVIDER = "by the OpenID Connect provider"
_log = logging.getLogger(__name__)


class _Known(NamedTuple):
    id: int
    username: str
    role: Role


class ProviderUsers:
    """A session ends after `idle` without a request, and after `longest` in any case."""

    def __init__(self, session: AnySession, *, idle: timedelta, longest: timedelta) -> None:
        self._session = session
        self._idle = idle
        self._longest = longest

    def sign_in(self, user: ProviderIdentity, address: str) -> str:
        """The token of a new session. Who is new is added; who is known gets the role that the groups give now.

        `address` is the client's IP address. Raises ProviderRefused; NoRole where no group gives a role: what that user
        had open has ended then.
        """
        with write_transaction(self._session):
            take_turns(self._session, PROVIDER_USERS)
            self._require_administrator()
            known = self._known(user)
            if user.role is not None:
                return self._open(known, user, user.role, address)
            if known:
                self._end_rights(known, address)
        raise NoRole(known.username if known else "")

    def confirm(self, user: ProviderIdentity, token: str, address: str) -> None:
        """Note in the session `token` that its user proved once more who they are.

        Their role becomes the one that the groups give now. Raises ProviderRefused, and NoRole as `sign_in` does.
        """
        with write_transaction(self._session):
            take_turns(self._session, PROVIDER_USERS)
            known = self._owner(user, token)
            if user.role is None:
                self._end_rights(known, address)
            else:
                self._change_role(known, user.role, address)
                if user.fresh:
                    mine = update(LoginSession).where(LoginSession.token_hash == hashed(token))
                    confirmed = mine.values(confirmed_at=utc_now())
                    self._session.execute(confirmed.execution_options(synchronize_session=False))
        if user.role is None:
            raise NoRole(known.username)
        if not user.fresh:
            raise ProviderRefused(
                "The provider did not ask you again, or does not say when it did. Sign out there, then try again.",
                "not asked again",
            )

    @contextmanager
    def counted_code(self, address: str) -> Iterator[None]:
        """Inside the block a code is sent to the provider. Raises Throttled while the address must wait.

        It is counted before, so that codes sent at once are counted too. One that is right clears the count.
        """
        with write_transaction(self._session):
            register_code(self._session, address, utc_now())
        try:
            yield
        except (ProviderUnreached, Throttled):
            with write_transaction(self._session):
                take_back_code(self._session, address)
            raise
        with write_transaction(self._session):
            clear_codes(self._session, address)

    def note_refused(self, refusal: ProviderRefused, address: str, name: str = "") -> None:
        """Log, count and record a sign-in that failed. `name` is that of who is signed in here, if anybody is.

        The audit log gets no more entries of one address than `login_throttle` lets pass: anybody can cause them.
        """
        _log.warning(
            "sign-in %s refused: %s, from %s", _BY_PROVIDER, refusal.reason, address, extra={"event": "sign-in refused"}
        )
        metrics.count("login_failures")
        with suppress(Throttled), write_transaction(self._session):
            register_refused_by_provider(self._session, address, utc_now())
            who = f"user {refusal.username}, " if isinstance(refusal, NoRole) and refusal.username else ""
            result, actor = f"{who}{_BY_PROVIDER}: {refusal.reason}", Actor(name or NOBODY, address)
            record(self._session, Act.SIGN_IN_REFUSED, result=result, actor=actor)

    def _require_administrator(self) -> None:
        # The set-up link must stay open until somebody can sign in also while the provider cannot be reached.
        local = select(Admin.id).where(Admin.role == Role.ADMIN.value, Admin.password_hash != NO_PASSWORD)
        if self._session.scalar(local.limit(1)) is None:
            raise ProviderRefused(
                "Nobody can sign in yet. First make an administrator with a password, by the set-up link of "
                "credstore admin setup-url.",
                "no administrator",
            )

    def _known(self, user: ProviderIdentity) -> _Known | None:
        found = (
            select(Admin.id, Admin.username, Admin.role)
            .join_from(OidcIdentity, Admin)
            .where(OidcIdentity.issuer == user.issuer, OidcIdentity.subject == user.subject)
        )
        row = self._session.execute(found).one_or_none()
        return _Known(row.id, row.username, Role(row.role)) if row else None

    def _owner(self, user: ProviderIdentity, token: str) -> _Known:
        """Whose session `token` is. Raises ProviderRefused where that is not this user."""
        known = self._known(user)
        theirs = select(LoginSession.admin_id).where(LoginSession.token_hash == hashed(token))
        if known is None or self._session.scalar(theirs) != known.id:
            raise ProviderRefused(
                "You signed in at the provider as somebody else than here. Choose the same account there.",
                "somebody else",
            )
        return known

    def _open(self, known: _Known | None, user: ProviderIdentity, role: Role, address: str) -> str:
        name = known.username if known else user.username
        user_id = known.id if known else self._add(user, role)
        actor = Actor(name, address)
        if known is None:
            record(self._session, Act.USER_ADDED, result=f"user {name}, {role}, {_BY_PROVIDER}", actor=actor)
        else:
            self._change_role(known, role, address)
        token = open_session(self._session, user_id, idle=self._idle, longest=self._longest, confirmed=user.fresh)
        record(self._session, Act.SIGN_IN, result=_BY_PROVIDER, actor=actor)
        _log.info("signed in %s: %s, from %s", _BY_PROVIDER, *actor, extra={"event": "signed in"})
        return token

    def _change_role(self, known: _Known, role: Role, address: str) -> None:
        """Store the role of now. Where it is another one, the invitations of that user end."""
        if known.role is role:
            return
        changed = update(Admin).where(Admin.id == known.id).values(role=role.value)
        self._session.execute(changed.execution_options(synchronize_session=False))
        withdraw_invitations_of(self._session, known.username)
        result = f"user {known.username}: {known.role} to {role}, {_BY_PROVIDER}"
        record(self._session, Act.ROLE_CHANGED, result=result, actor=Actor(known.username, address))

    def _end_rights(self, known: _Known, address: str) -> None:
        """Of somebody without a role: the sessions and invitations end, and what is stored is the lowest role."""
        self._change_role(known, Role.VIEWER, address)
        withdraw_invitations_of(self._session, known.username)
        end_sessions(self._session, known.id)

    def _add(self, user: ProviderIdentity, role: Role) -> int:
        """The id of a new user. Raises ProviderRefused where their name cannot be used or is taken."""
        if username_problem(user.username):
            raise ProviderRefused("Your name at the provider cannot be used here. Tell the operator.", "name unusable")
        try:
            user_id = add_user(self._session, user.username, NO_PASSWORD, role)
        except InvalidFields:
            raise ProviderRefused(
                "Somebody else has your name here already, so you were not signed in. An administrator can remove that "
                "user, or your provider can give you another name.",
                "name taken",
            ) from None
        self._session.add(OidcIdentity(issuer=user.issuer, subject=user.subject, admin_id=user_id))
        return user_id
