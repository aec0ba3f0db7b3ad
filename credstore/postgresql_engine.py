"""What connections to PostgreSQL need: settings of the session, and a look whether one still lives after a pause."""

import time

from sqlalchemy import Engine, event, exc
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

TRUSTED_IDLE_SECONDS = 2.0  # so long an idle connection is taken to be alive
# Whatever the database or its role has: dates are read in UTC, since a far day in another zone may lie beyond the last
# one that Python knows; in the form that the driver reads; and texts are UTF-8.
_SETTINGS = "SET timezone = 'UTC'; SET datestyle = 'ISO, YMD'; SET client_encoding = 'UTF8'"


def prepare(engine: Engine) -> None:
    """Add the listeners of connections to an engine for PostgreSQL."""
    event.listen(engine, "connect", _set_settings, insert=True)  # before SQLAlchemy reads anything
    event.listen(engine, "checkin", _note_use)
    event.listen(engine, "checkout", _ping_after_idling)


def _set_settings(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    before, connection.autocommit = connection.autocommit, True  # with the transaction they would be taken back
    connection.cursor().execute(_SETTINGS)
    connection.autocommit = before


def _note_use(_connection: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
    entry.info["used_at"] = time.monotonic()


def _ping_after_idling(connection: DBAPIConnection, entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
    """Replace a connection that PostgreSQL closed meanwhile. One in use a moment ago is not asked: that is a trip."""
    if time.monotonic() - entry.info.get("used_at", 0.0) < TRUSTED_IDLE_SECONDS:
        return
    try:
        connection.cursor().execute("SELECT 1")
    except Exception:  # whatever the driver raises: the pool then opens another
        raise exc.DisconnectionError from None
