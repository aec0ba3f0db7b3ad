"""Gives changes their place in the feed, and forgets old ones. Why places are given so: see `changes`."""

from datetime import timedelta

from sqlalchemy import delete, select, text

from credstore.database import CHANGES, AnySession, take_turns, write_transaction
from credstore.models import utc_now
from credstore.reference_models import CredentialChange

KEPT_DAYS = 30
MOST_KEPT = 100_000  # changes
_NUMBERED_AT_ONCE = 10_000
_NUMBER = text(
    "UPDATE credential_change SET position = fresh.place +"
    " coalesce((SELECT position FROM credential_change WHERE position > 0 ORDER BY position DESC LIMIT 1), 0)"
    " FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM"
    " (SELECT id FROM credential_change WHERE position IS NULL ORDER BY id LIMIT :most) AS unnumbered) AS fresh"
    " WHERE credential_change.id = fresh.id"
)
_position = CredentialChange.position


def number_changes(session: AnySession) -> None:
    """Give positions to all that is committed and has none. Writes nothing where there is none."""
    session.rollback()  # a read that began earlier would hide what was committed since
    new = select(CredentialChange.id).where(_position.is_(None))
    newest = session.scalar(new.order_by(CredentialChange.id.desc()).limit(1))
    while newest and session.scalar(new.where(CredentialChange.id <= newest).limit(1)) is not None:
        with write_transaction(session):
            take_turns(session, CHANGES)
            session.execute(_NUMBER, {"most": _NUMBERED_AT_ONCE})


def ends(session: AnySession) -> tuple[int, int]:
    """The first and the last position; (1, 0) where there is none."""
    numbered = select(_position).where(_position > 0)
    first = session.scalar(numbered.order_by(_position).limit(1))
    last = session.scalar(numbered.order_by(_position.desc()).limit(1))
    return first or 1, last or 0


def purge_changes(session: AnySession) -> None:
    """Forget old changes, and the oldest of too many; the newest stays, so that no position is given twice.

    All up to the first that is not old: a clock that was wrong for a while must not make a hole in the feed.
    """
    number_changes(session)
    _, newest = ends(session)
    young = (CredentialChange.changed_at > utc_now() - timedelta(days=KEPT_DAYS), _position > 0)
    kept = session.scalar(select(_position).where(*young).order_by(_position).limit(1)) or newest
    with write_transaction(session):
        rows = delete(CredentialChange).where(_position < max(kept, newest - MOST_KEPT + 1))
        session.execute(rows.execution_options(synchronize_session=False))
