"""The commands, in process: their output, what they refuse, and their exit status."""

import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from cryptography.fernet import Fernet

from credstore.cli import COMMANDS, main
from credstore.config import DATABASE_FILE, Config
from credstore.database import close_database
from credstore.encryption.keyring import Keyring
from credstore.models import db
from credstore.vault import Vault
from tests.conftest import PASSWORD, MakeApp

Run = Callable[..., Result]
NEED_A_DATABASE = (
    ("db", "check"),
    ("db", "erase-deleted", "--yes"),
    ("admin", "reset-password", "--username", "ann", "--password-stdin"),
    ("keys", "status"),
    ("keys", "rotate"),
    ("keys", "verify"),
    ("keys", "retire", "0a1b2c3d"),
    ("audit", "verify"),
    ("audit", "export", "log"),
    ("test", "--all"),
    ("deleted",),
    ("restore", "1"),
    ("backup", "copy"),
    ("import", "env", "given"),
    ("export", "all"),
    ("notify", "send"),
    ("notify", "status"),
    ("token", "create", "--name", "n8n", "--scope", "read"),
    ("token", "list"),
    ("user", "create", "--username", "bob", "--password-stdin"),
    ("user", "list"),
    ("user", "role", "--username", "bob", "editor"),
    ("user", "remove", "--username", "bob"),
    ("user", "invite", "--role", "viewer"),
    ("token", "revoke", "1"),
    ("migrate-db", "postgresql://127.0.0.1:1/new"),
)
CREATE = ("admin", "create", "--username", "ann", "--password-stdin")


def leaves(group: click.Group, path: str = "credstore") -> Iterator[tuple[str, click.Command]]:
    """The commands of a group and of its groups, with their paths."""
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        if isinstance(command, click.Group):
            yield from leaves(command, f"{path} {name}")
        elif command:
            yield f"{path} {name}", command


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, command_environment: None) -> Run:
    """`run("keys", "status", stdin=…, status=1)` in an installation of its own."""
    monkeypatch.setenv("PYTHONWARNINGS", "error")

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
    [("ann", "hunter2", "at least 15 characters"), ("ann", "", "at least 15"), (" ", PASSWORD, "Enter a username.")],
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
    run("db", "upgrade")
    assert "no administrator of that name" in run(*reset, stdin=PASSWORD, status=1).output
    run(*CREATE, stdin=PASSWORD)
    output = run(*reset, stdin="another good password\n").output
    assert output == "Password of ann changed; their sessions and open invitations have ended.\n"


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
    assert output == (
        f"{key_id}  configured, encrypts and decrypts: 1 credential\n"
        "The configured keys are from FIELD_ENCRYPTION_KEY.\n"
    )
    other = Fernet.generate_key().decode()
    monkeypatch.setenv("FIELD_ENCRYPTION_KEY", f"{other},{keys}")
    assert f"{key_id}  configured, decrypts: 1 credential\n" in run("keys", "status").output
    monkeypatch.setenv("FIELD_ENCRYPTION_KEY", other)
    output = run("keys", "status", status=1).output
    assert f"{key_id}  MISSING; what cannot be decrypted: 1 credential\n" in output
    assert other not in output


def test_what_is_erased_while_another_program_reads_is_erased_by_the_next_try(
    run: Run, app_of: Callable[[], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("credstore.vault.purge.TRUNCATE_SECONDS", 0.1)
    monkeypatch.setattr("credstore.sqlite_engine._PRAGMAS", ("PRAGMA busy_timeout=100", "PRAGMA secure_delete=ON"))
    app = app_of()
    with app.app_context():  # type: ignore[attr-defined]
        vault = app.extensions["credstore"].vault  # type: ignore[attr-defined]
        record = vault.create("git", "Deploy", {"extra_config": '{"a": 1}'})
        encrypted = db.session.execute(db.text("SELECT sealed FROM credential")).scalar_one().encode()
        vault.delete([record.public_id])
    close_database(app)  # type: ignore[arg-type]
    (file,) = tmp_path.rglob(DATABASE_FILE)

    def still_there() -> bool:
        return any(encrypted in part.read_bytes() for part in file.parent.glob(f"{DATABASE_FILE}*"))

    with closing(sqlite3.connect(file, isolation_level=None)) as server:
        # Its connection stays: the last one that closes would empty the log.
        server.execute("SELECT count(*) FROM credential").fetchone()
        with closing(sqlite3.connect(file, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM credential").fetchone()
            assert "may still be in the file" in run("db", "erase-deleted", "--yes", status=1).output
            assert still_there()
        assert run("db", "erase-deleted", "--yes").output == "Erased: 0.\n"
        assert not still_there()


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
    assert f"{key_id}  configured, encrypts and decrypts: 1 credential, 1 replaced secret\n" in output
    other = Fernet.generate_key().decode()
    monkeypatch.setenv("FIELD_ENCRYPTION_KEY", other)
    missing = f"{key_id}  MISSING; what cannot be decrypted: "
    assert f"{missing}1 credential, 1 replaced secret\n" in run("keys", "status", status=1).output
    with app.app_context():  # type: ignore[attr-defined]
        both = Vault(db.session, Keyring(f"{other},{keys}"), vault.tests.tester)
        both.edit(record.public_id, version=2, name="Deploy", values={"extra_config": '{"a": 3}'})
    # The credential needs the new key alone; what it replaced still needs the old one.
    assert f"{missing}1 replaced secret\n" in run("keys", "status", status=1).output
    assert run("db", "erase-deleted", "--yes").output == "Erased: 0.\n"
    assert run("db", "erase-deleted", "--replaced", "--yes").output == "Erased: 0. Replaced secrets erased: 1.\n"
    assert f"{key_id}  not configured, no longer needed" in run("keys", "status").output


def test_the_status_of_keys_before_there_are_tables_names_the_command(run: Run, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "credstore.sqlite3").touch()
    assert "credstore db upgrade" in run("keys", "status", status=1).output


@pytest.mark.parametrize("words", NEED_A_DATABASE, ids=" ".join)
def test_a_mistyped_folder_is_told_before_anything_is_made_or_asked(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    for name in ("FIELD_ENCRYPTION_KEY", "SECRET_KEY"):
        monkeypatch.delenv(name)
    (tmp_path / "given").write_text("{}")
    mistyped = tmp_path / "mistyped"
    result = run(*words, "--data-dir", str(mistyped), status=1)
    assert result.output.startswith(f"Error: There is no database at {mistyped / 'credstore.sqlite3'}. Check ")
    assert [path.name for path in tmp_path.iterdir()] == ["given"]


def test_every_command_with_a_folder_is_in_the_table() -> None:
    """Those that make a database are named here, so that a new command must be put on one of the two lists."""
    makes = {("serve",), ("db", "upgrade"), ("admin", "create"), ("admin", "setup-url"), ("doctor",)}
    own_test = {("run",)}  # its options stand before the command that it starts
    named = {tuple(path.split()[1:]): command for path, command in leaves(main)}
    with_folder = {path for path, each in named.items() if any(param.name == "data_dir" for param in each.params)}
    listed = {next(path for path in named if words[: len(path)] == path) for words in NEED_A_DATABASE}
    assert with_folder == listed | makes | own_test


def test_a_command_needs_no_key_that_signs_cookies(
    run: Run, app_of: Callable[[], object], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    app_of()
    monkeypatch.delenv("SECRET_KEY")
    (tmp_path / "given").write_text("OPENAI_API_KEY=sk-proj-0123456789abcdefghij\n")
    assert run("import", "env", "given").output.endswith(": 1.\n")
    assert "Nothing can be restored." in run("deleted").output


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


def test_the_help_says_of_each_command_what_the_command_says(run: Run) -> None:
    """It is written down, since a command is imported only when it is used."""
    for name, text in COMMANDS.items():
        command = main.get_command(click.Context(main), name)
        assert command
        assert command.get_short_help_str(limit=1_000) == text
        assert f"  {name} " in run("--help").output


@pytest.mark.parametrize("words", [("--help",), ("nothing",), ("run", "--help"), ("run", "--port", "0")])
def test_help_and_wrong_words_need_no_database(words: tuple[str, ...]) -> None:
    """They come at once: what takes long to import is not imported."""
    code = (
        "import sys; from credstore.cli import main\n"
        f"try: main({list(words)!r})\n"
        "except SystemExit: print(sorted({'sqlalchemy', 'flask', 'marshmallow', 'asyncio'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_who_is_not_found_may_be_in_the_database_of_another_folder(run: Run, tmp_path: Path) -> None:
    run("db", "upgrade")
    told = f"The database is {tmp_path / 'data' / 'credstore.sqlite3'}."
    for words in (("user", "remove", "--username", "ann"), ("user", "role", "--username", "ann", "viewer")):
        assert run(*words, status=1).output == f"Error: There is no user of that name or number. {told}\n"
    reset = ("admin", "reset-password", "--username", "ann", "--password-stdin")
    assert told in run(*reset, stdin=PASSWORD, status=1).output
    listed = run("user", "list", "--json")
    assert (listed.stdout, listed.stderr) == ("[]\n", f"There are no users yet. {told}\n")


def test_users_and_their_roles(run: Run) -> None:
    run(*CREATE, stdin=PASSWORD + "\n")
    assert run("user", "create", "--username", "Bob", "--password-stdin", stdin=PASSWORD + "\n").output == (
        "User Bob added, with the role viewer.\n"
    )
    assert [line.split()[0] for line in run("user", "list").output.splitlines()] == ["admin", "viewer"]
    assert "only administrator" in run("user", "role", "--username", "ann", "editor", status=1).output
    assert "only administrator" in run("user", "remove", "--username", "ann", status=1).output
    run("user", "role", "--username", "BOB", "admin")
    run("user", "role", "--username", "ann", "editor")
    shown = json.loads(run("user", "list", "--json").output)
    assert [(one["username"], one["role"]) for one in shown] == [("ann", "editor"), ("Bob", "admin")]
    assert run("user", "remove", "--username", "ann").output == "User ann removed; their sessions have ended.\n"
    assert "no user" in run("user", "remove", "--username", "ann", status=1).output
    run("user", "role", "--username", "Bob", "owner", status=2)
    link = run("user", "invite", "--role", "editor", "--base-url", "https://vault.example.org/").output
    assert re.fullmatch(r"https://vault\.example\.org/invitation\?token=[\w-]{43}\n", link)
    guessed = run("user", "invite")
    assert re.fullmatch(r"http://127\.0\.0\.1:8000/invitation\?token=[\w-]{43}\n", guessed.stdout)
    assert "The address http://127.0.0.1:8000 is assumed." in guessed.stderr
    assert "--base-url" in guessed.stderr
