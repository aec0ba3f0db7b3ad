"""The database connection: the engine and write transactions. `database_errors` makes exceptions of its errors.

A statement's parameters never become part of an exception or a log.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from flask import Flask
from sqlalchemy import ARRAY, URL, ColumnElement, Connection, Engine, any_, event, exc, func, literal, select, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.orm import InstrumentedAttribute, Session, scoped_session

from credstore import postgresql_engine, sqlite_engine
from credstore.database_errors import translate_driver_error
from credstore.errors import ConfigError
from credstore.freed_memory import return_memory
from credstore.models import Base, db
from credstore.slow_statements import log_slow_statements

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

CONNECT_SECONDS = 5
POOL_SIZE = 20  # connections that stay open, and as many more at a peak; a worker has 16 threads by default
# PostgreSQL's advisory locks for `take_turns`; arbitrary numbers.
MIGRATIONS, FIRST_KEY, RUNS, CHANGES = range(7_286_221, 7_286_225)
PROVIDER_USERS = 7_462_020

AnySession = Session | scoped_session[Any]
WITHOUT_SYNCHRONIZING = {"synchronize_session": False}  # execution options of a change of rows that are not loaded


@dataclass(frozen=True, eq=False)
class Beside:
    """Columns of another table, with names of their own, that a statement reads too: one trip in place of two.

    `condition` names at most one row of it. Made once, so that the statement is kept.
    """

    columns: tuple[Any, ...]
    condition: ColumnElement[bool]


def init_database(app: Flask, url: str, *, slow_statement_ms: int = 0) -> None:
    """Bind credstore's tables to `app`. A Flask-SQLAlchemy of the host application is left as it is.

    Raises ConfigError when the URL, its folder or its driver is not usable.
    """
    parsed = _parse_url(url)
    engine_options: dict[str, Any] = {"hide_parameters": True, "pool_size": POOL_SIZE, "max_overflow": POOL_SIZE}
    # The connection that was used last has in its cache what is needed; those that are seldom needed stay small.
    engine_options["pool_use_lifo"] = True
    if parsed.get_backend_name() == "sqlite":
        parsed = _with_database_folder(parsed)
    else:
        # A page reads without BEGIN and ROLLBACK, which would be two more trips; a write asks for its transaction.
        engine_options |= {"isolation_level": "AUTOCOMMIT", "connect_args": {"connect_timeout": CONNECT_SECONDS}}
        engine_options["skip_autocommit_rollback"] = True  # without a transaction there is nothing to roll back
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
        log_slow_statements(db.engine, slow_statement_ms)


def close_database(app: Flask) -> None:
    """Close all connections. SQLite connections must not be used in a forked process."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def database_file(url: str) -> Path | None:
    """The file of a SQLite database, which need not exist; None where the URL is PostgreSQL's. Raises ConfigError."""
    parsed = _parse_url(url)
    if parsed.get_backend_name() != "sqlite":
        return None
    return _path_of(parsed)


def _parse_url(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (exc.ArgumentError, ValueError):
        raise ConfigError("DATABASE_URL is not a database URL. Example: postgresql://user@host/database") from None
    if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise ConfigError("DATABASE_URL names a database that credstore does not know. It takes PostgreSQL and SQLite.")
    return parsed


def _path_of(url: URL) -> Path:
    """The absolute path of a SQLite URL. Flask-SQLAlchemy would resolve a relative one against its instance folder."""
    if not url.database or url.database == ":memory:":
        raise ConfigError("DATABASE_URL names no file. A database in memory would be another one in each process.")
    return Path(url.database).expanduser().absolute()


def _with_database_folder(url: URL) -> URL:
    """The SQLite URL with an absolute path; creates its folder (mode 0700). Raises ConfigError."""
    path = _path_of(url)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        raise ConfigError(f"The folder of the database cannot be made: {path.parent}") from None
    return url.set(database=str(path))


def _add_event_listeners(engine: Engine) -> None:
    event.listen(engine, "handle_error", translate_driver_error)
    if engine.dialect.name == "sqlite":
        sqlite_engine.prepare(engine)
    else:
        postgresql_engine.prepare(engine)


def write_options(dialect: str) -> dict[str, Any]:
    """The execution options of a connection that begins a writing transaction."""
    postgresql = {"isolation_level": "READ COMMITTED"} if dialect == "postgresql" else {}
    return {"credstore_writes": True, **postgresql}


@contextmanager
def write_transaction(session: AnySession, *, bulk: bool = False) -> Iterator[None]:
    """A write transaction: committed at the end, rolled back on any exception. Raises StorageError.

    `bulk` is for changes of many rows: SQLite then keeps the changed pages in memory until the commit, instead of
    writing them to its log each time its small cache is full, and again later. Memory is given back at the end.
    """
    session.rollback()  # ends the read transaction of the sign-in check, which cannot become a write
    dialect = session.get_bind().dialect.name
    session.connection(execution_options=write_options(dialect) | {"credstore_bulk": bulk})
    try:
        yield
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        if bulk and dialect == "postgresql":  # SQLite's is given back with its cache
            return_memory()


@contextmanager
def statement_transaction(session: AnySession, *, single: bool = False) -> Iterator[Connection]:
    """`write_transaction` for statements on the connection alone, with no object of the session: it takes less time.

    The session keeps its connection: what it reads later sees the newest moment with each statement. `single` is for
    one statement, which is then a transaction by itself, without BEGIN and COMMIT.
    """
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        if not single:
            with write_transaction(session):
                yield session.connection()
            return
        if not cast("Any", connection.connection.driver_connection).autocommit:
            session.rollback()  # a snapshot that somebody reads would take the statement with it when it ends
            connection = session.connection()
    else:
        connection.execution_options(credstore_writes=True)  # so that a checkpoint follows when the session ends
        connection.connection.rollback()  # a read transaction cannot become a write
    try:
        if single:
            yield connection
            return
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection
        connection.exec_driver_sql("COMMIT")
    except BaseException:
        session.rollback()
        raise


def take_turns(session: AnySession | Connection, lock: int) -> None:
    """Inside a writing transaction: wait until no other one has this lock, and keep it until the end.

    On SQLite a writing transaction is alone from its beginning.
    """
    connection = session if isinstance(session, Connection) else session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})


def begin_snapshot(session: AnySession) -> None:
    """Every statement from here to the next rollback sees the same moment. On SQLite a read transaction does so."""
    session.rollback()
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


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
