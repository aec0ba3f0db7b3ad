"""Why PostgreSQL could not be reached, in one sentence for the operator: host, port, role, database, password or TLS.

libpq gives no code for a failed connection, only a text. It is matched here and never shown. Nobody reads the password.
"""

from dataclasses import dataclass
from typing import Any, Protocol


class ConnectionURL(Protocol):
    """What is used of SQLAlchemy's URL."""

    @property
    def host(self) -> str | None: ...
    @property
    def port(self) -> int | None: ...
    @property
    def username(self) -> str | None: ...
    @property
    def database(self) -> str | None: ...


UNKNOWN = "check that it runs, and its host, name, user and password."
_UNREADABLE = "its URL cannot be read as it was meant. In a password, write “@” as %40, “/” as %2F and “:” as %3A."
# The first line of which one text is part of the message decides.
_CAUSES: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("failed to resolve host", "could not translate host name", "name or service not known"),
        "the host name “{host}” is not known. Check the host in the URL.",
    ),
    (
        ("connection refused",),
        "nothing accepts connections at {host}:{port}. Check that PostgreSQL runs there, and the host and the port.",
    ),
    (
        ("no such file or directory",),
        "there is no PostgreSQL at the socket {host}, port {port}. Check that it runs, and the folder of its socket.",
    ),
    (
        ("timeout expired", "timed out", "no route to host", "network is unreachable"),
        "{host}:{port} does not answer. Check the host, the network and the firewall.",
    ),
    (("no password supplied",), "the role “{user}” needs a password, and none is set. Put it into the URL."),
    (
        ("password authentication failed",),
        "the password of the role “{user}” is not accepted, or there is no such role.",
    ),
    (
        ("peer authentication failed", "ident authentication failed"),
        "the role “{user}” may sign in only as the system's user of the same name. Use a host and a password instead.",
    ),
    (("no pg_hba.conf entry",), "the role “{user}” may not sign in from this machine. Add a line to pg_hba.conf."),
    (("permission denied for database",), "the role “{user}” may not connect to the database “{database}”."),
    (("is not permitted to log in",), "the role “{user}” may not sign in. Give it LOGIN."),
    (
        ("too many connections", "too many clients", "remaining connection slots"),
        "it has no free connection. Raise max_connections, or run fewer workers and threads.",
    ),
    (("starting up", "shutting down", "not yet accepting", "recovery mode"), "it is starting or stopping. Try again."),
    (("does not support ssl",), "{host}:{port} does not offer TLS, which sslmode in the URL asks for."),
    (
        ("certificate", "ssl", "tls"),
        "TLS with {host}:{port} failed. Check sslmode and sslrootcert in the URL, and the server's certificate.",
    ),
    (("invalid ", 'missing "="', "unknown option"), "the URL has a part that PostgreSQL does not take."),
)
# These name the role or the database, which may be called like any text above.
_QUOTED: tuple[tuple[str, str, str], ...] = (
    ("role", "does not exist", "there is no role “{user}”. Make it with createuser."),
    ("database", "does not exist", "there is no database “{database}”. Make it with createdb."),
)


@dataclass(frozen=True, slots=True)
class _Place:
    host: str
    port: str
    user: str
    database: str


def cause_of(failure: BaseException | None, url: ConnectionURL) -> str:
    """The rest of a sentence that begins with "The database cannot be reached: ". Never the failure's own text."""
    place = _place(failure, url)
    if "@" in f"{place.host}{place.port}{place.database}":  # a part of a password, split at the wrong sign
        return _UNREADABLE
    words = str(failure).lower()
    values = {name: getattr(place, name) for name in ("host", "port", "user", "database")}
    for kind, end, sentence in _QUOTED:
        name = place.user if kind == "role" else place.database
        if f'{kind} "{name.lower()}" {end}' in words:
            return sentence.format(**values)
    for value in values.values():  # what they are called must not decide
        words = words.replace(f'"{value.lower()}"', '""').replace(f"'{value.lower()}'", "''")
    return next((told.format(**values) for texts, told in _CAUSES if any(text in words for text in texts)), UNKNOWN)


def _place(failure: BaseException | None, url: ConnectionURL) -> _Place:
    """What was connected to. libpq also reads PGHOST and the like, so the connection itself knows best."""
    attempted: Any = getattr(failure, "pgconn", None)

    def of(name: str, otherwise: object) -> str:
        try:
            value = getattr(attempted, name, None)
        except Exception:  # psycopg raises its own where the connection never began
            value = None
        return value.decode(errors="replace") if isinstance(value, bytes) and value else str(otherwise or "")

    return _Place(
        host=of("host", url.host or "localhost"),
        port=of("port", url.port or 5432),
        user=of("user", url.username),
        database=of("db", url.database),
    )
