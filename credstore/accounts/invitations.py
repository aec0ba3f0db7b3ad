"""Invitations: a one-time link by which somebody chooses a name and a password, and becomes a user with a role."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from credstore.access_errors import InvitationClosed
from credstore.accounts.login_sessions import hashed
from credstore.accounts.passwords import hash_password
from credstore.accounts.roles import Role
from credstore.accounts.username_and_password import check_username_and_password
from credstore.accounts.users import add_user
from credstore.audit import Act, Actor, current_actor, record
from credstore.database import AnySession, write_transaction
from credstore.errors import NotFound
from credstore.invitation_model import Invitation
from credstore.models import utc_now

VALID = timedelta(days=3)
_SHOWN = (Invitation.id, Invitation.role, Invitation.created_by, Invitation.created_at, Invitation.expires_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenInvitation:
    """An invitation that was not used yet. Its link is not known any more."""

    id: int
    role: Role
    created_by: str
    created_at: datetime
    expires_at: datetime


class Invitations:
    """One-time links, valid for three days."""

    def __init__(self, session: AnySession) -> None:
        self._session = session

    def invite(self, role: Role, by: str = "") -> str:
        """The token of a new link, shown this once. `by` is the name of who invites."""
        token, now = secrets.token_urlsafe(32), utc_now()
        row = Invitation(token_hash=hashed(token), role=role.value, created_by=by[:150], expires_at=now + VALID)
        with write_transaction(self._session):
            self._session.execute(delete(Invitation).where(Invitation.expires_at <= now))
            self._session.add(row)
            record(self._session, Act.USER_INVITED, result=f"as {role}")
        return token

    def list(self) -> tuple[OpenInvitation, ...]:
        """The invitations that can still be used, newest first; a hundred at the most."""
        valid = select(*_SHOWN).where(Invitation.expires_at > utc_now()).order_by(Invitation.id.desc()).limit(100)
        return tuple(map(_to_invitation, self._session.execute(valid)))

    def withdraw(self, invitation_id: int) -> None:
        """End an invitation. Raises NotFound where it was used or has ended."""
        with write_transaction(self._session):
            gone = delete(Invitation).where(Invitation.id == invitation_id).returning(Invitation.role)
            role = self._session.scalar(gone)
            if role is None:
                raise NotFound("This invitation was used or has ended.")
            record(self._session, Act.INVITATION_WITHDRAWN, result=f"as {role}")

    def role_of(self, token: str) -> Role:
        """The role that the link of this token gives. Raises InvitationClosed."""
        valid = select(Invitation.role).where(Invitation.token_hash == hashed(token), Invitation.expires_at > utc_now())
        role = self._session.scalar(valid)
        if role is None:
            raise _closed()
        return Role(role)

    def accept(self, token: str, username: str, password: str) -> None:
        """Add the user whom the link invites, and end the link.

        Raises InvitationClosed, InvalidFields (`username`, `password`; the link stays open).
        """
        self.role_of(token)  # before the work of a hash, which anybody could ask for
        check_username_and_password(username, password)
        password_hash = hash_password(password)
        with write_transaction(self._session):
            # Deleted first, so that of two requests with one link only one finds the row.
            taken = delete(Invitation).where(Invitation.token_hash == hashed(token))
            row = self._session.execute(
                taken.returning(Invitation.role, Invitation.created_by, Invitation.expires_at)
            ).one_or_none()
            if row is None or row.expires_at <= utc_now():
                raise _closed()
            add_user(self._session, username, password_hash, Role(row.role))
            new = Actor(username.strip(), current_actor().address)
            by = f", invited by {row.created_by}" if row.created_by else ", invited"
            record(self._session, Act.USER_ADDED, result=f"user {new.name}, {row.role}{by}", actor=new)


def _to_invitation(row: object) -> OpenInvitation:
    values = {name: getattr(row, name) for name in ("id", "created_by", "created_at", "expires_at")}
    return OpenInvitation(**values, role=Role(getattr(row, "role")))  # noqa: B009 - a row of any kind


def _closed() -> InvitationClosed:
    return InvitationClosed("This invitation is used, expired or unknown. Ask an administrator for a new one.")
