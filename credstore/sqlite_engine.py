"""What SQLite needs of an engine: its pragmas, transactions that take the write lock at once, and checkpoints.

A checkpoint copies the write-ahead log into the database. SQLite makes it at the commit that finds the log long, while
a person waits. Here a thread makes it soon after a commit, so that nobody waits.
"""

import hashlib
import os
import sqlite3
import threading
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, cast
from weakref import WeakSet

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.pool import ConnectionPoolEntry

from credstore.freed_memory import return_memory

BUSY_TIMEOUT_MS = 5_000
CACHE_KIB, BULK_CACHE_KIB = 500, 256_000  # the page cache of a connection, and during a bulk change
LARGE_CACHE_KIB = 64_000  # in a process that makes one change of all rows
KEPT_STATEMENTS = 128  # by the driver for each connection, as `cached_statements` of sqlite3.connect
CHECKPOINT_SECONDS = 1.0  # from a commit to the checkpoint
# Pages of the log at which a commit makes the checkpoint itself: where the thread does not keep up or does not run.
AUTO_CHECKPOINT_PAGES = 16_000
_PRAGMAS = (
    "PRAGMA synchronous=NORMAL",
    f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}",
    f"PRAGMA wal_autocheckpoint={AUTO_CHECKPOINT_PAGES}",
    f"PRAGMA cache_size=-{CACHE_KIB}",
    "PRAGMA foreign_keys=ON",
    # Freed pages are overwritten, so that a replaced or erased ciphertext does not stay in the file.
    "PRAGMA secure_delete=ON",
)


def prepare(engine: Engine) -> None:
    """Add the listeners to an engine of SQLite."""
    checkpoints = Checkpoints(Path(str(engine.url.database)))
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    event.listen(engine, "commit", checkpoints.note_commit)
    event.listen(engine, "rollback", checkpoints.note_commit)  # of a session that has committed by a statement
    event.listen(engine, "checkin", _end_bulk)
    event.listen(engine, "engine_disposed", checkpoints.stop)


class Checkpoints:
    """Makes a checkpoint a second after a commit, once for all commits of that second."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self.forget_threads()
        _every_checkpoints.add(self)

    def forget_threads(self) -> None:
        """At the beginning, and in a forked process: it has none of the threads, and a lock may be held for ever."""
        self._lock = threading.Lock()
        self._waiting = False
        self._timers: list[threading.Timer] = []  # those that wait or make a checkpoint

    def note_commit(self, connection: Connection) -> None:
        """After a commit: see that a checkpoint follows."""
        if not connection.get_execution_options().get("credstore_writes"):
            return
        with self._lock:
            if self._waiting:
                return
            self._waiting = True
            timer = threading.Timer(CHECKPOINT_SECONDS, self._checkpoint)
            timer.name, timer.daemon = "credstore-checkpoint", True
            self._timers = [timer, *(earlier for earlier in self._timers if earlier.is_alive())]
        timer.start()

    def stop(self, _engine: Engine) -> None:
        """When the engine is closed: no thread opens the database until the next commit."""
        with self._lock:
            timers, self._timers, self._waiting = self._timers, [], False
        for timer in timers:
            timer.cancel()
            if timer.is_alive():
                timer.join()

    def _checkpoint(self) -> None:
        with self._lock:
            self._waiting = False
        # "rw": a database that was removed meanwhile is not made anew. PASSIVE waits for nobody and blocks nobody.
        with suppress(sqlite3.Error), closing(sqlite3.connect(f"{self._database.as_uri()}?mode=rw", uri=True)) as log:
            log.execute("PRAGMA wal_checkpoint(PASSIVE)")


_every_checkpoints = WeakSet[Checkpoints]()


def _forget_threads() -> None:
    for checkpoints in _every_checkpoints:
        checkpoints.forget_threads()


os.register_at_fork(after_in_child=_forget_threads)


def _set_pragmas(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver's own BEGIN comes too late; `_begin` sends it
    connection.create_function("credstore_sha256", 1, _sha256, deterministic=True)
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    _begin_wal(cursor)
    cursor.close()


def _sha256(text: str) -> str:
    """In hex; SQLite has no such function."""
    return hashlib.sha256(text.encode()).hexdigest()


def _begin_wal(cursor: DBAPICursor) -> None:
    """Set the journal mode, which stays in the file. SQLite does not wait where two connections change it at once."""
    end = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as busy:
            if busy.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.02)
        else:
            return


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("credstore_bulk"):
        connection.exec_driver_sql(f"PRAGMA cache_size=-{BULK_CACHE_KIB}")
        connection.exec_driver_sql("PRAGMA wal_autocheckpoint=0")
        connection.info["credstore_bulk"] = True
    if options.get("credstore_writes"):
        # It takes the write lock at once: reading first and writing later loses updates or deadlocks.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:  # by the driver, since it can neither wait nor fail: in each request
        cast("Any", connection.connection.driver_connection).execute("BEGIN")


def enlarge_cache(connection: Connection) -> None:
    """For a process that is there for one large change: its connection may keep more of the indexes in memory."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA cache_size=-{LARGE_CACHE_KIB}")


def _end_bulk(connection: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
    """When the connection of a bulk change returns to the pool, give its memory back.

    That is its cache of pages, and what the driver's kept statements still have: texts with thousands of ids. Other
    statements take their places. To close the connection would copy the whole log into the database, while a person
    waits, where it is the last one.
    """
    if connection is not None and entry.info.pop("credstore_bulk", False):
        cursor = connection.cursor()
        for number in range(KEPT_STATEMENTS):
            cursor.execute(f"SELECT {number}")
        for pragma in (f"cache_size=-{CACHE_KIB}", f"wal_autocheckpoint={AUTO_CHECKPOINT_PAGES}", "shrink_memory"):
            cursor.execute(f"PRAGMA {pragma}")
        return_memory()
