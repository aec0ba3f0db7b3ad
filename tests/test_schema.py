"""The migrated tables are those that the models declare: the same columns, keys and indexes, on both databases."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import Connection, Engine, create_engine, inspect, make_url
from sqlalchemy.pool import NullPool

from credstore import migrate
from credstore.models import Base, db

# Declared in the migration alone, since PostgreSQL has them and SQLite does not.
ONLY_IN_POSTGRESQL = {
    "CREATE INDEX ON credential USING btree (name_key COLLATE C)",
    "CREATE INDEX ON credential USING gin (name_key gin_trgm_ops)",
}
TABLES = sorted(Base.metadata.tables)


@pytest.fixture
def declared(database_url: str, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An empty database with the tables as the models declare them."""
    url = make_url("sqlite://")
    if database_url:
        url = make_url(request.getfixturevalue("empty_postgres_url")).set(drivername="postgresql+psycopg")
    engine = create_engine(url, poolclass=NullPool if database_url else None)
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


def columns(connection: Connection) -> set[tuple[Any, ...]]:
    found = inspect(connection)
    return {
        (table, column["name"], str(column["type"]), column["nullable"])
        for table in TABLES
        for column in found.get_columns(table)
    }


def keys(connection: Connection) -> set[tuple[Any, ...]]:
    """Primary keys, unique constraints and foreign keys, without their names."""
    found, seen = inspect(connection), set[tuple[Any, ...]]()
    for table in TABLES:
        seen.add((table, "primary", *found.get_pk_constraint(table)["constrained_columns"]))
        seen |= {(table, "unique", *unique["column_names"]) for unique in found.get_unique_constraints(table)}
        for key in found.get_foreign_keys(table):
            seen.add((table, *key["constrained_columns"], key["referred_table"], str(key["options"].get("ondelete"))))
    return seen


def indexes(connection: Connection) -> set[str]:
    """Every index as SQL, without its name."""
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql("SELECT tbl_name, sql FROM sqlite_master WHERE type = 'index' AND sql <> ''")
    else:
        rows = connection.exec_driver_sql("SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'")
    return {_nameless(sql) for table, sql in rows if table in TABLES}


def _nameless(sql: str) -> str:
    sql = " ".join(sql.replace('"', "").replace("public.", "").split())
    return re.sub(
        r"INDEX \w+ ON (\w+) \(", r"INDEX ON \1 (", re.sub(r"INDEX \w+ ON (\w+) USING", r"INDEX ON \1 USING", sql)
    )


def test_models_and_migrations_agree(stored_app: Flask, declared: Engine) -> None:
    with stored_app.app_context(), db.engine.connect() as migrated, declared.connect() as expected:
        assert columns(migrated) == columns(expected)
        assert keys(migrated) == keys(expected)
        extra = ONLY_IN_POSTGRESQL if migrated.dialect.name == "postgresql" else set()
        assert indexes(migrated) == indexes(expected) | extra


def test_the_newest_revision_is_the_head_of_the_migrations() -> None:
    scripts = ScriptDirectory(str(Path(migrate.__file__).parent / "migrations"))
    assert scripts.get_heads() == [migrate.newest_revision()]
