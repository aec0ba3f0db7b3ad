"""`credstore keys rotate`, `verify` and `retire`: what they print, what they refuse, and their exit status."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.fernet import Fernet
from flask import Flask

from credstore.cli import main
from credstore.config import Config
from credstore.encryption.keyring import key_id
from credstore.vault import Vault
from tests.conftest import MakeApp

NEW = Fernet.generate_key().decode()
SECRET = '{"a": "CANARY"}'
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: Config) -> Run:
    """`run("rotate", keys=…, status=1)` in the installation of `config`."""
    monkeypatch.chdir(tmp_path)

    def command(*words: str, keys: str, status: int = 0) -> Result:
        env = {"FIELD_ENCRYPTION_KEY": keys, "CREDSTORE_DATA_DIR": str(config.data_dir), "DATABASE_URL": ""}
        result = CliRunner().invoke(main, ["keys", *words], env=env)
        assert result.exit_code == status, result.output
        assert "Traceback" not in result.output
        assert not any(secret in result.output for secret in ("CANARY", NEW, *filter(None, keys.split(","))))
        return result

    return command


@pytest.fixture
def filled(app: Flask) -> list[str]:
    """The ids of two credentials, of which one was edited."""
    with app.app_context():
        vault: Vault = app.extensions["credstore"].vault
        one, two = (vault.create("git", name, {"extra_config": SECRET}) for name in ("one", "two"))
        vault.edit(one.public_id, version=1, name="one", values={"extra_config": '{"a": "CANARY 2"}'})
    return [one.public_id, two.public_id]


def test_from_an_old_key_to_a_new_one(
    run: Run, filled: list[str], keys: str, make_app: MakeApp, config: Config
) -> None:
    both, old = f"{NEW},{keys}", key_id(keys)
    output = run("rotate", "--dry-run", keys=both).output
    assert "Would be encrypted anew with the first key: 3. Nothing was changed." in output
    assert f"{old}  also configured: 2 credentials, 1 replaced secret\n" in output
    assert "Opened with the first key alone: nothing." in run("verify", keys=both, status=1).output
    assert (
        "still needed: it encrypted 2 credentials, 1 replaced secret." in run("retire", old, keys=both, status=1).output
    )
    output = run("rotate", keys=both).output
    assert output.startswith("Encrypted anew: 3.\n")
    assert f"{key_id(NEW)}  the first key: 2 credentials, 1 replaced secret\n{old}  also configured: nothing" in output
    assert run("rotate", keys=both).output.startswith("Encrypted anew: 0.\n")
    assert run("verify", keys=both).output == "Opened with the first key alone: 2 credentials, 1 replaced secret.\n"
    assert (
        f"No stored secret needs the key {old}. Remove it from FIELD_ENCRYPTION_KEY and restart."
        in run("retire", old, keys=both).output
    )
    assert old not in run("status", keys=NEW).output
    assert run("verify", keys=NEW).output == "Opened with the first key alone: 2 credentials, 1 replaced secret.\n"


def test_what_stays_behind_is_told_and_named(run: Run, filled: list[str], keys: str, config: Config) -> None:
    with closing(sqlite3.connect(config.data_dir / "credstore.sqlite3")) as database, database:
        database.execute("UPDATE credential SET sealed = 'rubbish' WHERE public_id = ?", [filled[0]])
    both = f"{NEW},{keys}"
    output = run("rotate", keys=both, status=1).output
    assert "Encrypted anew: 2." in output
    assert "Damaged, and left as they are: 1. To name them: credstore keys verify" in output
    output = run("verify", keys=both, status=1).output
    assert (
        "Opened with the first key alone: 1 credential, 1 replaced secret.\nNot opened, needs another key: 1.\n"
        in output
    )
    assert f"credential {filled[0]} needs another key" in output


def test_a_key_that_is_not_configured_is_told(run: Run, filled: list[str], keys: str) -> None:
    assert "Locked" not in run("rotate", keys=f"{NEW},{keys}").output
    third = Fernet.generate_key().decode()
    output = run("rotate", keys=f"{third},{keys}", status=1).output
    assert f"{key_id(NEW)}  not configured: 2 credentials, 1 replaced secret" in output
    assert "--lost" in run("retire", key_id(NEW), keys=f"{third},{keys}", status=1).output
    output = run("retire", key_id(NEW), "--lost", keys=f"{third},{keys}").output
    assert "noted as lost. Unreadable from now on: 2 credentials, 1 replaced secret." in output


def test_the_wrong_key_rotates_nothing(run: Run, filled: list[str]) -> None:
    assert "Restore the right key" in run("rotate", keys=NEW, status=1).output
    assert "Restore the right key" in run("verify", keys=NEW, status=1).output


def test_without_a_key_it_is_one_sentence(run: Run, filled: list[str]) -> None:
    assert "Error: FIELD_ENCRYPTION_KEY is not set." in run("rotate", keys="", status=1).output
