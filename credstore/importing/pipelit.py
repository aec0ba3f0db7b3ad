"""Reads the credentials in Pipelit's SQLite database. Its secrets are encrypted with its own FIELD_ENCRYPTION_KEY.

Source: platform/models/credential.py and encrypted.py of https://github.com/theuselessai/Pipelit.
"""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from credstore.errors import FileRefused
from credstore.importing.candidate import Candidate
from credstore.importing.known_names import KindAndValues, extra_config, git_values

_TABLES = {kind: f"{kind}_credentials" for kind in ("git", "llm", "telegram", "tool")}
_HOSTS = {"github": "https://github.com", "gitlab": "https://gitlab.com", "bitbucket": "https://bitbucket.org"}
_FERNET = "gAAAA"


class _NotOpened(Exception):
    """The key does not open a value."""


def read_database(path: Path, key: str) -> list[Candidate]:
    """Every credential of the database, which is only read. Raises FileRefused."""
    try:
        fernet = Fernet(key)
    except ValueError:
        raise FileRefused("The key file holds no Fernet key, as Pipelit's FIELD_ENCRYPTION_KEY is one.") from None
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            parts = {kind: _rows_of(database, table) for kind, table in _TABLES.items()}
            rows = database.execute("SELECT id, name, credential_type FROM credentials ORDER BY id").fetchall()
    except sqlite3.Error:
        raise FileRefused("This is not a database of Pipelit's.") from None
    return [_candidate(row, parts, fernet) for row in rows]


def _rows_of(database: sqlite3.Connection, table: str) -> dict[int, dict[str, Any]]:
    """The rows of one of the tables above by the credential that they belong to; an older Pipelit may lack one."""
    known = database.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", [table]).fetchone()
    rows = database.execute(f"SELECT * FROM {table}").fetchall() if known else []  # noqa: S608 - a name from above
    return {row["base_credentials_id"]: dict(row) for row in rows}


def _candidate(row: sqlite3.Row, parts: Mapping[str, Mapping[int, dict[str, Any]]], fernet: Fernet) -> Candidate:
    origin, name, kind = f"credential {row['id']}", str(row["name"]), str(row["credential_type"])
    part = parts.get(kind, {}).get(row["id"])
    if part is None:
        return Candidate(origin=origin, name=name, skipped="Its type has no secret that can be stored here.")
    try:
        kind, values = _kind_and_values(kind, part, fernet)
    except _NotOpened:
        return Candidate(origin=origin, name=name, skipped="The key does not open its secret.")
    headers = kind == "llm" and part.get("custom_headers") not in (None, "", "{}", "null")
    return Candidate(
        origin=origin, name=name, kind=kind, values=values, note="Left out: custom headers." if headers else ""
    )


def _kind_and_values(kind: str, part: Mapping[str, Any], fernet: Fernet) -> KindAndValues:
    if kind == "llm":
        public = {name: str(part.get(name) or "") for name in ("provider_type", "base_url", "organization_id")}
        return kind, {**public, "api_key": _open(fernet, part["api_key"])}
    if kind == "telegram":
        return kind, {"bot_token": _open(fernet, part["bot_token"])}
    if kind == "git":
        url, username = _HOSTS.get(str(part.get("provider")), ""), str(part.get("username") or "")
        if token := _open(fernet, part.get("access_token")):
            return git_values(url, token, username)
        return kind, extra_config({"username": username, "ssh_key": _open(fernet, part.get("ssh_private_key"))})
    try:
        config = json.loads(part.get("config") or "{}")
    except (ValueError, RecursionError):
        config = {"config": part.get("config")}
    return "tool", extra_config({"tool_type": part.get("tool_type"), **(config if isinstance(config, dict) else {})})


def _open(fernet: Fernet, stored: object) -> str:
    """Raises _NotOpened."""
    if not str(stored or "").startswith(_FERNET):  # Pipelit without a key stores what was typed
        return str(stored or "")
    try:
        return fernet.decrypt(str(stored)).decode()
    except (InvalidToken, ValueError):
        raise _NotOpened from None
