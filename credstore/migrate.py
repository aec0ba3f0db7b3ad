"""Migrates the database with Alembic, and checks whether it is up to date. Needs no ini file.

Alembic is imported when it is needed: it takes 10 MB in each worker, and a worker needs it for `/readyz` alone.
"""

from typing import TYPE_CHECKING

from flask import Flask
from sqlalchemy import Connection, text

from credstore.models import db

if TYPE_CHECKING:
    from alembic.config import Config as AlembicConfig

_SCRIPT_LOCATION = "credstore:migrations"
_LOCK = 7_286_221  # an arbitrary number: PostgreSQL's advisory lock for migrations


def upgrade(app: Flask) -> None:
    """Upgrade to the newest schema in one transaction. Only one process at a time does it; others wait."""
    from alembic import command

    with (
        app.app_context(),
        db.engine.connect().execution_options(credstore_writes=True) as connection,
        connection.begin(),
    ):
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        command.upgrade(_config(connection), "head")


def is_current(connection: Connection) -> bool:
    """Whether the schema is the newest one. One statement, or two on an empty database."""
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    heads = set(ScriptDirectory.from_config(_config(connection)).get_heads())
    return set(MigrationContext.configure(connection).get_current_heads()) == heads


def _config(connection: Connection) -> "AlembicConfig":
    from alembic.config import Config as AlembicConfig

    config = AlembicConfig()
    config.set_main_option("script_location", _SCRIPT_LOCATION)
    config.attributes["connection"] = connection
    return config
