"""Reads connections of Apache Airflow: `airflow connections export` as JSON or .env, and its local secrets files.

Source: https://airflow.apache.org/docs/apache-airflow/stable/howto/connection.html
"""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from credstore.errors import FileRefused
from credstore.importing.candidate import Candidate
from credstore.importing.json_files import parse_json
from credstore.importing.known_names import extra_config, git_values, llm_of_words, llm_values, recognise

ENV_PREFIX = "AIRFLOW_CONN_"
_FIELDS = ("conn_type", "host", "port", "schema", "login", "password", "description")
_WEB_URL = re.compile(r"https?://", re.IGNORECASE)
_GIT_TYPES = {"git": "", "github": "https://github.com", "gitlab": "https://gitlab.com"}


def read(text: str) -> list[Candidate]:
    """JSON, or lines of the form ID=URI or ID={JSON}. Raises FileRefused."""
    if text.lstrip().startswith("{"):
        found = parse_json(text)
        if not isinstance(found, dict):
            raise FileRefused("This JSON is not an object of connections by their ids.")
        return [_connection(str(conn_id), value, f"connection {conn_id}") for conn_id, value in found.items()]
    candidates = []
    for number, line in enumerate(text.splitlines(), 1):
        conn_id, equals, value = line.strip().partition("=")
        if not conn_id or conn_id.startswith("#"):
            continue
        if not equals or not value:
            candidates.append(
                Candidate(origin=f"line {number}", name="?", skipped="This line is not of the form ID=URI.")
            )
            continue
        if conn_id.startswith(ENV_PREFIX):
            conn_id = conn_id.removeprefix(ENV_PREFIX).lower()
        candidates.append(connection_of_text(conn_id.strip(), value.strip(), f"line {number}"))
    return candidates


def connection_of_text(conn_id: str, text: str, origin: str) -> Candidate:
    """The connection that a URI or a JSON text describes."""
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1]
    if not text.startswith("{"):
        return _connection(conn_id, text, origin)
    try:
        return _connection(conn_id, json.loads(text), origin)
    except (ValueError, RecursionError):
        return Candidate(origin=origin, name=conn_id, skipped="Its JSON is not valid.")


def _connection(conn_id: str, value: object, origin: str) -> Candidate:
    if isinstance(value, list) and len(value) == 1:  # a local secrets file may have a list
        value = value[0]
    if isinstance(value, str):
        value = _from_uri(value)
    if not isinstance(value, dict):
        return Candidate(origin=origin, name=conn_id, skipped="It is neither a URI nor an object.")
    fields = {name: str(value.get(name) or "") for name in _FIELDS}
    extra = _extra(value.get("extra", value.get("extra_dejson")))
    if not fields["password"] and not extra and not fields["login"]:
        return Candidate(origin=origin, name=conn_id, skipped="It has no password, no login and no extra.")
    kind, values = _kind_and_values(fields, extra)
    return Candidate(origin=origin, name=conn_id, kind=kind, values=values)


def _from_uri(uri: str) -> dict[str, Any] | None:
    """The fields of a connection's URI. None where it is none."""
    scheme, mark, rest = uri.partition("://")
    if not mark or not re.fullmatch(r"[A-Za-z][\w+.-]*", scheme):
        return None
    own_scheme = re.match(r"[A-Za-z][\w+.-]*://", rest)  # of the host, as in http://https://login:password@host
    prefix = own_scheme[0] if own_scheme else ""
    try:
        parts = urlsplit("x://" + rest.removeprefix(prefix))  # urlsplit reads the rest of every scheme in the same way
        port = parts.port
        host = prefix + unquote(_host_of(parts.netloc))
    except ValueError:
        return None
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    conn_type = scheme.lower().replace("-", "_")
    return {
        "conn_type": "postgres" if conn_type == "postgresql" else conn_type,
        "host": host,
        "port": port,
        "login": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "schema": unquote(parts.path.removeprefix("/")),
        "extra": query.get("__extra__", query),
    }


def _host_of(netloc: str) -> str:
    """The host with its case, unlike `hostname`."""
    host = netloc.rpartition("@")[2]
    return re.sub(r":\d*\Z", "", host)


def _extra(value: object) -> dict[str, Any]:
    if isinstance(value, str) and value.strip():
        try:
            found = json.loads(value)
        except (ValueError, RecursionError):
            return {"extra": value}
        return found if isinstance(found, dict) else {"extra": value}
    return value if isinstance(value, dict) else {}


def _kind_and_values(fields: Mapping[str, str], extra: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    conn_type, secret = fields["conn_type"].lower(), fields["password"]
    web = fields["host"] if _WEB_URL.match(fields["host"]) else ""
    vendor = llm_of_words(re.split(r"[^A-Z]+", conn_type.upper()))
    if vendor and secret:
        return llm_values(vendor, secret, web, str(extra.get("organization") or ""))
    if conn_type in _GIT_TYPES and secret:
        return git_values(web or _GIT_TYPES[conn_type], secret, fields["login"])
    if secret and not fields["login"] and (known := recognise("", secret, web)):
        return known
    own = {name: value for name, value in fields.items() if name != "description"}
    return "tool", extra_config({**own, "extra": dict(extra)})
