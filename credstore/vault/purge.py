"""Erases deleted credentials for good: the row, and on SQLite its remains in the write-ahead log. Needs no key."""

from datetime import timedelta

from sqlalchemy import delete, select

from credstore.database import AnySession, write_transaction
from credstore.models import Credential, DeletedCredential, VerdictHistory, db, utc_now


def purge_deleted(session: AnySession, older_than: timedelta = timedelta(0)) -> int:
    """Erase what was deleted so long ago, or longer. Returns how many."""
    with write_transaction(session):
        erased = session.execute(
            delete(DeletedCredential)
            .where(DeletedCredential.deleted_at <= utc_now() - older_than)
            .execution_options(synchronize_session=False)
        )
        count = int(erased.rowcount)  # type: ignore[attr-defined]
        kept = select(Credential.public_id).union(select(DeletedCredential.public_id))
        history = delete(VerdictHistory).where(VerdictHistory.public_id.not_in(kept))
        session.execute(history.execution_options(synchronize_session=False))
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
