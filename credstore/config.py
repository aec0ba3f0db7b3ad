"""The settings: one frozen `Config`, read from the environment. Never shows the value of a secret setting.

Every variable is also read as `NAME_FILE`, the path of a file that holds the value (Docker and systemd secrets).
"""

import os
from collections.abc import Mapping
from dataclasses import Field, dataclass, fields, replace
from pathlib import Path
from typing import Any

from credstore.errors import ConfigError
from credstore.key_command import keys_of, source_of_keys
from credstore.loopback import is_loopback
from credstore.notice_settings import NoticeSettings
from credstore.oidc_settings import OidcSettings
from credstore.setting_fields import choice_parser, number_setting, parse_flag, parse_list, parse_path, setting

KEY_FILE = "field_encryption_key"
SECRET_FILE = "secret_key"  # noqa: S105 - the name of a file, not a secret
MOST_TEST_SECONDS = 50  # less than the time without a heartbeat after which a run counts as interrupted
DATABASE_FILE = "credstore.sqlite3"


def default_data_dir(env: Mapping[str, str]) -> Path:
    """`$XDG_DATA_HOME/credstore`: never inside a virtual environment, whose rebuild would delete it."""
    home = env.get("XDG_DATA_HOME") or Path(env.get("HOME") or Path.home()) / ".local" / "share"
    return Path(home) / "credstore"


@dataclass(frozen=True, kw_only=True)
class Config(NoticeSettings, OidcSettings):
    """All settings. `from_env` is the only reader of the environment; tests build one directly."""

    field_encryption_key: str = setting(
        "FIELD_ENCRYPTION_KEY",
        "the keys that encrypt secrets, comma-separated; the first one encrypts, all decrypt",
        "",
        secret=True,
    )
    field_encryption_key_command: str = setting(
        "FIELD_ENCRYPTION_KEY_COMMAND", "a program and its arguments; it prints these keys", "", secret=True
    )
    secret_key: str = setting("SECRET_KEY", "signs the browser's session cookie", "", secret=True)
    database_url: str = setting(
        "DATABASE_URL", "postgresql://… or sqlite:///…; default: SQLite in the data folder", "", secret=True
    )
    data_dir: Path = setting("CREDSTORE_DATA_DIR", "folder of the SQLite database", Path("credstore-data"), parse_path)
    key_dir: Path | None = setting(
        "CREDSTORE_KEY_DIR",
        "folder of the generated keys; default: the data folder's name with “-keys”",
        None,
        parse_path,
    )
    trusted_hosts: tuple[str, ...] = setting(
        "CREDSTORE_TRUSTED_HOSTS", "host names this site is reached by; default: loopback names only", (), parse_list
    )
    proxy_hops: int = number_setting(
        "CREDSTORE_PROXY_HOPS", "how many reverse proxies in front to believe (X-Forwarded-*)", 0, 0, 10
    )
    allow_http: bool = setting(
        "CREDSTORE_ALLOW_HTTP",
        "1 permits sign-in over plain http from other machines (not advised)",
        False,
        parse_flag,
    )
    egress_allow: tuple[str, ...] = setting(
        "CREDSTORE_EGRESS_ALLOW", "local destinations that tests may reach: CIDRs or host:port", (), parse_list
    )
    egress_proxy: str = setting(
        "CREDSTORE_EGRESS_PROXY", "the http proxy that tests go through, http://host:port", "", secret=True
    )
    ca_bundle: Path | None = setting(
        "CREDSTORE_CA_BUNDLE", "PEM file of certificate roots to trust besides the shipped ones", None, parse_path
    )
    # At most 50: see MOST_TEST_SECONDS.
    test_seconds: int = number_setting(
        "CREDSTORE_TEST_SECONDS", "the wall-clock deadline of one test in seconds", 10, 1, 50
    )
    tests_at_once: int = number_setting(
        "CREDSTORE_TESTS_AT_ONCE", "how many tests may run at once in one process", 4, 1, 64
    )
    keep_deleted_days: int = number_setting(
        "CREDSTORE_KEEP_DELETED_DAYS",
        "the days a deleted credential stays stored, encrypted, before it is erased",
        30,
        0,
        36_500,
    )
    keep_replaced_hours: int = number_setting(
        "CREDSTORE_KEEP_REPLACED_HOURS",
        "the hours a replaced secret stays stored, encrypted, so that it can be put back",
        24,
        0,
        8_760,
    )
    keep_audit_days: int = number_setting(
        "CREDSTORE_KEEP_AUDIT_DAYS", "the days the audit log keeps an entry", 365, 1, 36_500
    )
    session_idle_minutes: int = number_setting(
        "CREDSTORE_SESSION_IDLE_MINUTES", "the minutes without a request that end a session", 30, 1, 10_080
    )
    session_hours: int = number_setting(
        "CREDSTORE_SESSION_HOURS", "the hours after which a session ends in any case", 12, 1, 720
    )
    api_requests_per_minute: int = number_setting(
        "CREDSTORE_API_REQUESTS_PER_MINUTE",
        "the requests a minute that one machine token may send to one process, 0 for any number",
        6_000,
        0,
        1_000_000,
    )
    log_format: str = setting(
        "CREDSTORE_LOG_FORMAT", "text or json: the form of a line of the log", "text", choice_parser("text", "json")
    )
    log_level: str = setting(
        "CREDSTORE_LOG_LEVEL",
        "debug, info, warning or error: what is less important is not logged",
        "info",
        choice_parser("debug", "info", "warning", "error"),
    )
    slow_statement_ms: int = number_setting(
        "CREDSTORE_SLOW_STATEMENT_MS",
        "the milliseconds after which a statement is logged as slow, 0 for none",
        0,
        0,
        600_000,
    )
    head_seconds: int = number_setting(
        "CREDSTORE_HEAD_SECONDS", "the seconds that a request may take to send its headers", 10, 1, 300
    )
    body_seconds: int = number_setting(
        "CREDSTORE_BODY_SECONDS", "the seconds that a request may take to send its body", 30, 1, 3_600
    )
    metrics: bool = setting(
        "CREDSTORE_METRICS", "1 offers /metrics for Prometheus; install credstore[metrics]", False, parse_flag
    )
    metrics_token: str = setting(
        "CREDSTORE_METRICS_TOKEN",
        "who sends it as a bearer token may read /metrics from another machine",
        "",
        secret=True,
    )
    # The address that the server listens on. Only `credstore serve` knows it; no variable sets it.
    bind: str = ""
    port: int | None = None
    test_every: int | None = None  # seconds, likewise
    key_source: str = "FIELD_ENCRYPTION_KEY"  # where the encryption keys come from, as the end of a sentence

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None, *, run_command: bool = True, **known: Any) -> "Config":
        """Read the environment. `known` are values of options of the command line, which come first.

        `run_command` False is for work without keys. Raises ConfigError naming the variable, never its value.
        """
        env = os.environ if env is None else env
        values: dict[str, Any] = {"data_dir": default_data_dir(env), "key_source": source_of_keys(env)}
        for one in settings():
            text = _read(env, one.metadata["env"])
            if text is not None:
                values[one.name] = _parse(one, text)
        config = cls(**(values | known))
        if run_command:
            keys = keys_of(config.field_encryption_key, config.field_encryption_key_command)
            config = replace(config, field_encryption_key=keys)
        return config._with_key_files()

    @property
    def keys_folder(self) -> Path:
        """The folder of generated keys: beside the data folder, never in it, so that no one copy has both."""
        return self.key_dir or self.data_dir.with_name(self.data_dir.name + "-keys")

    @property
    def sqlalchemy_url(self) -> str:
        """The database URL with the driver name that SQLAlchemy expects."""
        url = self.database_url
        for prefix in ("postgres://", "postgresql://"):
            if url.startswith(prefix):
                return "postgresql+psycopg://" + url.removeprefix(prefix)
        return url or f"sqlite:///{self.data_dir.absolute() / DATABASE_FILE}"

    @property
    def bound_to_loopback(self) -> bool:
        """Whether the server is known to listen on loopback only."""
        return bool(self.bind) and is_loopback(self.bind)

    @property
    def hosts(self) -> list[str]:
        """The host names that requests may have: CREDSTORE_TRUSTED_HOSTS, or else loopback names."""
        loopback = ["127.0.0.1", "localhost", "[::1]"]
        if self.bound_to_loopback and self.bind not in {"::1", *loopback}:
            loopback.append(self.bind)
        return list(self.trusted_hosts) or loopback

    def _with_key_files(self) -> "Config":
        """Fill a missing key from the keys folder, where `credstore serve` put it."""
        found: dict[str, Any] = {}
        for name, file in (("field_encryption_key", KEY_FILE), ("secret_key", SECRET_FILE)):
            path = self.keys_folder / file
            if not getattr(self, name) and (text := _read_key_file(path)):
                found |= {name: text} | ({"key_source": f"the file {path}"} if file == KEY_FILE else {})
        return replace(self, **found)


def settings() -> list[Field[Any]]:
    """The dataclass fields that are settings, in order; the README is checked against them."""
    return [f for f in fields(Config) if "env" in f.metadata]


def _read(env: Mapping[str, str], name: str) -> str | None:
    plain, file = env.get(name), env.get(f"{name}_FILE")
    if plain and file:
        raise ConfigError(f"Both {name} and {name}_FILE are set. Keep one of them.")
    if file:
        return _read_value_file(Path(file), f"{name}_FILE")
    return plain.strip() if plain and plain.strip() else None


def _read_value_file(path: Path, name: str) -> str:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):  # without the path: somebody may have put the secret itself into NAME_FILE
        raise ConfigError(f"The file named by {name} cannot be read.") from None
    if not text:
        raise ConfigError(f"The file named by {name} is empty.")
    return text


def _read_key_file(path: Path) -> str:
    """The content of a file in the keys folder, "" when it does not exist. Raises ConfigError."""
    try:
        if not path.exists():
            return ""
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"The key file cannot be read: {path}") from None
    if not text:
        raise ConfigError(f"The key file is empty: {path}")
    return text


def _parse(setting: Field[Any], text: str) -> Any:
    try:
        return setting.metadata["parse"](text)
    except ValueError:
        raise ConfigError(f"{setting.metadata['env']} is not valid. It is {setting.metadata['about']}.") from None
