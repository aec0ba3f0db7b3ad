"""Makes a StorageError of a driver's error. Neither the driver's text nor a value becomes part of it, or of the log."""

import logging
import threading
import time

from sqlalchemy import exc
from sqlalchemy.engine import ExceptionContext

from credstore import metrics
from credstore.connection_failures import cause_of
from credstore.errors import NotMigrated, StorageBusy, StorageDown, StorageError, StorageFull

_log = logging.getLogger(__name__)
LOG_SECONDS = 10.0  # the same line is written again after so long: under load each request fails
_UNREACHED = "The database cannot be reached. Nothing was saved."
_LOST = "The connection to the database was lost. Look whether your change was saved, before you try again."
_BUSY = StorageBusy, "The database is busy with another change. Nothing was saved; try again."
_FULL = StorageFull, "The database's disk is full. Nothing was saved."
_BEHIND = NotMigrated, "The database is not set up for this version. Run: credstore db upgrade"
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_BY_STATE: dict[str, tuple[type[StorageError], str]] = {
    "42P01": _BEHIND,  # undefined table
    "42703": _BEHIND,  # undefined column
    "40001": _BUSY,  # serialization failure
    "40P01": _BUSY,  # deadlock
    "55P03": _BUSY,  # lock not available
    "57014": _BUSY,  # the server's statement_timeout
    "53100": _FULL,
    "25006": (StorageDown, "The database is read-only just now. Nothing was saved; try again later."),
}
_READ_ONLY = "25006"
# SQLite's, in the order in which they are looked for.
_BY_WORDS: tuple[tuple[tuple[str, ...], tuple[type[StorageError], str]], ...] = (
    (
        ("unable to open", "readonly", "read-only"),
        (StorageDown, "The database cannot be opened for writing. Check the data folder's permissions."),
    ),
    (
        ("not a database", "malformed"),
        (StorageDown, "The database file is damaged. Restore it from a backup."),
    ),
    (("locked", "busy"), _BUSY),
    (("is full", "no space left"), _FULL),
    (("no such table", "no such column"), _BEHIND),
)
_told: dict[str, float] = {}
_told_lock = threading.Lock()


def translate_driver_error(context: ExceptionContext) -> None:
    """A listener of `handle_error`: raise the StorageError for a driver's error; return for an IntegrityError."""
    if isinstance(context.sqlalchemy_exception, exc.IntegrityError):
        return  # a use case says what it means
    metrics.count("database_errors")
    if context.connection is None and context.dialect.name == "postgresql":
        cause = cause_of(context.original_exception, context.engine.url) if context.engine else ""
        _tell(f"The database cannot be reached: {cause}")
        raise StorageDown(_UNREACHED, cause) from None
    state = getattr(context.original_exception, "sqlstate", None)
    if state == _READ_ONLY:
        # After a failover the old server may answer so: its connections are closed, and the next ones are new.
        context.is_disconnect = True
    found = _BY_STATE.get(state or "")
    if context.dialect.name == "sqlite":
        words = str(context.original_exception).lower()
        found = next((known for texts, known in _BY_WORDS if any(one in words for one in texts)), None)
    if found:
        error, sentence = found
        if error in {StorageDown, StorageFull}:
            _tell(sentence)
        raise error(sentence) from None
    if context.is_disconnect:
        _tell("The connection to the database was lost.")
        raise StorageDown(_LOST) from None
    if isinstance(context.sqlalchemy_exception, exc.OperationalError):
        _tell("The database failed.")
        raise StorageDown(_UNREACHED) from None


def _tell(line: str) -> None:
    """Log it, unless it was logged a moment ago. A command has no log: it prints the exception's sentence."""
    now = time.monotonic()
    with _told_lock:
        if now - _told.get(line, -LOG_SECONDS) < LOG_SECONDS or not _log.hasHandlers():
            return
        _told[line] = now
    _log.error("%s", line)
