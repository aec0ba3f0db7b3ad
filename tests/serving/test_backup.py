"""`credstore backup` and PostgreSQL's pg_dump, while others write; what comes back is whole and opens."""

import shutil
import sqlite3
import subprocess
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from credstore.config import DATABASE_FILE, Config
from credstore.errors import BackupFailed
from credstore.sqlite_backup import backup_database
from credstore.vault import Record, Vault
from tests.browser.live_site import open_app
from tests.conftest import MakeApp, close
from tests.fixtures.postgres import find_binaries
from tests.fixtures.serving import Serve, Server

KEY = "sk-backup-{:05}-0123456789"


def test_a_backup_under_load_is_one_moment_and_every_row_opens(serve: Serve, tmp_path: Path) -> None:
    server = serve(admin=("ann", "correct horse battery staple"))
    done, written = threading.Event(), [0]
    app = open_app(server)
    writer = threading.Thread(target=_write, args=(app, done, written))
    writer.start()
    copies = [tmp_path / f"copy {number}.sqlite3" for number in range(3)]
    try:
        for copy in copies:
            before = written[0]
            by_process = copy is copies[0]
            told = server.run("backup", str(copy)).stdout if by_process else server.run_here("backup", str(copy))
            assert "The file holds no key" in told
            assert before <= _numbers(copy) <= written[0] + 1  # the writer may be about to tell
    finally:
        done.set()
        writer.join()
        close(app)
    assert _numbers(copies[0]) < _numbers(copies[-1])
    restored = Server(tmp_path / "restored", env=server.env)
    restored.data_dir.mkdir(parents=True)
    shutil.copyfile(copies[-1], restored.data_dir / DATABASE_FILE)
    shutil.copytree(server.home / "data-keys", restored.home / "data-keys")
    _opens_every_row(open_app(restored), _numbers(copies[-1]))


def _write(app: Flask, done: threading.Event, written: list[int]) -> None:
    with app.app_context():
        vault = app.extensions["credstore"].vault
        while not done.is_set():
            number = written[0]
            vault.create("llm", f"Model {number}", {"provider_type": "openai", "api_key": KEY.format(number)})
            written[0] += 1


def _numbers(copy: Path) -> int:
    """How many credentials a copy has: the first ones that were written, with no gap between. It has no session."""
    assert copy.stat().st_mode & 0o077 == 0
    with closing(sqlite3.connect(copy)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        names = {name for (name,) in database.execute("SELECT name FROM credential")}
        assert database.execute("SELECT count(*) FROM login_session").fetchone() == (0,)
    assert names == {f"Model {number}" for number in range(len(names))}
    assert not list(copy.parent.glob(f"*{copy.name}*-*"))  # no log beside it
    return len(names)


def _opens_every_row(app: Flask, count: int) -> None:
    with app.app_context():
        vault = app.extensions["credstore"].vault
        keys = {vault.resolve(record.public_id)["api_key"] for record in _all(vault)}
    close(app)
    assert keys == {KEY.format(number) for number in range(count)}


def _all(vault: Vault) -> list[Record]:
    pages = range(1, vault.page().pagination.pages + 1)
    return [record for number in pages for record in vault.page(number=number).records]


@pytest.fixture
def database(app: Flask, config: Config) -> Path:
    return config.data_dir / DATABASE_FILE


def test_a_file_that_is_there_is_not_replaced(database: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy"
    target.write_text("something else")
    with pytest.raises(BackupFailed, match="exists already"):
        backup_database(database, target)
    assert target.read_text() == "something else"


def test_a_folder_that_is_not_there(database: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupFailed, match="cannot be written"):
        backup_database(database, tmp_path / "none" / "copy")


@pytest.mark.parametrize("damage", [slice(0, 100), slice(4096, None)])
def test_a_damaged_database_leaves_no_file(database: Path, tmp_path: Path, damage: slice) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(database.read_bytes())
    content[damage] = b"\xff" * len(content[damage])
    database.write_bytes(content)
    (tmp_path / "copies").mkdir()
    with pytest.raises(BackupFailed):
        backup_database(database, tmp_path / "copies" / "copy")
    assert not list((tmp_path / "copies").iterdir())


@pytest.mark.postgres
def test_postgresql_is_copied_by_its_own_tools_as_the_documentation_says(
    make_app: MakeApp, config: Config, postgres_url: str, empty_postgres_url: str, tmp_path: Path
) -> None:
    binaries = find_binaries()
    assert binaries
    app = make_app(replace(config, database_url=postgres_url))
    with app.app_context():
        for number in range(3):
            values = {"provider_type": "openai", "api_key": KEY.format(number)}
            app.extensions["credstore"].vault.create("llm", f"Model {number}", values)
    file = tmp_path / "copy.dump"
    _tool(binaries / "pg_dump", "--format=custom", f"--file={file}", postgres_url)
    _tool(binaries / "pg_restore", "--no-owner", f"--dbname={empty_postgres_url}", str(file))
    _opens_every_row(make_app(replace(config, database_url=empty_postgres_url)), 3)


def _tool(*command: object) -> None:
    subprocess.run([str(word) for word in command], check=True, timeout=60)
