"""`credstore migrate-db`: everything or nothing, from SQLite to PostgreSQL and back, killed at any boundary."""

import os
import signal
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import Column, func, insert, select, text

from credstore.cli import main
from credstore.cli.database_copy import DatabaseCopy
from credstore.column_types import JsonObject, UTCDateTime
from credstore.config import DATABASE_FILE, Config
from credstore.database import close_database
from credstore.errors import ConfigError, CopyRefused, Locked, NotMigrated, StorageDown
from credstore.migrate import upgrade
from credstore.minimal_app import database_app
from credstore.models import db
from credstore.table_copy import tables_to_copy
from credstore.vault import ListFilters, Vault
from credstore.vault.consistency import check_consistency
from tests.conftest import MakeApp
from tests.fixtures.killing import processes
from tests.vault.conftest import ON_SQLITE, llm, sql
from tests.vault.script import ScriptedTester
from tests.vault.test_key_rotation import fill_every_sealed_table

SECONDS = 60
BATCH = 4  # rows, of the copies that are killed
Values = dict[str, dict[str, str]]


@pytest.fixture
def target(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """An empty database of the other kind."""
    if database_url:
        return f"sqlite:///{tmp_path / 'new' / DATABASE_FILE}"
    return str(request.getfixturevalue("empty_postgres_url"))


@pytest.fixture
def source(database_url: str, config: Config, request: pytest.FixtureRequest) -> Config:
    """The settings of the database that is copied, which no process uses."""
    if database_url:
        request.getfixturevalue("emptying").close()  # only what nobody has open is copied
    return replace(config, database_url=database_url)


@pytest.fixture
def values(stored_app: Flask, source: Config) -> Values:
    """Something in every table, ids that were given and are free again, and nothing open; the secrets by id."""
    with stored_app.app_context():
        services = stored_app.extensions["credstore"]
        vault: Vault = services.vault
        vault.tests.tester = ScriptedTester()
        secrets = fill_every_sealed_table(vault)
        gone = llm(vault, "the newest, erased")
        vault.delete([gone.public_id])
        db.session.execute(text("DELETE FROM deleted_credential WHERE public_id = :id"), {"id": gone.public_id})
        db.session.commit()
        last = next(iter(secrets))
        vault.test(last)
        vault.start_run()
        vault.test_item(vault.latest_run(), 0, last, lambda: None)
        services.accounts.new_setup_link()
        sql("INSERT INTO admin (username, username_key, password_hash, created_at) VALUES ('A', 'a', '', '2026-01-01')")
        sql("INSERT INTO login_failure (subject, failures, failed_at) VALUES ('s', 2, '2026-01-01 10:00:00')")
        sql("UPDATE credential SET name = 'Straße “ä” \\ \t 🙂' WHERE public_id = :id", id=last)
        sql("INSERT INTO model_names (public_id, version, models) VALUES (:id, 1, '{\"damaged')", id=last)
        fill_empty_tables()
        db.session.rollback()
    close_database(stored_app)
    return secrets


def fill_empty_tables() -> None:
    """A row in each table that has none, so that tables of later versions are copied here too."""
    for table in db.metadata.sorted_tables:
        if not db.session.scalar(select(func.count()).select_from(table)):
            db.session.execute(insert(table).values({column.name: some_value(column) for column in table.c}))
    db.session.commit()


def some_value(column: Column[Any]) -> Any:
    if column.foreign_keys:
        (key,) = column.foreign_keys
        return db.session.scalar(select(key.column).limit(1))
    if isinstance(column.type, UTCDateTime):
        return datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    if isinstance(column.type, JsonObject):
        return {"a": 1}
    return {int: 1, str: "x", bytes: b"x", bool: True}[column.type.python_type]


@pytest.fixture
def unused(stored_app: Flask) -> None:
    """The source has its tables, and no process has it open."""
    close_database(stored_app)


def copy(config: Config, url: str, **more: Any) -> DatabaseCopy:
    done = DatabaseCopy(config, url, **({"batch": 2} | more))
    list(done.run())
    return done


def contents(config: Config) -> dict[str, list[Any]]:
    """Every row of every table."""
    app = database_app(config)
    with app.app_context(), db.engine.connect() as connection:
        tables = tables_to_copy(connection)
        found = {
            copied.name: [
                tuple(row) for row in connection.execute(copied.clause.select().order_by(*map(text, copied.key)))
            ]
            for copied in tables
        }
    close_database(app)
    return found


def at(config: Config, url: str) -> Config:
    return replace(config, database_url=url)


def test_everything_arrives_and_works(values: Values, source: Config, target: str, make_app: MakeApp) -> None:
    before = contents(source)
    assert [name for name, rows in before.items() if not rows] == []
    done = copy(source, target)
    assert done.opening
    assert (done.opening.opened, done.opening.failed) == (done.totals["Opening"], {})
    assert done.rows == {name: len(rows) for name, rows in before.items()}
    assert contents(at(source, target)) == before
    assert contents(source) == before

    app = make_app(at(source, target))
    with app.app_context():
        vault: Vault = app.extensions["credstore"].vault
        found = check_consistency(db.session)
        assert (found.sound, found.search_index, found.credentials) == (True, True, len(values))
        assert {public_id: vault.resolve(public_id) for public_id in values} == values
        assert [row.name for row in vault.page(ListFilters.clean(query="epl")).records] == ["Deploy"]
        assert len(vault.page().records) == len(values)
        highest = max(row[0] for name in ("credential", "deleted_credential") for row in _ids(name))
        vault.create("tool", "new", {"extra_config": '{"a": "b"}'})
        ((new_id,),) = db.session.execute(text("SELECT id FROM credential WHERE name = 'new'"))
        assert new_id > highest + 1, "the id of the erased one is not given again"
        batch = str(db.session.scalar(text("SELECT batch FROM deleted_credential")))
        assert vault.restore(batch) == 1
        vault.tests.tester = ScriptedTester()
        vault.test(next(iter(values)))  # its history gets a new number
        assert check_consistency(db.session).sound


def _ids(table: str) -> list[Any]:
    return list(db.session.execute(text(f"SELECT id FROM {table}")))


def copy_until(config: Config, url: str, boundary: int) -> None:
    """A process that copies, and is killed as `kill -9` does at the boundary with this number, from 1."""
    passed = 0

    def note(_moment: str) -> None:
        nonlocal passed
        passed += 1
        if passed == boundary:
            os.kill(os.getpid(), signal.SIGKILL)

    copy(config, url, batch=BATCH, at=note)


def exit_code(config: Config, url: str, boundary: int) -> int | None:
    process = processes.Process(target=copy_until, args=(config, url, boundary))
    process.start()
    process.join(SECONDS)
    return process.exitcode


def test_killed_at_every_boundary_nothing_is_there_and_a_second_run_copies_all(
    values: Values, source: Config, target: str
) -> None:
    before = contents(source)
    batches = sum(ceil(len(rows) / BATCH) for rows in before.values())
    made, verified, saved = 1, 2 + batches, 3 + batches
    assert exit_code(source, target, made) == -signal.SIGKILL
    assert not tables(source, target)
    set_up(source, target)  # the others need not make the tables each time
    for boundary in range(made + 1, verified + 1):
        assert exit_code(source, target, boundary) == -signal.SIGKILL
        assert not number_of_rows(at(source, target), before)
    assert exit_code(source, target, saved) == -signal.SIGKILL
    assert contents(at(source, target)) == before == contents(source)
    with pytest.raises(CopyRefused, match="not empty"):
        copy(source, target)


def number_of_rows(config: Config, tables: dict[str, Any]) -> int:
    app = database_app(config)
    with app.app_context():
        found = db.session.scalar(text("SELECT " + " + ".join(f"(SELECT count(*) FROM {name})" for name in tables)))
    close_database(app)
    return int(found)


def set_up(config: Config, url: str) -> None:
    app = database_app(at(config, url))
    upgrade(app)
    close_database(app)


def tables(config: Config, url: str) -> set[str]:
    app = database_app(at(config, url))
    with app.app_context(), db.engine.connect() as connection:
        found = {copied.name for copied in tables_to_copy(connection)}
    close_database(app)
    return found


@ON_SQLITE
def test_after_a_refusal_a_second_run_copies_all(values: Values, source: Config, target: str) -> None:
    steps = DatabaseCopy(source, target, batch=2).run()
    next(steps)
    steps.close()
    assert not tables(source, target)
    copy(source, target)
    assert contents(at(source, target)) == contents(source)


@ON_SQLITE
@pytest.mark.parametrize("made", ["CREATE TABLE theirs (id INTEGER)", "CREATE TABLE credential (id INTEGER)"])
def test_a_target_with_a_table_is_refused_and_left(unused: None, source: Config, target: str, made: str) -> None:
    app = database_app(at(source, target))
    with app.app_context():
        db.session.execute(text(made))
        db.session.commit()
    close_database(app)
    with pytest.raises(CopyRefused, match="not empty: see its table"):
        copy(source, target)
    assert len(tables(source, target)) == 1


def test_a_source_that_a_process_has_open_is_refused(
    unused: None, source: Config, target: str, stored_app: Flask
) -> None:
    with stored_app.app_context():
        sql("INSERT INTO login_failure (subject, failures, failed_at) VALUES ('s', 2, '2026-01-01 10:00:00')")
        db.session.execute(text("SELECT 1"))  # an idle server keeps its connections
        db.session.remove()
        with pytest.raises(CopyRefused, match="in use: stop the server"):
            copy(source, target)
    close_database(stored_app)
    steps = DatabaseCopy(source, target, batch=2).run()
    next(steps)
    with pytest.raises((sqlite3.OperationalError, psycopg.errors.LockNotAvailable)):
        write_meanwhile(source)
    steps.close()


def write_meanwhile(config: Config) -> None:
    """As a server does that starts after the copy has begun; it does not wait."""
    if config.database_url:
        with psycopg.connect(config.database_url, options="-c lock_timeout=50") as connection:
            connection.execute("DELETE FROM credential")
        return
    with closing(sqlite3.connect(config.data_dir / DATABASE_FILE, timeout=0)) as other:
        other.execute("DELETE FROM credential")


@ON_SQLITE
def test_what_cannot_be_copied_from_is_told(
    unused: None, source: Config, target: str, tmp_path: Path, keys: str
) -> None:
    with pytest.raises(CopyRefused, match="There is no database at"):
        copy(replace(source, data_dir=tmp_path / "nowhere"), target)
    with closing(sqlite3.connect(source.data_dir / DATABASE_FILE)) as database, database:
        database.execute("INSERT INTO key_check (key_id, token, created_at) VALUES ('0', '', '2026-01-01')")
    with pytest.raises(Locked):
        copy(replace(source, field_encryption_key=Fernet.generate_key().decode()), target)
    behind = tmp_path / "behind"
    behind.mkdir()
    with closing(sqlite3.connect(behind / DATABASE_FILE)) as database:
        database.execute("CREATE TABLE alembic_version (version_num)")
    with pytest.raises(NotMigrated):
        copy(replace(source, data_dir=behind), target)
    (behind / DATABASE_FILE).write_bytes(b"no database" * 999)
    with pytest.raises(StorageDown, match="damaged"):
        copy(replace(source, data_dir=behind), target)
    assert not tables(source, target)


@ON_SQLITE
def test_where_it_cannot_be_copied_to_is_told(unused: None, source: Config) -> None:
    for url in ("no url", "mysql://ann:CANARY@h/d"):
        with pytest.raises(ConfigError, match=r"^The URL to copy to ") as refused:
            copy(source, url)
        assert "CANARY" not in repr(refused.value)
    with pytest.raises(CopyRefused, match="to copy to cannot be reached: nothing accepts connections") as down:
        copy(source, "postgresql://ann:CANARY@127.0.0.1:1/d")
    assert "CANARY" not in repr(down.value)
    with pytest.raises(CopyRefused, match="itself"):
        copy(source, source.sqlalchemy_url)


@ON_SQLITE
@pytest.mark.parametrize(
    ("change", "table"),
    [
        ("UPDATE credential SET name = replace(hex(zeroblob(150)), '0', 'x')", "credential"),  # 300 characters
        ("UPDATE admin SET username = 'a' || char(0)", "admin"),
        ("UPDATE deleted_credential SET version = 1e12", "deleted_credential"),
    ],
)
def test_a_value_that_postgresql_does_not_take_is_refused_by_its_table(
    values: Values, source: Config, target: str, change: str, table: str
) -> None:
    with closing(sqlite3.connect(source.data_dir / DATABASE_FILE)) as database, database:
        database.execute(change)
    with pytest.raises(CopyRefused, match=f"a row of the table {table}. Nothing was copied"):
        copy(source, target)
    assert not tables(source, target)


@ON_SQLITE
def test_what_no_key_opens_is_copied_only_when_it_is_asked_for(values: Values, source: Config, target: str) -> None:
    with closing(sqlite3.connect(source.data_dir / DATABASE_FILE)) as database, database:
        database.execute("UPDATE credential SET sealed = 'damaged' WHERE name = 'Deploy'")
    with pytest.raises(CopyRefused, match=r"no configured key opens: 1. Nothing was copied"):
        copy(source, target)
    assert not tables(source, target)
    done = copy(source, target, keep_unreadable=True)
    assert done.opening
    assert done.opening.failed == {"is damaged": 1}
    assert contents(at(source, target)) == contents(source)


@ON_SQLITE
def test_rows_of_an_earlier_key_are_opened_too(values: Values, source: Config, target: str, keys: str) -> None:
    new = Fernet.generate_key().decode()
    done = copy(replace(source, field_encryption_key=f"{new},{keys}"), target)
    assert done.opening
    assert not done.opening.failed


@ON_SQLITE
def test_the_command_says_what_it_did_and_what_to_do(values: Values, source: Config, target: str) -> None:
    env = {"CREDSTORE_DATA_DIR": str(source.data_dir), "FIELD_ENCRYPTION_KEY": source.field_encryption_key}
    done = CliRunner().invoke(main, ["migrate-db", target], env=env | {"SECRET_KEY": "s" * 40, "DATABASE_URL": ""})
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[0].startswith(f"Copied: {len(values)} credentials; with all else ")
    assert lines[1] == ("Opened with the configured keys: 5 credentials, 1 deleted credential, 4 replaced secrets.")
    assert lines[2].startswith("Set DATABASE_URL to the new URL, keep the same FIELD_ENCRYPTION_KEY")
    *_, last = contents(at(source, target))["audit_entry"]
    assert {"command line", "copied from another database", len(values)} <= set(last)
    again = CliRunner().invoke(main, ["migrate-db", target], env=env | {"SECRET_KEY": "s" * 40, "DATABASE_URL": ""})
    assert again.exit_code == 1
    assert "not empty" in again.output
