"""Removes entries when their time is over. The hash of the last removed one stays, so that the rest can be proven."""

from datetime import timedelta
from itertools import takewhile

from sqlalchemy import delete, select, update

from credstore.actor import OWN_WORK
from credstore.audit.acts import Act
from credstore.audit.recording import record
from credstore.audit.verification import removal_note
from credstore.audit_model import AuditEntry, AuditHead, AuditItem
from credstore.database import AnySession, in_list, write_transaction
from credstore.models import utc_now

MOST_AT_ONCE = 500  # entries in one transaction


def remove_old(session: AnySession, older_than: timedelta, *, most_batches: int | None = None) -> int:
    """Remove the entries of so long ago, or longer, and add one that says so. Returns how many.

    `most_batches` is for a request, which must not wait long; None: until none is left. Raises StorageError.
    """
    removed, batches = 0, 0
    while (most_batches is None or batches < most_batches) and (count := _remove_batch(session, older_than)):
        removed, batches = removed + count, batches + 1
    return removed


def _remove_batch(session: AnySession, older_than: timedelta) -> int:
    if _last_to_remove(session, older_than, 1) is None:  # without a transaction: mostly there is none
        return 0
    with write_transaction(session):
        # Locked first: a writer must not add an entry between our look and ours.
        head = session.execute(
            select(AuditHead.removed_seq, AuditHead.seq).where(AuditHead.id == 1).with_for_update()
        ).one()
        up_to = _last_to_remove(session, older_than, MOST_AT_ONCE)
        if up_to is None:
            return 0
        last = session.execute(select(AuditEntry.hash, AuditEntry.at).where(AuditEntry.seq == up_to)).one()
        session.execute(update(AuditHead).where(AuditHead.id == 1).values(removed_seq=up_to, removed_hash=last.hash))
        numbers = list(range(head.removed_seq + 1, up_to + 1))
        for table in (AuditItem, AuditEntry):
            rows = delete(table).where(in_list(session, table.seq, numbers))
            session.execute(rows.execution_options(synchronize_session=False))
        count = int(up_to - head.removed_seq)
        note = removal_note(up_to, last.hash, last.at)
        record(session, Act.ENTRIES_REMOVED, result=note, count=count, actor=OWN_WORK)
    return count


def _last_to_remove(session: AnySession, older_than: timedelta, most: int) -> int | None:
    """The number of the last of the oldest entries, at most so many, whose time is over; None where there is none.

    In the order of the log and not of the time: a clock that was wrong for a while must not end the time of others.
    """
    moment = utc_now() - older_than
    oldest = session.execute(select(AuditEntry.seq, AuditEntry.at).order_by(AuditEntry.seq).limit(most))
    over = [seq for seq, _ in takewhile(lambda row: row.at <= moment, oldest)]
    return over[-1] if over else None
