"""Sessions as rows: opening one, ending those of a user, and the note of a sign-in that was refused.

Call `open_session` and `end_sessions` inside `database.write_transaction`.
"""

import hashlib
import logging
import secrets
from datetime import timedelta

from sqlalchemy import delete, or_, update

from credstore import metrics
from credstore.audit import Act, Actor, record
from credstore.database import AnySession, write_transaction
from credstore.models import LoginSession, utc_now

_log = logging.getLogger(__name__)


def hashed(token: str) -> str:
    """The SHA-256 in hex, which alone is stored. Tokens are 256 random bits: a fast hash is as safe as a slow one."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def open_session(session: AnySession, user_id: int, *, idle: timedelta, longest: timedelta, confirmed: bool) -> str:
    """The token of a new session. Rows of sessions that are over are deleted.

    `confirmed`: the user has just proved who they are.
    """
    token, now = secrets.token_urlsafe(32), utc_now()
    over = or_(LoginSession.seen_at <= now - idle, LoginSession.created_at <= now - longest)
    session.execute(delete(LoginSession).where(over))
    session.add(LoginSession(token_hash=hashed(token), admin_id=user_id, confirmed_at=now if confirmed else None))
    return token


def renew_session(session: AnySession, token: str) -> str:
    """Give a session another token, so that a copied cookie is worth nothing any more; the new one."""
    renewed = secrets.token_urlsafe(32)
    mine = update(LoginSession).where(LoginSession.token_hash == hashed(token)).values(token_hash=hashed(renewed))
    session.execute(mine.execution_options(synchronize_session=False))
    return renewed


def end_sessions(session: AnySession, user_id: int, *, but: str = "") -> None:
    """End all sessions of a user, but the one of the token `but`."""
    theirs = delete(LoginSession).where(LoginSession.admin_id == user_id, LoginSession.token_hash != hashed(but))
    session.execute(theirs)


def note_refused(session: AnySession, event: str, result: str, actor: Actor) -> None:
    """Log, count and record a sign-in that was refused."""
    # No name in the log: people type passwords there.
    _log.warning("%s, from %s", event, actor.address, extra={"event": event})
    metrics.count("login_failures")
    with write_transaction(session):
        record(session, Act.SIGN_IN_REFUSED, result=result, actor=actor)
