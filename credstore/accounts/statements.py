"""Owns the one statement that SQLAlchemy spells per dialect: INSERT … ON CONFLICT."""

from sqlalchemy.dialects import postgresql, sqlite

from credstore.database import AnySession
from credstore.models import Base


def insert(session: AnySession, table: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that has `on_conflict_do_nothing` and `on_conflict_do_update`."""
    if session.connection().dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
