"""Erases deleted credentials for good: the row, and on SQLite its remains in the write-ahead log. Needs no key."""

from datetime import timedelta

from sqlalchemy import delete, select

from credstore.database import AnySession, in_list, write_transaction
from credstore.models import DeletedCredential, ModelNames, VerdictHistory, db, utc_now


def purge_deleted(session: AnySession, older_than: timedelta = timedelta(0)) -> int:
    """Erase what was deleted so long ago, or longer. Returns how many."""
    with write_transaction(session):  # not in bulk: that leaves the log to a thread, and the log is emptied below
        old = select(DeletedCredential.public_id).where(DeletedCredential.deleted_at <= utc_now() - older_than)
        erased = list(session.scalars(old.with_for_update()))
        for table in (ModelNames, VerdictHistory, DeletedCredential):
            rows = delete(table).where(in_list(session, table.public_id, erased))
            session.execute(rows.execution_options(synchronize_session=False))
        count = len(erased)
    if count and db.engine.dialect.name == "sqlite":
        truncate_write_ahead_log()
    return count


def truncate_write_ahead_log() -> None:
    """`secure_delete` overwrites the database's pages; the log still holds them as they were."""
    raw = db.engine.raw_connection()  # a checkpoint is refused inside a transaction, which any other way begins
    try:
        raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        raw.close()
