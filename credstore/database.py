"""The database connection: SQLite's pragmas, write transactions, and driver errors as exceptions of credstore.

A statement's parameters never become part of an exception or a log.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask
from sqlalchemy import ARRAY, URL, ColumnElement, Connection, Engine, any_, event, exc, func, literal, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import InstrumentedAttribute, Session, scoped_session
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from credstore.errors import ConfigError, NotMigrated, StorageBusy, StorageDown, StorageFull
from credstore.models import Base, db

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

BUSY_TIMEOUT_MS = 5_000
CACHE_KIB, BULK_CACHE_KIB = 2_000, 32_000  # SQLite's page cache of a connection, and during a bulk change
TRUSTED_IDLE_SECONDS = 2.0  # so long an idle connection to PostgreSQL is taken to be alive
AUTO_CHECKPOINT_PAGES = 1000  # SQLite's default
POOL_SIZE = 20  # connections that stay open, and as many more at a peak; a worker has 16 threads by default
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}",
    "PRAGMA foreign_keys=ON",
    # Freed pages are overwritten, so that a replaced or erased ciphertext does not stay in the file.
    "PRAGMA secure_delete=ON",
)

_UNDEFINED_OBJECT_STATES = {"42P01", "42703"}  # PostgreSQL: undefined table, undefined column

AnySession = Session | scoped_session[Any]


def init_database(app: Flask, url: str) -> None:
    """Bind credstore's tables to `app`. A Flask-SQLAlchemy of the host application is left as it is.

    Raises ConfigError when the URL, its folder or its driver is not usable.
    """
    parsed = _parse_url(url)
    engine_options: dict[str, Any] = {"hide_parameters": True, "pool_size": POOL_SIZE, "max_overflow": POOL_SIZE}
    if parsed.get_backend_name() == "sqlite":
        parsed = _with_database_folder(parsed)
    else:
        # A page reads without BEGIN and ROLLBACK, which would be two more trips; a write asks for its transaction.
        engine_options |= {"isolation_level": "AUTOCOMMIT", "connect_args": {"connect_timeout": 5}}
    ours = {"SQLALCHEMY_DATABASE_URI": parsed, "SQLALCHEMY_ENGINE_OPTIONS": engine_options, "SQLALCHEMY_BINDS": {}}
    theirs = {name: app.config.pop(name) for name in ours if name in app.config}
    extension = app.extensions.pop("sqlalchemy", None)
    app.config.update(ours)
    try:
        db.init_app(app)
    except ImportError:
        raise ConfigError("The driver for DATABASE_URL is not installed. For PostgreSQL: credstore[postgres]") from None
    finally:
        # Flask-SQLAlchemy stores the engine by application, so these keys are free again for the host application.
        for name in ours:
            app.config.pop(name, None)
        app.config.update(theirs)
        app.extensions.pop("sqlalchemy", None)
        if extension is not None:
            app.extensions["sqlalchemy"] = extension
    with app.app_context():
        _add_event_listeners(db.engine)


def close_database(app: Flask) -> None:
    """Close all connections. SQLite connections must not be used in a forked process."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def _parse_url(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (exc.ArgumentError, ValueError):
        raise ConfigError("DATABASE_URL is not a database URL. Example: postgresql://user@host/database") from None
    if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise ConfigError("DATABASE_URL names a database that credstore does not know. It takes PostgreSQL and SQLite.")
    return parsed


def _with_database_folder(url: URL) -> URL:
    """The SQLite URL with an absolute path; creates its folder (mode 0700). Raises ConfigError.

    Flask-SQLAlchemy would resolve a relative path against its instance folder.
    """
    if not url.database or url.database == ":memory:":
        raise ConfigError("DATABASE_URL names no file. A database in memory would be another one in each process.")
    path = Path(url.database).expanduser().absolute()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        raise ConfigError(f"The folder of the database cannot be made: {path.parent}") from None
    return url.set(database=str(path))


def _add_event_listeners(engine: Engine) -> None:
    event.listen(engine, "handle_error", _translate_driver_error)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_sqlite_pragmas)
        event.listen(engine, "begin", _begin_sqlite)
        event.listen(engine, "checkin", _end_bulk)
    else:
        event.listen(engine, "checkin", _note_use)
        event.listen(engine, "checkout", _ping_after_idling)


def _note_use(_connection: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
    entry.info["used_at"] = time.monotonic()


def _ping_after_idling(connection: DBAPIConnection, entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
    """Replace a connection that PostgreSQL closed meanwhile. One in use a moment ago is not asked: that is a trip."""
    if time.monotonic() - entry.info.get("used_at", 0.0) < TRUSTED_IDLE_SECONDS:
        return
    try:
        connection.cursor().execute("SELECT 1")
    except Exception:  # whatever the driver raises: the pool then opens another
        raise exc.DisconnectionError from None


def _set_sqlite_pragmas(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver's own BEGIN comes too late; `_begin_sqlite` sends it
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # BEGIN IMMEDIATE takes the write lock at once: reading first and writing later loses updates or deadlocks.
    options = connection.get_execution_options()
    if options.get("credstore_bulk"):
        connection.exec_driver_sql(f"PRAGMA cache_size=-{BULK_CACHE_KIB}")
        connection.exec_driver_sql("PRAGMA wal_autocheckpoint=0")
        connection.info["credstore_bulk"] = True
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("credstore_writes") else "BEGIN")


def _end_bulk(connection: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
    """Give the memory of a bulk change back when its connection returns to the pool, and copy the log in a thread.

    SQLite would copy the log into the database at the commit, while the person waits: twice the time of the change.
    """
    if connection is None or not entry.info.pop("credstore_bulk", False):
        return
    for pragma in (f"cache_size=-{CACHE_KIB}", f"wal_autocheckpoint={AUTO_CHECKPOINT_PAGES}", "shrink_memory"):
        connection.cursor().execute(f"PRAGMA {pragma}")
    (_, _, path), *_ = connection.cursor().execute("PRAGMA database_list")
    if path:
        threading.Thread(target=_checkpoint, args=(path,), name="credstore-checkpoint", daemon=True).start()


def _checkpoint(path: str) -> None:
    with suppress(sqlite3.Error), closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")


def _translate_driver_error(context: ExceptionContext) -> None:
    """Raise the StorageError for a driver's error; return for an IntegrityError."""
    if isinstance(context.sqlalchemy_exception, exc.IntegrityError):
        return  # its text repeats the row's values, and a name may contain any of the words below
    text = str(context.original_exception).lower()
    if "unable to open" in text or "readonly" in text or "read-only" in text:
        raise StorageDown("The database cannot be opened for writing. Check the data folder's permissions.") from None
    if "not a database" in text or "malformed" in text:
        raise StorageDown("The database file is damaged. Restore it from a backup.") from None
    if "locked" in text or "busy" in text or "lock timeout" in text or "deadlock" in text:
        raise StorageBusy("The database is busy with another change. Nothing was saved; try again.") from None
    if "is full" in text or "no space left" in text:
        raise StorageFull("The database's disk is full. Nothing was saved.") from None
    state = getattr(context.original_exception, "sqlstate", None)
    if "no such table" in text or "no such column" in text or state in _UNDEFINED_OBJECT_STATES:
        raise NotMigrated("The database is not set up for this version. Run: credstore db upgrade") from None
    if isinstance(context.sqlalchemy_exception, exc.OperationalError):
        raise StorageDown("The database cannot be reached. Nothing was saved.") from None


def write_options(dialect: str) -> dict[str, Any]:
    """The execution options of a connection that begins a writing transaction."""
    postgresql = {"isolation_level": "READ COMMITTED"} if dialect == "postgresql" else {}
    return {"credstore_writes": True, **postgresql}


@contextmanager
def write_transaction(session: AnySession, *, bulk: bool = False) -> Iterator[None]:
    """A write transaction: committed at the end, rolled back on any exception. Raises StorageError.

    `bulk` is for changes of many rows: SQLite then keeps the changed pages in memory until the commit, instead of
    writing them to its log each time its small cache is full, and again later.
    """
    session.rollback()  # ends the read transaction of the sign-in check, which cannot become a write
    session.connection(execution_options=write_options(session.get_bind().dialect.name) | {"credstore_bulk": bulk})
    try:
        yield
        session.commit()
    except BaseException:
        session.rollback()
        raise


def in_list(session: AnySession, column: InstrumentedAttribute[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """`column` is one of `values`, passed as one parameter however many there are."""
    if session.connection().dialect.name == "postgresql":
        return column == any_(literal(list(values), ARRAY(column.type)))
    return column.in_(select(func.json_each(json.dumps(list(values))).table_valued("value").c.value))


def insert(session: AnySession, table: type[Base]) -> "sqlite.Insert | postgresql.Insert":
    """An INSERT with `on_conflict_do_nothing` and `on_conflict_do_update`, which SQLAlchemy has for each dialect."""
    if session.connection().dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # 2 MB in each worker that SQLite does not need

        return postgresql.insert(table)
    return sqlite.insert(table)
