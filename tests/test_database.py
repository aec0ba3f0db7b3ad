"""The connection: SQLite's pragmas, one writer at a time, and driver errors as StorageError without parameters."""

import os
import signal
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from credstore import database_errors, freed_memory, sqlite_engine
from credstore.config import DATABASE_FILE, Config
from credstore.database import close_database, init_database, write_transaction
from credstore.errors import ConfigError, NotMigrated, StorageBusy, StorageDown, StorageError, StorageFull
from credstore.freed_memory import return_memory
from credstore.migrate import is_current, upgrade
from credstore.minimal_app import database_app
from credstore.models import db
from credstore.sqlite_engine import AUTO_CHECKPOINT_PAGES, BULK_CACHE_KIB, CACHE_KIB
from tests.bench.processes import resident_bytes
from tests.conftest import MakeApp


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 1), ("foreign_keys", 1), ("secure_delete", 1), ("busy_timeout", 5000)],
)
def test_a_pragma_is_really_on(app: Flask, pragma: str, value: object) -> None:
    with app.app_context():
        assert db.session.execute(text(f"PRAGMA {pragma}")).scalar() == value


@pytest.mark.parametrize("wait", [0.0, 0.01], ids=["waiting", "under way"])
def test_a_closed_database_is_opened_by_no_thread(app: Flask, wait: float, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, go_on = threading.Event(), threading.Event()
    real = sqlite3.connect

    def slow(*args: Any, **more: Any) -> sqlite3.Connection:
        if threading.current_thread().name == "credstore-checkpoint":
            opened.set()
            assert go_on.wait(10)
        return real(*args, **more)

    monkeypatch.setattr(sqlite_engine.sqlite3, "connect", slow)
    monkeypatch.setattr(sqlite_engine, "CHECKPOINT_SECONDS", wait or 60)
    before = set(threading.enumerate())
    with app.app_context():
        with write_transaction(db.session):
            db.session.execute(text("DELETE FROM setup_link"))
        assert not wait or opened.wait(10)
    checkpoints = [thread for thread in set(threading.enumerate()) - before if "checkpoint" in thread.name]
    assert len(checkpoints) == 1
    closed = time.monotonic()
    threading.Timer(0.1, go_on.set).start()
    close_database(app)
    assert not checkpoints[0].is_alive()
    assert time.monotonic() - closed < 10, "a thread that waits is ended, and not waited for"


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_closes_its_database_while_others_of_its_parent_commit(app: Flask) -> None:
    """A fork in the moment of a commit takes a lock with it that nobody would release."""
    with app.app_context():
        with write_transaction(db.session):
            db.session.execute(text("DELETE FROM setup_link"))
        for each in sqlite_engine._every_checkpoints:
            each._lock.acquire()
        child = os.fork()
        if not child:
            db.engine.dispose(close=False)
            os._exit(7)
        for each in sqlite_engine._every_checkpoints:
            each._lock.release()
        deadline = time.monotonic() + 20
        while not (ended := os.waitpid(child, os.WNOHANG))[0] and time.monotonic() < deadline:
            time.sleep(0.01)
        if not ended[0]:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(ended[1]) == 7


def test_after_a_bulk_change_sqlite_keeps_nothing_of_it(app: Flask) -> None:
    with app.app_context():
        with write_transaction(db.session, bulk=True):
            used: Any = db.session.connection().connection.driver_connection
            assert used.execute("PRAGMA cache_size").fetchone() == (-BULK_CACHE_KIB,)
            ids = "x" * 4_000_000
            assert db.session.execute(text("SELECT length(:ids)"), {"ids": ids}).scalar() == len(ids)
            held = resident_bytes()
        db.session.remove()
        assert used.execute("PRAGMA cache_size").fetchone() == (-CACHE_KIB,)
        assert used.execute("PRAGMA wal_autocheckpoint").fetchone() == (AUTO_CHECKPOINT_PAGES,)
        del ids
        return_memory()
        assert resident_bytes() < held - 6_000_000, "the text, and the driver's copy of it"


def test_what_a_change_held_is_collected_when_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    class Held:
        own: "Held"

    held = Held()
    held.own, gone = held, weakref.ref(held)
    collected = threading.Event()
    monkeypatch.setattr(freed_memory, "_trim", lambda: None if gone() else collected.set())
    freed_memory.return_memory()
    assert gone(), "it is in use"
    del held
    assert collected.wait(10)


def test_a_busy_database_is_told_as_such(app: Flask, config: Config) -> None:
    other = sqlite3.connect(config.data_dir / DATABASE_FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with app.app_context():
            db.session.execute(text("PRAGMA busy_timeout=50"))
            vault = app.extensions["credstore"].vault
            with pytest.raises(StorageBusy):
                vault.delete(["x"])
            assert vault.page().records == (), "reading goes on"
    finally:
        other.close()


def test_a_full_database_is_told_as_such_and_saves_nothing(app: Flask) -> None:
    with app.app_context():
        pages = db.session.execute(text("PRAGMA page_count")).scalar()
        db.session.execute(text(f"PRAGMA max_page_count={pages}"))
        vault = app.extensions["credstore"].vault

        def fill() -> None:
            for number in range(200):
                vault.create("tool", f"n{number}", {"extra_config": '{"a": "' + "x" * 15_000 + '"}'})

        with pytest.raises(StorageFull):
            fill()
        assert len(vault.page().records) == db.session.execute(text("SELECT count(*) FROM credential")).scalar()


@pytest.mark.postgres
def test_an_unmigrated_postgres_is_told_as_such(
    config: Config, empty_postgres_url: str, unmigrated: Callable[[Config], None]
) -> None:
    unmigrated(replace(config, database_url=empty_postgres_url))


def test_an_unmigrated_sqlite_is_told_as_such(config: Config, unmigrated: Callable[[Config], None]) -> None:
    unmigrated(config)


@pytest.fixture
def unmigrated() -> Callable[[Config], None]:
    def check(config: Config) -> None:
        app = database_app(config)
        with app.app_context():
            assert not is_current(db.session.connection())
            db.session.rollback()
            with pytest.raises(NotMigrated):
                db.session.execute(text("SELECT * FROM credential"))
            db.session.rollback()
        upgrade(app)
        upgrade(app)
        with app.app_context():
            assert is_current(db.session.connection())
            db.session.remove()
            db.engine.dispose()

    return check


def test_a_file_that_is_no_database_is_told_as_such(config: Config) -> None:
    config.data_dir.mkdir()
    (config.data_dir / DATABASE_FILE).write_bytes(b"this is no database" * 1000)
    app = database_app(config)
    with app.app_context():
        with pytest.raises(StorageDown):
            db.session.execute(text("SELECT 1"))
        db.session.remove()
        db.engine.dispose()


def test_an_unreachable_server_is_told_as_such(config: Config) -> None:
    app = database_app(replace(config, database_url="postgresql://u:CANARY@127.0.0.1:1/d"))
    with app.app_context():
        with pytest.raises(StorageDown) as caught:
            db.session.execute(text("SELECT 1"))
        assert "CANARY" not in f"{caught.value!r}"
        db.session.remove()
        db.engine.dispose()


@pytest.mark.parametrize("url", ["CANARY", "://CANARY"])
def test_what_is_no_url_is_refused_without_repeating_it(config: Config, url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        database_app(replace(config, database_url=url))
    assert "CANARY" not in f"{caught.value!r}"


def test_an_error_carries_no_parameters(stored_app: Flask) -> None:
    with stored_app.app_context():
        statement = text("INSERT INTO key_check (key_id, token, created_at) VALUES (:k, :t, NULL)")
        with pytest.raises((SQLAlchemyError, StorageError)) as caught:
            db.session.execute(statement, {"k": "CANARY-1", "t": "CANARY-2"})
        assert "[parameters:" not in str(caught.value).replace("[SQL parameters hidden", "")
        db.session.rollback()


def test_a_row_whose_values_speak_of_locks_is_a_duplicate_all_the_same(stored_app: Flask) -> None:
    with stored_app.app_context():
        statement = text("INSERT INTO key_check (key_id, token, created_at) VALUES ('locked', 'busy', '2026-01-01')")
        db.session.execute(statement)
        with pytest.raises(IntegrityError):
            db.session.execute(statement)
        db.session.rollback()


def test_no_update_is_lost_between_threads(stored_app: Flask) -> None:
    with stored_app.app_context():
        db.session.execute(
            text("INSERT INTO login_failure (subject, failures, failed_at) VALUES ('s', 0, '2026-01-01')")
        )
        db.session.commit()

    def add(_: int) -> None:
        with stored_app.app_context(), write_transaction(db.session):
            lock = " FOR UPDATE" if db.engine.dialect.name == "postgresql" else ""
            count = db.session.execute(text(f"SELECT failures FROM login_failure{lock}")).scalar()
            db.session.execute(text("UPDATE login_failure SET failures = :n"), {"n": count + 1})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(40)))
    with stored_app.app_context():
        assert db.session.execute(text("SELECT failures FROM login_failure")).scalar() == 40


def test_a_failed_writing_leaves_nothing_and_frees_the_lock(stored_app: Flask) -> None:
    add = text("INSERT INTO setup_link (token_hash, expires_at) VALUES ('h', '2026-01-01')")
    with stored_app.app_context():

        def fail() -> None:
            with write_transaction(db.session):
                db.session.execute(add)
                raise KeyError("a bug")

        with pytest.raises(KeyError):
            fail()
        with write_transaction(db.session):
            db.session.execute(add)
        assert db.session.execute(text("SELECT count(*) FROM setup_link")).scalar() == 1


def test_the_data_folder_is_for_its_owner_alone(config: Config) -> None:
    database_app(config)
    assert Path(config.data_dir).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("url", ["postgresql://u:p@x:S3cretTail@h/d", "no url", "mysql://u:S3cretTail@h/d"])
def test_a_url_that_is_none_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        init_database(Flask("x"), url)
    assert "DATABASE_URL" in refusal.value.sentence
    assert "S3cretTail" not in refusal.value.sentence
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None


def test_a_connection_that_postgresql_closed_meanwhile_is_replaced(
    postgres_url: str, config: Config, make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("credstore.postgresql_engine.TRUSTED_IDLE_SECONDS", 0.0)
    app = make_app(replace(config, database_url=postgres_url))
    with app.app_context():
        (pid,) = db.session.execute(text("SELECT pg_backend_pid()")).one()
        db.session.remove()
        with db.engine.connect() as first, db.engine.connect() as second:
            other = second if first.scalar(text("SELECT pg_backend_pid()")) == pid else first
            other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            other.scalar(text("SELECT pg_sleep(0.1)"))
    with app.app_context():
        assert [db.session.scalar(text("SELECT 1"))] == [1]


@pytest.mark.parametrize(
    ("state", "error"), [(state, error) for state, (error, _) in database_errors._BY_STATE.items()]
)
def test_an_error_of_postgresql_is_known_by_its_code(
    postgres_url: str, config: Config, make_app: MakeApp, state: str, error: type[StorageError]
) -> None:
    app = make_app(replace(config, database_url=postgres_url))
    statement = text(f"DO $$ BEGIN RAISE EXCEPTION 'auf Deutsch' USING ERRCODE = '{state}'; END $$")
    with app.app_context():
        with pytest.raises(error):
            db.session.execute(statement)
        db.session.rollback()
        assert db.session.scalar(text("SELECT 1")) == 1


def test_words_in_an_error_of_postgresql_do_not_decide(postgres_url: str, config: Config, make_app: MakeApp) -> None:
    app = make_app(replace(config, database_url=postgres_url))
    with app.app_context(), pytest.raises(DataError):
        db.session.execute(text("SELECT CAST(:value AS integer)"), {"value": "database is locked and full"})
