"""Brings the database's tables up to date, and tells whether they are. Alembic, without an ini file."""

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import Connection, text

from credstore.models import db

_PLACE = "credstore:migrations"
_LOCK = 7_286_221  # any number of our own: PostgreSQL's advisory lock for migrations


def upgrade(app: Flask) -> None:
    """Upgrade to the newest schema, in one transaction, one process at a time."""
    with (
        app.app_context(),
        db.engine.connect().execution_options(credstore_writes=True) as connection,
        connection.begin(),
    ):
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        command.upgrade(_config(connection), "head")


def is_current(connection: Connection) -> bool:
    """Whether the tables are those that this version expects. One statement, or two on an empty database."""
    heads = set(ScriptDirectory.from_config(_config(connection)).get_heads())
    return set(MigrationContext.configure(connection).get_current_heads()) == heads


def _config(connection: Connection) -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", _PLACE)
    config.attributes["connection"] = connection
    return config
