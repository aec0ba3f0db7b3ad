"""Which of several processes, on one host or many, tests on a schedule and sends notices: a row of the database."""

from datetime import datetime, timedelta

from sqlalchemy import or_, select

from credstore.database import AnySession, insert, write_transaction
from credstore.notice_models import Watcher

LEASE = timedelta(seconds=60)  # without a renewal another process takes over
WRONG_CLOCK = timedelta(minutes=10)  # no process writes a moment so far ahead, unless its clock was wrong


def hold(session: AnySession, holder: str, now: datetime) -> bool:
    """Whether `holder`, an id of the process, holds the lease. Takes it where it is free, and renews it in time."""
    row = session.execute(select(Watcher.holder, Watcher.until).where(Watcher.id == 1)).first()
    if row is not None and now < row.until < now + WRONG_CLOCK:
        if row.holder != holder:
            return False
        if row.until - now > LEASE / 2:
            return True
    values = {"holder": holder, "until": now + LEASE}
    free = or_(Watcher.holder == holder, Watcher.until <= now, Watcher.until >= now + WRONG_CLOCK)
    with write_transaction(session):
        taken = insert(session, Watcher).values(id=1, **values)
        taken = taken.on_conflict_do_update(index_elements=["id"], set_=values, where=free)
        return session.scalar(taken.returning(Watcher.id)) is not None
