"""`credstore export` and `credstore import`: the drill from one installation to another, and what is refused."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.fernet import Fernet
from flask import Flask

from credstore import export_file
from credstore.cli import main
from credstore.config import Config
from credstore.vault import ListFilters, Vault
from tests.conftest import MakeApp

PASSPHRASE = "correct horse battery"
SECRET = "sk-proj-CANARY0123456789abcdef"
OTHER = Fernet.generate_key().decode()
Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: Config, make_app: MakeApp) -> Run:
    """`run("export", …)` in the installation of `config`; with `there=True` in another one that has another key."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(export_file.encrypt, "__kwdefaults__", {"cost": 14})
    monkeypatch.setattr(export_file.write_export, "__kwdefaults__", {"cost": 14})
    make_app(Config(data_dir=tmp_path / "there", field_encryption_key=OTHER, secret_key="s" * 40))
    (tmp_path / "passphrase").write_text(PASSPHRASE + "\n")

    def command(*words: str, there: bool = False, status: int = 0, typed: str | None = None) -> str:
        env = {
            "FIELD_ENCRYPTION_KEY": OTHER if there else config.field_encryption_key,
            "SECRET_KEY": "s" * 40,
            "CREDSTORE_DATA_DIR": str(tmp_path / "there" if there else config.data_dir),
            "DATABASE_URL": "",
        }
        result = CliRunner().invoke(main, list(words), env=env, input=typed)
        assert result.exit_code == status, result.output
        assert "Traceback" not in result.output
        assert not any(secret in result.output for secret in ("CANARY", PASSPHRASE))
        return str(result.output)

    return command


@pytest.fixture
def filled(app: Flask) -> dict[str, dict[str, str]]:
    with app.app_context():
        vault: Vault = app.extensions["credstore"].vault
        made = vault.create("llm", "Main", {"provider_type": "openai", "api_key": SECRET})
        return {made.public_id: vault.resolve(made.public_id)}


def test_the_drill(run: Run, filled: dict[str, dict[str, str]], tmp_path: Path, make_app: MakeApp) -> None:
    output = run("export", "all.export", "--passphrase-file", "passphrase")
    assert output.startswith("Exported 1 credentials to all.export.\n")
    words = ("import", "credstore", "all.export", "--passphrase-file", "passphrase")
    preview = "new  Main (LLM), from credential 1\nnew: 1. Nothing was stored.\n"
    assert run(*words, "--dry-run", there=True) == preview
    assert run(*words, there=True) == "new  Main (LLM), from credential 1\nnew: 1.\n"
    assert "It is stored already, with the same values.\nskipped: 1.\n" in run(*words, there=True)
    config = Config(data_dir=tmp_path / "there", field_encryption_key=OTHER, secret_key="s" * 40)
    app = make_app(config)
    with app.app_context():
        vault: Vault = app.extensions["credstore"].vault
        assert {public_id: vault.resolve(public_id) for public_id in filled} == filled


def test_the_passphrase_is_asked_twice_and_may_come_from_standard_input(run: Run, filled: object) -> None:
    run("export", "a.export", typed=f"{PASSPHRASE}\n{PASSPHRASE}\n")
    run("export", "b.export", "--passphrase-file", "-", typed=f"{PASSPHRASE}\n")
    for name in ("a.export", "b.export"):
        assert "Main" in run("import", "credstore", name, "--dry-run", typed=f"{PASSPHRASE}\n")


def test_what_is_refused_stores_nothing(run: Run, filled: object, tmp_path: Path) -> None:
    run("export", "a.export", "--passphrase-file", "passphrase")
    assert "exists already" in run("export", "a.export", "--passphrase-file", "passphrase", status=1)
    assert "12 characters or more" in run("export", "b.export", typed="short\nshort\n", status=1)
    refused = run("import", "credstore", "a.export", typed="another passphrase\n", there=True, status=1)
    assert "The passphrase is wrong, or the file was changed. Nothing was imported." in refused
    (tmp_path / "n8n.json").write_text('[{"CANARY": ')
    assert "This is not valid JSON (line 1, column" in run("import", "n8n", "n8n.json", status=1)
    assert "--key-file" in run("import", "pipelit", "n8n.json", status=1)
    run("import", "fax", "n8n.json", status=2)


def test_an_env_file_by_each_policy(run: Run, app: Flask, tmp_path: Path) -> None:
    (tmp_path / "app.env").write_text(f"OPENAI_API_KEY={SECRET}\nDEBUG=1\n")
    first = run("import", "env", "app.env")
    assert first == (
        "new  OPENAI_API_KEY (LLM), from line 1\n"
        "skipped  DEBUG, from line 2: Neither its name nor its value is that of a secret.\n"
        "new: 1, skipped: 1.\n"
    )
    (tmp_path / "app.env").write_text(f"OPENAI_API_KEY={SECRET}2\n")
    assert "Another credential has this name." in run("import", "env", "app.env")
    assert "renamed  OPENAI_API_KEY (imported) (LLM)" in run("import", "env", "app.env", "--on-conflict", "rename")
    assert "replaced: 1." in run("import", "env", "app.env", "--on-conflict", "replace")
    with app.app_context():
        vault: Vault = app.extensions["credstore"].vault
        keys = {row.name: vault.resolve(row.public_id)["api_key"] for row in vault.page(ListFilters()).records}
    assert keys == {"OPENAI_API_KEY": f"{SECRET}2", "OPENAI_API_KEY (imported)": f"{SECRET}2"}


def test_what_does_not_open_is_named_and_the_rest_is_written(run: Run, filled: object, app: Flask) -> None:
    with app.app_context():
        vault: Vault = app.extensions["credstore"].vault
        vault.create("tool", "Damaged", {"extra_config": '{"a": "b"}'})
        from tests.vault.conftest import sql

        sql("UPDATE credential SET sealed = 'x' WHERE name = 'Damaged'")
    output = run("export", "a.export", "--passphrase-file", "passphrase", status=1)
    assert "Exported 1 credentials" in output
    assert "Left out, since they cannot be opened: 1.\n  Damaged" in output
