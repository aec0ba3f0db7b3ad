"""The migrated tables are those that the models declare: the same columns, keys and indexes, on both databases."""

import ast
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
from credstore.database import write_transaction
from credstore.models import Base, db
from credstore.search_index import rebuild_search_index

# Declared in the migration alone, since PostgreSQL has them and SQLite does not.
ONLY_IN_POSTGRESQL = {
    "CREATE INDEX ON credential USING btree (name_key COLLATE C)",
    "CREATE INDEX ON credential USING gin (name_key gin_trgm_ops)",
    "CREATE INDEX ON deleted_credential USING btree (name_key COLLATE C)",
    "CREATE INDEX ON deleted_credential USING gin (name_key gin_trgm_ops)",
}
TABLES = sorted(Base.metadata.tables)


@pytest.fixture
def declared(database_url: str, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An empty database with the tables as the models declare them."""
    url = make_url("sqlite://")
    if database_url:
        url = make_url(request.getfixturevalue("empty_postgres_url")).set(drivername="postgresql+psycopg")
    engine = create_engine(url, poolclass=NullPool if database_url else None)
    if database_url:  # the models say it for SQLite alone: to say it for PostgreSQL would load its dialect everywhere
        for index in (each for table in Base.metadata.tables.values() for each in table.indexes):
            index.dialect_options["postgresql"]["where"] = index.dialect_options["sqlite"]["where"]
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


# Indexes are compared as SQL, below, and not by the inspector, which knows no index of an expression.
@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
def test_models_and_migrations_agree(stored_app: Flask, declared: Engine) -> None:
    with stored_app.app_context(), db.engine.connect() as migrated, declared.connect() as expected:
        assert columns(migrated) == columns(expected)
        assert keys(migrated) == keys(expected)
        extra = ONLY_IN_POSTGRESQL if migrated.dialect.name == "postgresql" else set()
        assert indexes(migrated) == indexes(expected) | extra


def test_the_newest_revision_is_the_head_of_the_migrations() -> None:
    scripts = ScriptDirectory(str(Path(migrate.__file__).parent / "migrations"))
    assert scripts.get_heads() == [migrate.newest_revision()]


def imported(source: str) -> set[str]:
    """What a module imports, by its full name."""
    found = set[str]()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." * node.level + (node.module or ""))
    return found


def test_no_migration_runs_what_may_change() -> None:
    """Neither a migration nor what it takes its SQL from imports another part of credstore, which may change."""
    folder = Path(migrate.__file__).parent / "migrations"
    migrations = sorted(folder.glob("versions/[0-9]*.py"))
    assert [int(file.name[:4]) for file in migrations] == list(range(1, len(migrations) + 1))
    for file in (*migrations, *folder.glob("ddl_*.py")):
        others = {name for name in imported(file.read_text()) if name.startswith(("credstore", "."))}
        assert {name for name in others if not name.startswith("credstore.migrations.ddl_")} == set(), file.name


def search_index(connection: Connection) -> set[tuple[str, str]]:
    """All that makes up the index for substring search, as SQL without its spaces, by name."""
    if connection.dialect.name == "sqlite":  # without the tables that FTS5 makes for itself
        found = (
            "SELECT name, sql FROM sqlite_master WHERE sql LIKE '%credential_search%' AND sql NOT LIKE 'CREATE TABLE%'"
        )
    else:
        found = "SELECT indexname, indexdef FROM pg_indexes WHERE strpos(indexdef, 'trgm') > 0"
    return {(name, "".join(sql.split())) for name, sql in connection.exec_driver_sql(found)}


def test_a_search_index_that_is_made_anew_is_that_of_the_migrations(stored_app: Flask) -> None:
    with stored_app.app_context(), write_transaction(db.session):
        connection = db.session.connection()
        migrated = search_index(connection)
        assert migrated
        for name, sql in migrated:
            kind = re.match("CREATE(?:VIRTUAL)?(TABLE|VIEW|TRIGGER|INDEX)", sql)
            assert kind
            connection.exec_driver_sql(f"DROP {kind[1]} {name}")
        assert search_index(connection) == set()
        rebuild_search_index(connection)
        assert search_index(connection) == migrated
