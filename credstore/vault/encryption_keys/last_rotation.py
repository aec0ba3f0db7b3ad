"""Notes the progress of a rotation for the page of keys. A rotation itself never reads it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update

from credstore.database import AnySession, insert
from credstore.key_rotation_model import KeyRotation
from credstore.models import utc_now

INTERRUPTED_AFTER = timedelta(seconds=30)  # without a batch


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRotation:
    """`state` is "running", "ended" or "interrupted"."""

    started_at: datetime
    ended_at: datetime | None
    rotated: int
    unreadable: int
    state: str


def note_start(session: AnySession) -> None:
    """Inside a writing transaction."""
    now = utc_now()
    values = {"started_at": now, "heartbeat_at": now, "ended_at": None, "rotated": 0, "unreadable": 0}
    row = insert(session, KeyRotation).values(id=1, **values)
    session.execute(row.on_conflict_do_update(index_elements=["id"], set_=values))


def note_progress(session: AnySession, *, rotated: int, unreadable: int, ended: bool = False) -> None:
    """Inside a writing transaction. Two rotations at once write the same row: the page then shows one of them."""
    now = utc_now()
    values = {"heartbeat_at": now, "rotated": rotated, "unreadable": unreadable, "ended_at": now if ended else None}
    change = update(KeyRotation).where(KeyRotation.id == 1).values(**values)
    session.execute(change.execution_options(synchronize_session=False))


def read_last_rotation(session: AnySession) -> LastRotation | None:
    row = session.scalar(select(KeyRotation).where(KeyRotation.id == 1).execution_options(populate_existing=True))
    if row is None:
        return None
    alive = utc_now() - row.heartbeat_at < INTERRUPTED_AFTER
    return LastRotation(
        started_at=row.started_at,
        ended_at=row.ended_at,
        rotated=row.rotated,
        unreadable=row.unreadable,
        state="ended" if row.ended_at else "running" if alive else "interrupted",
    )
