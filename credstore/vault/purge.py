"""Erases deleted credentials and replaced secrets for good. Needs no key.

That is the rows, and on SQLite their remains in the write-ahead log.
"""

import logging
import threading
import time
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, select

from credstore.audit import Act, Subject, record_each
from credstore.database import AnySession, in_list, write_transaction
from credstore.models import DeletedCredential, ModelNames, VerdictHistory, db, utc_now
from credstore.notice_models import Notice, WatchedCredential
from credstore.reference_models import CredentialReference
from credstore.replaced_secret_model import ReplacedSecret
from credstore.search_index import forget_erased_names
from credstore.vault.change_positions import purge_changes
from credstore.vault.forgotten_uses import forget_seen_uses

_log = logging.getLogger(__name__)
_ABOUT_CREDENTIAL = (
    ModelNames,
    VerdictHistory,
    WatchedCredential,
    Notice,
    ReplacedSecret,
    CredentialReference,
    DeletedCredential,
)
_in_use = threading.Event()  # the log could not be emptied
TRUNCATE_SECONDS = 1.0  # after so long no further try begins


def purge_expired(session: AnySession, *, keep_deleted_days: int, keep_replaced_hours: int) -> None:
    """Erase what was kept for its time; also uses that were seen long ago, and old changes."""
    purge_deleted(session, timedelta(days=keep_deleted_days))
    purge_replaced(session, timedelta(hours=keep_replaced_hours))
    forget_seen_uses(session)
    purge_changes(session)
    if log_in_use():  # when something was erased earlier
        truncate_write_ahead_log()


def purge_deleted(session: AnySession, older_than: timedelta = timedelta(0)) -> int:
    """Erase what was deleted so long ago, or longer, with its replaced secrets. Returns how many credentials."""
    return _erase(session, DeletedCredential.deleted_at <= utc_now() - older_than)


def erase_chosen(session: AnySession, public_ids: Sequence[str]) -> int:
    """Erase these deleted credentials, with their replaced secrets. Returns how many; unknown ids are left out."""
    return _erase(session, in_list(session, DeletedCredential.public_id, public_ids))


def subjects(session: AnySession, chosen: ColumnElement[bool]) -> list[Subject]:
    """These deleted credentials as the audit log names them; locked on PostgreSQL, so that they are still there."""
    rows = select(DeletedCredential.public_id, DeletedCredential.kind).where(chosen)
    found = session.connection().execute(rows.with_for_update())
    return [Subject(*row) for row in found]


def _erase(session: AnySession, chosen: ColumnElement[bool]) -> int:
    with write_transaction(session):  # not in bulk: that leaves the log to a thread, and the log is emptied below
        found = subjects(session, chosen)
        erased = [subject.public_id for subject in found]
        for table in _ABOUT_CREDENTIAL:
            rows = delete(table).where(in_list(session, table.public_id, erased))
            session.execute(rows.execution_options(synchronize_session=False))
        count = len(erased)
        if count:
            forget_erased_names(session.connection())
        record_each(session, Act.ERASE, found)
    if count:
        truncate_write_ahead_log()
    return count


def purge_replaced(session: AnySession, older_than: timedelta = timedelta(0)) -> int:
    """Erase the secrets that were replaced so long ago, or longer. Returns how many."""
    with write_transaction(session):
        old = select(ReplacedSecret.public_id).where(ReplacedSecret.replaced_at <= utc_now() - older_than)
        erased = list(session.scalars(old.order_by(ReplacedSecret.public_id).with_for_update()))
        rows = delete(ReplacedSecret).where(in_list(session, ReplacedSecret.public_id, erased))
        session.execute(rows.execution_options(synchronize_session=False))
        count = len(erased)
    if count:
        truncate_write_ahead_log()
    return count


def log_in_use() -> bool:
    """Whether the log could not be emptied the last time."""
    return _in_use.is_set()


def truncate_write_ahead_log() -> None:
    """On SQLite: `secure_delete` overwrites the database's pages; the log still holds them as they were.

    Where somebody reads it, it is not emptied (`log_in_use`). Then what was erased may still be in the file, too.
    """
    if db.engine.dialect.name != "sqlite":
        return
    raw = db.engine.raw_connection()  # a checkpoint is refused inside a transaction, which any other way begins
    try:
        give_up = time.monotonic() + TRUNCATE_SECONDS
        while raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:  # 1: not done
            if time.monotonic() >= give_up:
                _in_use.set()
                _log.warning("SQLite's log could not be emptied: it is in use. The next erasing tries again.")
                return
            time.sleep(0.05)  # SQLite itself waits for readers, but not for a checkpoint of another connection
        _in_use.clear()
    finally:
        raw.close()
