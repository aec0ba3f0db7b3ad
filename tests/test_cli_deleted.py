"""`credstore deleted` and `credstore restore`: what they print, and exit status 1 where nothing can be restored."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner
from cryptography.fernet import Fernet
from flask import Flask

from credstore.cli import main
from credstore.config import Config
from credstore.vault import Vault
from tests.conftest import MakeApp

GONE = "11111111-1111-4111-8111-111111111111"
SECRET = "canary-0123456789"
Run = Callable[..., str]


@pytest.fixture
def shelf(make_app: MakeApp, keys: str, tmp_path: Path, command_environment: None) -> Flask:
    """An installation that the commands find through the environment."""
    return make_app(Config(data_dir=tmp_path / "data", field_encryption_key=keys, secret_key="s" * 40))


@pytest.fixture
def vault(shelf: Flask) -> Any:
    with shelf.app_context():
        yield shelf.extensions["credstore"].vault


def put(vault: Vault, *names: str, by: str = "") -> list[str]:
    """Stores credentials of these names and deletes them; returns their ids."""
    ids = [vault.create("git", name, {"extra_config": json.dumps({"token": SECRET})}).public_id for name in names]
    vault.delete(ids, by)
    return ids


@pytest.fixture
def run(shelf: Flask) -> Run:
    def command(*words: str, status: int = 0) -> str:
        result = CliRunner().invoke(main, list(words))
        assert result.exit_code == status, result.output
        assert "Traceback" not in result.output
        assert SECRET not in result.output
        return str(result.output)

    return command


def test_the_deleted_are_listed_with_all_that_is_known(run: Run, vault: Vault) -> None:
    assert run("deleted") == "Nothing can be restored.\n"
    with time_machine.travel(datetime.now(UTC) - timedelta(days=3), tick=False):
        (one,) = put(vault, "Deploy", by="ann")
        moment = datetime.now(UTC)
    (two,) = put(vault, "Other")
    vault.create("git", "other", {"extra_config": '{"token": "x"}'})
    second, first = run("deleted").splitlines()
    until = moment + timedelta(days=30)
    assert first == (
        f"{one}  git       deleted {moment:%Y-%m-%d %H:%M} UTC by ann, kept until {until:%Y-%m-%d}  Deploy"
    )
    assert second.startswith(f"{two}  git ")
    assert second.endswith("Other (the name is in use)")
    assert " by " not in second


def test_json_has_a_known_shape(run: Run, vault: Vault) -> None:
    assert json.loads(run("deleted", "--json")) == {"deleted": []}
    ids = put(vault, "Käse", "Two", by="ann")
    found = json.loads(run("deleted", "--json"))["deleted"]
    assert [record["id"] for record in found] == ids[::-1]
    assert set(found[0]) == {"id", "name", "type", "deleted_at", "deleted_by", "until", "name_taken"}
    assert (found[1]["name"], found[1]["deleted_by"], found[1]["name_taken"]) == ("Käse", "ann", False)


def test_restore_brings_back_all_that_are_named(run: Run, vault: Vault) -> None:
    one, two, three = put(vault, "One", "Two", "Three")
    assert run("restore", one.upper(), two, one) == "Restored: One\nRestored: Two\n"
    assert SECRET in str(vault.resolve(one).reveal())
    assert [record.public_id for record in vault.deleted.page().records] == [three]


def test_an_unknown_or_erased_id_is_named_and_nothing_is_restored(run: Run, vault: Vault) -> None:
    with time_machine.travel(datetime.now(UTC) - timedelta(days=31), tick=False):
        (over,) = put(vault, "Over")
    (one,) = put(vault, "One")
    for wrong in (GONE, over, "nonsense", "a\x01b"):
        output = run("restore", one, wrong, status=1)
        assert "Nothing was restored. Not among the deleted credentials, or erased:" in output
        assert wrong in output
    assert vault.page().records == ()
    run("restore", one)
    assert GONE not in run("restore", one, status=1)


def test_a_taken_name_is_told_and_a_new_one_helps(run: Run, vault: Vault) -> None:
    one, two = put(vault, "One", "Two")
    vault.create("git", "ONE", {"extra_config": '{"token": "x"}'})
    output = run("restore", one, two, status=1)
    assert "Nothing was restored. One: Another credential has this name." in output
    assert "credstore restore ID --name NAME" in output
    assert "Use at most 255 characters." in run("restore", one, "--name", "x" * 256, status=1)
    assert "Give the credential a name." in run("restore", one, "--name", " ", status=1)
    assert run("restore", one, "--name", "One again") == "Restored: One again\n"
    assert vault.get(one).name == "One again"


def test_a_name_for_two_and_no_id_are_usage_errors(run: Run, vault: Vault) -> None:
    one, two = put(vault, "One", "Two")
    assert "--name is for one credential" in run("restore", one, two, "--name", "x", status=2)
    run("restore", status=2)
    assert len(vault.deleted.page().records) == 2


def test_with_a_wrong_key_both_work(run: Run, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    (one,) = put(vault, "One")
    monkeypatch.setenv("FIELD_ENCRYPTION_KEY", Fernet.generate_key().decode())
    assert one in run("deleted")
    assert run("restore", one) == "Restored: One\n"
