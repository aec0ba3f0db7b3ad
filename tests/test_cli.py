"""The commands, in process: their output, what they refuse, and their exit status."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner, Result
from cryptography.fernet import Fernet

from credstore.accounts import passwords
from credstore.cli import main
from credstore.config import Config
from credstore.encryption.keyring import Keyring
from credstore.models import db
from credstore.vault import Vault
from tests.conftest import PASSWORD, MakeApp

Run = Callable[..., Result]
CREATE = ("admin", "create", "--username", "ann", "--password-stdin")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys: str, make_app: MakeApp) -> Run:
    """`run("keys", "status", stdin=…, status=1)` in an installation of its own."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    monkeypatch.chdir(tmp_path)
    for name, value in (
        ("FIELD_ENCRYPTION_KEY", keys),
        ("SECRET_KEY", "s" * 40),
        ("CREDSTORE_DATA_DIR", str(tmp_path / "data")),
        ("PYTHONWARNINGS", "error"),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("DATABASE_URL", raising=False)

    def command(*words: str, stdin: str = "", status: int = 0) -> Result:
        result = CliRunner().invoke(main, words, input=stdin)
        assert result.exit_code == status, result.output
        assert "Traceback" not in result.output
        return result

    return command


@pytest.fixture
def app_of(make_app: MakeApp, keys: str, tmp_path: Path) -> Callable[[], object]:
    config = Config(data_dir=tmp_path / "data", field_encryption_key=keys, secret_key="s" * 40)
    return lambda: make_app(config)


def test_an_administrator_is_made_before_the_first_start(run: Run) -> None:
    assert run(*CREATE, stdin=PASSWORD + "\n").output == "Administrator ann created.\n"


def test_a_password_from_stdin_may_end_in_a_windows_line(run: Run) -> None:
    run(*CREATE, stdin="fifteen letters\r\n")


def test_the_prompt_asks_twice_and_shows_nothing(run: Run) -> None:
    shown = run("admin", "create", "--username", "ann", stdin=f"{PASSWORD}\n{PASSWORD}\n").output
    assert PASSWORD not in shown
    assert "Administrator ann created." in shown


@pytest.mark.parametrize(
    ("username", "password", "words"),
    [("ann", "short", "at least 15 characters"), ("ann", "", "at least 15"), (" ", PASSWORD, "Enter a username.")],
)
def test_what_is_not_acceptable_is_one_sentence_and_status_1(
    run: Run, username: str, password: str, words: str
) -> None:
    output = run("admin", "create", "--username", username, "--password-stdin", stdin=password + "\n", status=1).output
    assert words in output
    assert output.startswith("Error: ")
    assert not password or password not in output


def test_a_second_administrator_of_the_same_name_is_refused(run: Run) -> None:
    run(*CREATE, stdin=PASSWORD)
    again = ("admin", "create", "--username", " ANN ", "--password-stdin")
    assert "exists already" in run(*again, stdin=PASSWORD, status=1).output


def test_a_password_is_reset(run: Run) -> None:
    reset = ("admin", "reset-password", "--username", "ann", "--password-stdin")
    assert "no administrator of that name" in run(*reset, stdin=PASSWORD, status=1).output
    run(*CREATE, stdin=PASSWORD)
    output = run(*reset, stdin="another good password\n").output
    assert output == "Password of ann changed; their sessions have ended.\n"


def test_a_set_up_url_until_there_is_an_administrator(run: Run) -> None:
    first = run("admin", "setup-url", "--base-url", "https://vault.example.org/").output
    assert re.fullmatch(r"https://vault\.example\.org/setup\?token=[\w-]{43}\n", first)
    assert run("admin", "setup-url").output.startswith("http://127.0.0.1:8000/setup?token=")
    run(*CREATE, stdin=PASSWORD)
    assert "exists already" in run("admin", "setup-url", status=1).output


def test_a_generated_key_fits(run: Run) -> None:
    key = run("keys", "generate").output.strip()
    Fernet(key)
    assert run("keys", "generate").output.strip() != key


def test_the_status_of_keys_names_the_missing_one(
    run: Run, app_of: Callable[[], object], monkeypatch: pytest.MonkeyPatch, keys: str
) -> None:
    app = app_of()
    with app.app_context():  # type: ignore[attr-defined]
        app.extensions["credstore"].vault.create("git", "Deploy", {"extra_config": '{"a": 1}'})  # type: ignore[attr-defined]
    output = run("keys", "status").output
    key_id = output[:8]
    assert output == f"{key_id}  configured, encrypts and decrypts; credentials: 1\n"
    other = Fernet.generate_key().decode()
    monkeypatch.setenv("FIELD_ENCRYPTION_KEY", f"{other},{keys}")
    assert f"{key_id}  configured, decrypts; credentials: 1\n" in run("keys", "status").output
    monkeypatch.setenv("FIELD_ENCRYPTION_KEY", other)
    output = run("keys", "status", status=1).output
    assert f"{key_id}  MISSING; credentials that cannot be decrypted: 1" in output
    assert other not in output


def test_the_status_of_keys_counts_what_can_be_put_back(
    run: Run, app_of: Callable[[], object], monkeypatch: pytest.MonkeyPatch, keys: str
) -> None:
    app = app_of()
    with app.app_context():  # type: ignore[attr-defined]
        vault = app.extensions["credstore"].vault  # type: ignore[attr-defined]
        record = vault.create("git", "Deploy", {"extra_config": '{"a": 1}'})
        vault.edit(record.public_id, version=1, name="Deploy", values={"extra_config": '{"a": 2}'})
    output = run("keys", "status").output
    key_id = output[:8]
    assert output.endswith("credentials: 1, replaced secrets: 1\n")
    other = Fernet.generate_key().decode()
    monkeypatch.setenv("FIELD_ENCRYPTION_KEY", other)
    assert (
        "MISSING; credentials that cannot be decrypted: 1, replaced secrets: 1"
        in run("keys", "status", status=1).output
    )
    with app.app_context():  # type: ignore[attr-defined]
        both = Vault(db.session, Keyring(f"{other},{keys}"), vault.tests.tester)
        both.edit(record.public_id, version=2, name="Deploy", values={"extra_config": '{"a": 3}'})
    # The credential needs the new key alone; what it replaced still needs the old one.
    assert (
        f"{key_id}  MISSING; credentials that cannot be decrypted: 0, replaced secrets: 1"
        in run("keys", "status", status=1).output
    )
    assert run("db", "erase-deleted", "--yes").output == "Erased: 0.\n"
    assert run("db", "erase-deleted", "--replaced", "--yes").output == "Erased: 0. Replaced secrets erased: 1.\n"
    assert f"{key_id}  not configured, no longer needed" in run("keys", "status").output


def test_the_status_of_keys_before_there_are_tables_names_the_command(run: Run) -> None:
    assert "credstore db upgrade" in run("keys", "status", status=1).output


def test_the_database_is_upgraded_as_often_as_one_likes(run: Run) -> None:
    for _ in range(2):
        assert run("db", "upgrade").output == "The database is up to date.\n"


def test_deleted_credentials_are_erased_after_a_question(run: Run, app_of: Callable[[], object]) -> None:
    app = app_of()
    with app.app_context():  # type: ignore[attr-defined]
        vault = app.extensions["credstore"].vault  # type: ignore[attr-defined]
        batch = vault.delete([vault.create("git", "Deploy", {"extra_config": '{"a": 1}'}).public_id]).batch
    run("db", "erase-deleted", stdin="n\n", status=1)
    assert run("db", "erase-deleted", stdin="y\n").output.endswith("Erased: 1.\n")
    assert run("db", "erase-deleted", "--yes").output == "Erased: 0.\n"
    with app.app_context():  # type: ignore[attr-defined]
        assert vault.restore(batch) == 0


def test_the_option_data_dir_is_stronger_than_the_environment(run: Run, tmp_path: Path) -> None:
    run("db", "upgrade", "--data-dir", str(tmp_path / "elsewhere"))
    assert (tmp_path / "elsewhere" / "credstore.sqlite3").is_file()
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("name", ["CREDSTORE_PROXY_HOPS", "CREDSTORE_TESTS_AT_ONCE", "DATABASE_URL"])
def test_a_malformed_setting_is_named_without_its_value(run: Run, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "canary nonsense")
    output = run("db", "upgrade", status=1).output
    assert name in output
    assert "canary" not in output


@pytest.mark.parametrize("words", [("serve", "--port", "0"), ("serve", "--workers", "0"), ("nothing",)])
def test_wrong_words_are_a_usage_error(run: Run, words: tuple[str, ...]) -> None:
    run(*words, status=2)


def test_help_and_version(run: Run) -> None:
    assert "serve" in run("--help").output
    assert run("--version").output.startswith("credstore, version ")
