"""Opens a database to be copied in such a way that no other process can change it meanwhile."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, NullPool, StaticPool, create_engine, event, text

from credstore.database import CONNECT_SECONDS, database_file
from credstore.database_errors import translate_driver_error
from credstore.errors import CopyRefused, StorageDown
from credstore.table_copy import table_names

_IN_USE = "The database is in use: stop the server and every other command first. What they write would be lost."
_OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user"
    " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)


@contextmanager
def exclusive_source(url: str) -> Iterator[Connection]:
    """A connection that reads the database as it is at one moment, inside a transaction.

    Raises CopyRefused where another process has it open, StorageError where it cannot be opened.
    """
    file = database_file(url)
    with _sqlite_source(file) if file else _postgresql_source(url) as connection:
        yield connection


@contextmanager
def _sqlite_source(file: Path) -> Iterator[Connection]:
    if not file.is_file():
        raise CopyRefused(f"There is no database at {file}.")
    try:
        # A timeout of 0: a server keeps its connections open, so that waiting would not help.
        driver = sqlite3.connect(f"{file.as_uri()}?mode=rw", uri=True, timeout=0, isolation_level=None)
    except sqlite3.Error:
        raise StorageDown("The database cannot be opened for writing. Check the data folder's permissions.") from None
    with closing(driver):
        try:
            # In this mode SQLite refuses every other connection, and is refused while there is one, idle ones too.
            driver.execute("PRAGMA locking_mode=EXCLUSIVE")
            driver.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            raise CopyRefused(_IN_USE) from None
        except sqlite3.DatabaseError:
            raise StorageDown("The database file is damaged. Restore it from a backup.") from None
        engine = create_engine("sqlite://", creator=lambda: driver, poolclass=StaticPool, hide_parameters=True)
        event.listen(engine, "handle_error", translate_driver_error)
        with engine.connect() as connection:
            yield connection


@contextmanager
def _postgresql_source(url: str) -> Iterator[Connection]:
    engine = create_engine(
        url,
        hide_parameters=True,
        poolclass=NullPool,
        isolation_level="REPEATABLE READ",
        connect_args={"connect_timeout": CONNECT_SECONDS},
    )
    event.listen(engine, "handle_error", translate_driver_error)
    with engine.connect() as connection:
        names = ", ".join(map(connection.dialect.identifier_preparer.quote, table_names(connection)))
        connection.rollback()
        # Before anything is read: what is read from here on is of one moment, and nobody writes meanwhile.
        if names:
            connection.exec_driver_sql(f"LOCK TABLE {names} IN SHARE MODE")
        if connection.scalar(_OTHERS):
            raise CopyRefused(_IN_USE)
        yield connection
