"""Creates the tables of a new database and migrates an existing one with Alembic; checks whether one is up to date.

Needs no ini file. Alembic is imported only when it is needed: it takes 10 MB, and a worker does not need it.
"""

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask
from sqlalchemy import Connection, text

from credstore.database import MIGRATIONS, take_turns, write_options
from credstore.errors import ConfigError
from credstore.models import db

if TYPE_CHECKING:
    from alembic.config import Config as AlembicConfig

_SCRIPT_LOCATION = "credstore:migrations"


def upgrade(app: Flask) -> None:
    """Upgrade to the newest schema in one transaction. Only one process at a time does it; others wait."""
    with (
        app.app_context(),
        db.engine.connect().execution_options(**write_options(db.engine.dialect.name)) as connection,
        connection.begin(),
    ):
        take_turns(connection, MIGRATIONS)
        upgrade_inside(connection)


def upgrade_inside(connection: Connection) -> None:
    """Upgrade to the newest schema in the transaction of the caller, who has taken the turn MIGRATIONS.

    Raises ConfigError where the database cannot store every text.
    """
    from alembic import command

    if connection.dialect.name == "postgresql":
        encoding = connection.scalar(text("SHOW server_encoding"))
        if encoding != "UTF8":
            raise ConfigError(f"The database has the encoding {encoding}. credstore needs one that is made with UTF8.")
    command.upgrade(_config(connection), "head")


def is_current(connection: Connection) -> bool:
    """Whether the schema is the newest one. Two statements; without Alembic, which takes 10 MB of memory."""
    if not connection.dialect.has_table(connection, "alembic_version"):
        return False
    return connection.scalars(text("SELECT version_num FROM alembic_version")).all() == [newest_revision()]


@cache
def newest_revision() -> str:
    """The revision of the newest migration: the number at the start of its file's name."""
    versions = Path(__file__).parent / "migrations" / "versions"
    return max(found[1] for file in versions.glob("*.py") if (found := re.match(r"(\d{4})_", file.name)))


def _config(connection: Connection) -> "AlembicConfig":
    from alembic.config import Config as AlembicConfig

    config = AlembicConfig()
    config.set_main_option("script_location", _SCRIPT_LOCATION)
    config.attributes["connection"] = connection
    return config
