"""The settings: each as NAME and NAME_FILE; refusals name the variable and never its value."""

from datetime import UTC, time
from pathlib import Path
from typing import Any

import pytest

from credstore.config import Config, default_data_dir, settings
from credstore.errors import ConfigError
from credstore.loopback import is_loopback
from credstore.quiet_hours import QuietHours
from credstore.smtp_server import SmtpServer

VALUES: dict[str, tuple[str, Any]] = {
    "FIELD_ENCRYPTION_KEY": ("a,b", "a,b"),
    "FIELD_ENCRYPTION_KEY_COMMAND": ("echo a,b", "echo a,b"),
    "SECRET_KEY": ("s" * 40, "s" * 40),
    "DATABASE_URL": ("postgresql://u@h/d", "postgresql://u@h/d"),
    "CREDSTORE_DATA_DIR": ("/srv/data", Path("/srv/data")),
    "CREDSTORE_KEY_DIR": ("/srv/keys", Path("/srv/keys")),
    "CREDSTORE_TRUSTED_HOSTS": ("a.example, b.example,", ("a.example", "b.example")),
    "CREDSTORE_PROXY_HOPS": ("2", 2),
    "CREDSTORE_ALLOW_HTTP": ("yes", True),
    "CREDSTORE_EGRESS_ALLOW": ("10.0.0.0/8,ollama:11434", ("10.0.0.0/8", "ollama:11434")),
    "CREDSTORE_EGRESS_PROXY": ("http://proxy.test:3128", "http://proxy.test:3128"),
    "CREDSTORE_CA_BUNDLE": ("/etc/roots.pem", Path("/etc/roots.pem")),
    "CREDSTORE_TEST_SECONDS": ("7", 7),
    "CREDSTORE_TESTS_AT_ONCE": ("9", 9),
    "CREDSTORE_KEEP_DELETED_DAYS": ("0", 0),
    "CREDSTORE_KEEP_REPLACED_HOURS": ("3", 3),
    "CREDSTORE_KEEP_AUDIT_DAYS": ("30", 30),
    "CREDSTORE_SESSION_IDLE_MINUTES": ("5", 5),
    "CREDSTORE_SESSION_HOURS": ("24", 24),
    "CREDSTORE_API_REQUESTS_PER_MINUTE": ("60", 60),
    "CREDSTORE_LOG_FORMAT": ("JSON", "json"),
    "CREDSTORE_LOG_LEVEL": ("debug", "debug"),
    "CREDSTORE_SLOW_STATEMENT_MS": ("250", 250),
    "CREDSTORE_HEAD_SECONDS": ("5", 5),
    "CREDSTORE_BODY_SECONDS": ("60", 60),
    "CREDSTORE_METRICS": ("1", True),
    "CREDSTORE_METRICS_TOKEN": ("t" * 20, "t" * 20),
    "CREDSTORE_OIDC_ISSUER": ("https://id.example/main", "https://id.example/main"),
    "CREDSTORE_OIDC_CLIENT_ID": ("credstore", "credstore"),
    "CREDSTORE_OIDC_CLIENT_SECRET": ("c" * 20, "c" * 20),
    "CREDSTORE_OIDC_SCOPES": ("openid  groups", "openid groups"),
    "CREDSTORE_OIDC_USERNAME_CLAIM": ("email", "email"),
    "CREDSTORE_OIDC_GROUPS_CLAIM": ("roles", "roles"),
    "CREDSTORE_OIDC_ROLES": ("a=admin, *=viewer", "a=admin, *=viewer"),
    "CREDSTORE_OIDC_LABEL": ("Example Inc.", "Example Inc."),
    "CREDSTORE_NOTIFY_WEBHOOK": ("https://h.example/in?t=1", "https://h.example/in?t=1"),
    "CREDSTORE_NOTIFY_WEBHOOK_SECRET": ("w" * 16, "w" * 16),
    "CREDSTORE_NOTIFY_MAIL_TO": ("a@x.example, b@y.example", ("a@x.example", "b@y.example")),
    "CREDSTORE_SMTP_URL": ("smtps://u:p@mail.example", SmtpServer.parse("smtps://u:p@mail.example:465")),
    "CREDSTORE_NOTIFY_EXPIRY_DAYS": ("0", 0),
    "CREDSTORE_QUIET_HOURS": ("22-07", QuietHours(start=time(22), end=time(7), zone=UTC)),
}
NAMES = {setting.metadata["env"]: setting.name for setting in settings()}
KNOWN = [name for name in NAMES if name in VALUES]


def read(home: Path, **env: str) -> Config:
    return Config.from_env({"HOME": str(home), **env})


def test_every_setting_stands_in_this_table() -> None:
    assert set(VALUES) == set(NAMES)


@pytest.mark.parametrize("name", KNOWN)
def test_a_setting_is_read_plainly_and_from_a_file(tmp_path: Path, name: str) -> None:
    text, value = VALUES[name]
    file = tmp_path / "value"
    file.write_text(f"  {text}\n")
    for env in ({name: f" {text} "}, {f"{name}_FILE": str(file)}, {name: "", f"{name}_FILE": str(file)}):
        assert getattr(read(tmp_path, **env), NAMES[name]) == value


@pytest.mark.parametrize("name", KNOWN)
def test_both_spellings_at_once_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=f"Both {name} and {name}_FILE are set"):
        read(tmp_path, **{name: "CANARY", f"{name}_FILE": "CANARY"})


@pytest.mark.parametrize("name", KNOWN)
def test_an_unreadable_or_empty_file_is_refused_without_repeating_what_stood_there(tmp_path: Path, name: str) -> None:
    empty, binary = tmp_path / "empty", tmp_path / "binary"
    empty.write_text(" \n")
    binary.write_bytes(b"\xff\xfe\xff")
    for path in ("CANARY-a-secret-put-into-the-wrong-variable", str(tmp_path), str(empty), str(binary)):
        with pytest.raises(ConfigError, match=f"{name}_FILE") as caught:
            read(tmp_path, **{f"{name}_FILE": path})
        assert "CANARY" not in f"{caught.value!r}"


MALFORMED = [
    (name, text) for name in KNOWN if isinstance(VALUES[name][1], int) for text in ("CANARY", "-1", "1.5", "2x")
]


@pytest.mark.parametrize(("name", "text"), MALFORMED)
def test_a_malformed_value_is_refused_by_the_name_of_its_variable(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(ConfigError, match=name) as caught:
        read(tmp_path, **{name: text})
    assert "CANARY" not in f"{caught.value!r}"
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("text", "value"), [("1", True), ("TRUE", True), ("on", True), ("0", False), ("No", False), ("off", False)]
)
def test_a_switch_takes_the_usual_words(tmp_path: Path, text: str, value: bool) -> None:
    assert read(tmp_path, CREDSTORE_ALLOW_HTTP=text).allow_http is value


def test_the_repr_shows_no_secret(tmp_path: Path) -> None:
    shown = repr(read(tmp_path, FIELD_ENCRYPTION_KEY="CANARY1", SECRET_KEY="CANARY2", DATABASE_URL="x://u:CANARY3@h"))
    shown += repr(read(tmp_path, FIELD_ENCRYPTION_KEY_COMMAND="echo CANARY4"))
    hook = {"CREDSTORE_NOTIFY_WEBHOOK": "https://h.test/CANARY5", "CREDSTORE_NOTIFY_WEBHOOK_SECRET": "CANARY6" * 3}
    shown += repr(read(tmp_path, **hook, CREDSTORE_SMTP_URL="smtp://CANARY7:CANARY8@mail.test"))
    assert "CANARY" not in shown


def test_blank_is_the_same_as_unset(tmp_path: Path) -> None:
    assert read(tmp_path, **dict.fromkeys(NAMES, "  ")) == read(tmp_path)


def test_missing_keys_come_from_the_keys_folder_and_given_ones_win(tmp_path: Path) -> None:
    data = tmp_path / "data"
    keys = tmp_path / "data-keys"
    keys.mkdir()
    (keys / "field_encryption_key").write_text("kept\n")
    (keys / "secret_key").write_text("kept too\n")
    env = {"CREDSTORE_DATA_DIR": str(data)}
    assert (read(tmp_path, **env).field_encryption_key, read(tmp_path, **env).secret_key) == ("kept", "kept too")
    assert read(tmp_path, **env, FIELD_ENCRYPTION_KEY="given").field_encryption_key == "given"
    assert not keys.is_relative_to(data)


def test_what_the_command_line_knows_wins(tmp_path: Path) -> None:
    config = Config.from_env({"CREDSTORE_DATA_DIR": "/env"}, data_dir=tmp_path, bind="127.0.0.1", port=1)
    assert (config.data_dir, config.port, config.bound_to_loopback) == (tmp_path, 1, True)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgresql://h/d", "postgresql+psycopg://h/d"),
        ("postgresql+psycopg://h/d", "postgresql+psycopg://h/d"),
        ("sqlite:////tmp/x", "sqlite:////tmp/x"),
        ("", "sqlite:////srv/credstore.sqlite3"),
    ],
)
def test_the_database_url_is_spelt_as_the_driver_wants_it(given: str, used: str) -> None:
    assert Config(database_url=given, data_dir=Path("/srv")).sqlalchemy_url == used


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("[::1]", True), ("LocalHost", True)]
    + [(host, False) for host in ("0.0.0.0", "::", "192.168.1.1", "localhost.evil.example", "", "127.0.0.1.example")],
)
def test_what_counts_as_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
    assert Config(bind=host).bound_to_loopback is loopback


def test_the_data_folder_follows_xdg() -> None:
    assert default_data_dir({"XDG_DATA_HOME": "/x", "HOME": "/h"}) == Path("/x/credstore")
    assert default_data_dir({"HOME": "/h"}) == Path("/h/.local/share/credstore")
