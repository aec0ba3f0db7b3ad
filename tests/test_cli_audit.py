"""`credstore audit verify` and `export`: what they print, what they write, and their exit status."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from credstore.audit.retention import remove_old
from credstore.cli import main
from credstore.config import DATABASE_FILE, Config
from credstore.models import db

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: Config, app: Flask) -> Run:
    """`run("verify", status=1)` in an installation with three credentials."""
    monkeypatch.chdir(tmp_path)
    with app.app_context():
        for name in ("one", "two", "three"):
            app.extensions["credstore"].vault.create("git", name, {"extra_config": '{"a": "CANARY"}'})

    def command(*words: str, status: int = 0) -> Result:
        env = {"FIELD_ENCRYPTION_KEY": "", "CREDSTORE_DATA_DIR": str(config.data_dir), "DATABASE_URL": ""}
        result = CliRunner().invoke(main, ["audit", *words], env=env)
        assert result.exit_code == status, result.output
        assert "Traceback" not in result.output
        return result

    return command


def test_export_prints_the_head_that_verify_finds(run: Run, tmp_path: Path) -> None:
    exported = run("export", "log.jsonl").output
    head = exported.split()[-1]
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["act"] for line in lines] == ["create"] * 3
    assert lines[-1]["hash"] == head
    assert "CANARY" not in (tmp_path / "log.jsonl").read_text()
    assert (tmp_path / "log.jsonl").stat().st_mode & 0o077 == 0
    assert head in run("verify", "--head", head).output
    assert "No entry has the hash" in run("verify", "--head", "b" * 64, status=1).output


@pytest.mark.parametrize("head", ["", " ", "0" * 64, "a" * 63, "a" * 65, "g" * 64], ids=repr)
def test_what_is_no_hash_is_refused(run: Run, head: str) -> None:
    assert "Give the whole hash" in run("verify", "--head", head, status=2).output


def test_verify_says_what_retention_has_removed(run: Run, config: Config, app: Flask) -> None:
    with closing(sqlite3.connect(config.data_dir / DATABASE_FILE)) as database, database:
        (update,) = database.execute("SELECT sql FROM sqlite_master WHERE name = 'audit_entry_update'").fetchone()
        database.execute("DROP TRIGGER audit_entry_update")
        database.execute("UPDATE audit_entry SET at = '2020-01-02 03:04:05.000000' WHERE seq <= 2")
        database.execute(update)
        (head,) = database.execute("SELECT hash FROM audit_entry WHERE seq = 2").fetchone()
    with app.app_context():
        assert remove_old(db.session, timedelta(days=365)) == 2
    today = datetime.now(UTC).date()
    said = run("verify", "--head", head).output
    assert f"Entries 1 to 2 were removed by retention on {today}" in said or str(today - timedelta(days=1)) in said


def test_export_since_a_day(run: Run, tmp_path: Path) -> None:
    assert "Exported 0 entries" in run("export", "none.jsonl", "--since", "2999-01-01").output
    assert "Exported 3 entries" in run("export", "all.jsonl", "--since", "2020-01-01").output


def test_a_file_that_exists_stays(run: Run, tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text("mine")
    assert "exists already" in run("export", "log.jsonl", status=1).output
    assert (tmp_path / "log.jsonl").read_text() == "mine"
    assert "cannot be written" in run("export", "nowhere/log.jsonl", status=1).output


def test_verify_names_the_first_wrong_entry(run: Run, config: Config) -> None:
    with closing(sqlite3.connect(config.data_dir / DATABASE_FILE)) as database:
        database.execute("DROP TRIGGER audit_entry_update")
        database.execute("UPDATE audit_entry SET actor = 'somebody else' WHERE seq = 2")
        database.commit()
    assert "Wrong at entry 2" in run("verify", status=1).output


def test_a_command_is_named_as_such(run: Run, config: Config) -> None:
    env = {"CREDSTORE_DATA_DIR": str(config.data_dir), "DATABASE_URL": ""}
    words = ["admin", "create", "--username", "ann", "--password-stdin"]
    made = CliRunner().invoke(main, words, env=env, input="correct horse battery staple\n")
    assert made.exit_code == 0, made.output
    run("export", "log.jsonl")
    with closing(sqlite3.connect(config.data_dir / DATABASE_FILE)) as database:
        last = database.execute("SELECT act, actor, result FROM audit_entry ORDER BY seq DESC").fetchone()
    assert last == ("user added", "command line", "user ann, admin")
