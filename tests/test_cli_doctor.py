"""`credstore doctor`: each thing that can be wrong with an installation is found, named, and comes with what to do."""

import json
import socket
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import insert, text

from credstore.cli import main
from credstore.cli.installation_checks import check_time
from credstore.config import Config
from credstore.models import Credential, db, utc_now
from credstore.notice_models import NoticeDelivery
from credstore.vault import Vault
from tests.conftest import PASSWORD, USERNAME

Run = Callable[..., Result]
BOT = {"bot_token": "123456789:AAbbccddeeff-_0123456789"}


@pytest.fixture
def doctor(
    stored_app: Flask, vault: Vault, config: Config, keys: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Run:
    """`doctor("problem sentence", …)` runs the command and expects exactly these problems."""
    stored_app.extensions["credstore"].accounts.create(USERNAME, PASSWORD)
    vault.create("telegram", "bot", BOT)
    config.data_dir.mkdir(exist_ok=True)
    for file in config.data_dir.iterdir():
        file.chmod(0o600)
    values = {"FIELD_ENCRYPTION_KEY": keys, "SECRET_KEY": "s" * 40, "DATABASE_URL": database_url}
    for name, value in (values | {"CREDSTORE_DATA_DIR": str(config.data_dir)}).items():
        monkeypatch.setenv(name, value)

    def run(*problems: str) -> Result:
        result = CliRunner().invoke(main, ["doctor", "--json"])
        found = [item["sentence"] for item in json.loads(result.stdout) if not item["ok"]]
        assert len(found) == len(problems), found
        for expected, sentence in zip(problems, found, strict=True):
            assert expected in sentence
        assert result.exit_code == bool(problems)
        assert all(item["advice"] for item in json.loads(result.stdout) if not item["ok"])
        return result

    return run


def test_a_sound_installation_is_told_to_be_sound(doctor: Run, keys: str) -> None:
    doctor()
    told = CliRunner().invoke(main, ["doctor"])
    assert told.exit_code == 0
    assert "1 credentials, counted right." in told.output
    assert "Stored, each with its key configured: 1 credential." in told.output
    assert "problem" not in told.output
    assert keys not in told.output


def test_a_key_that_is_missing_is_named_with_what_it_is_needed_for(
    doctor: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIELD_ENCRYPTION_KEY", Fernet.generate_key().decode())
    doctor("is not configured. It encrypted 1 credential.")
    monkeypatch.delenv("FIELD_ENCRYPTION_KEY")
    doctor("FIELD_ENCRYPTION_KEY is not set")


def test_a_key_that_is_no_key_is_a_problem_and_is_not_shown(doctor: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIELD_ENCRYPTION_KEY", "no-key-at-all-0123")
    assert "no-key-at-all-0123" not in doctor("FIELD_ENCRYPTION_KEY").output


def test_wrong_counts_and_a_missing_administrator(doctor: Run) -> None:
    db.session.execute(text("UPDATE credential_count SET total = total + 1"))
    db.session.execute(text("DELETE FROM login_session"))
    db.session.execute(text("DELETE FROM admin"))
    db.session.commit()
    doctor("counts or the search index differ", "no administrator")


def test_notices_without_a_way_and_lost_ones(doctor: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDSTORE_NOTIFY_WEBHOOK", "https://hooks.test/CANARY")
    assert "CANARY" not in doctor("needs CREDSTORE_NOTIFY_WEBHOOK_SECRET").output
    monkeypatch.setenv("CREDSTORE_NOTIFY_WEBHOOK_SECRET", "w" * 20)
    assert "They go by a webhook; messages that wait: 0." in doctor().output
    lost = {"id": "1", "channel": "webhook", "changes": 3, "message": "", "problem": "It was down.", "attempts": 6}
    now = utc_now()
    db.session.execute(insert(NoticeDelivery).values(made_at=now, next_at=now, given_up_at=now, **lost))
    db.session.commit()
    doctor("3 changes were not told in the last 30 days. The last problem: It was down.")


def test_tables_of_another_version_are_one_problem(doctor: Run) -> None:
    db.session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    db.session.commit()
    doctor("tables are missing or of another version")


def test_a_clock_behind_what_was_stored(doctor: Run, vault: Vault, stored_app: Flask, config: Config) -> None:
    doctor()
    row = db.session.query(Credential).one()
    row.created_at = utc_now() + timedelta(hours=2)
    db.session.commit()
    doctor("earlier than the newest credential")
    assert [found.subject for found in check_time(config, stored_app)] == ["Time"]


def test_a_proxy_that_does_not_answer(doctor: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        monkeypatch.setenv("CREDSTORE_EGRESS_PROXY", f"http://user:proxy-password@127.0.0.1:{port}")
        refused = doctor("does not accept connections")
        listener.listen()
        answered = doctor()
    assert "proxy-password" not in refused.output + answered.output


@pytest.mark.parametrize("setting", ["CREDSTORE_EGRESS_ALLOW", "CREDSTORE_EGRESS_PROXY", "CREDSTORE_CA_BUNDLE"])
def test_a_wrong_setting_of_the_egress(doctor: Run, monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    monkeypatch.setenv(setting, "/no such: thing")
    doctor(setting)


def test_files_that_others_may_open_and_a_key_beside_the_data(
    doctor: Run, config: Config, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = config.data_dir / "keys"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    monkeypatch.setenv("CREDSTORE_KEY_DIR", str(folder))
    doctor("Other users of this machine may open", "inside the data folder")
    folder.chmod(0o700)
    if not database_url:
        (config.data_dir / "credstore.sqlite3").chmod(0o644)
        doctor("Other users of this machine may open", "inside the data folder")


def test_an_installation_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["doctor", "--data-dir", str(tmp_path / "none")])
    assert result.exit_code == 1
    assert "There is no database at" in result.output
    assert not (tmp_path / "none" / "credstore.sqlite3").exists()


def test_a_damaged_file(doctor: Run, config: Config, database_url: str) -> None:
    if database_url:
        pytest.skip("PostgreSQL's files are its own")
    db.session.remove()
    db.engine.dispose()
    file = config.data_dir / "credstore.sqlite3"
    content = bytearray(file.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    file.write_bytes(content)
    result = CliRunner().invoke(main, ["doctor"])
    assert result.exit_code == 1
    assert "damaged" in result.output
    assert "Traceback" not in result.output
