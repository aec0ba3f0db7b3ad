"""A database of PostgreSQL that a test gives back is as new for the next test, or is not used again."""

import os

import psycopg
import pytest
from sqlalchemy import make_url

from tests.fixtures.emptied_postgres import Emptying, remember_content
from tests.fixtures.postgres import create_database, drop_database

pytestmark = pytest.mark.postgres


def counts(url: str) -> tuple[int, ...]:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT (SELECT count(*) FROM setup_link), (SELECT count(*) FROM audit_head)")
        return row.fetchone() or ()


def test_rows_go_and_those_of_the_migrations_come_back(postgres_url: str, emptying: Emptying) -> None:
    before = counts(postgres_url)
    with psycopg.connect(postgres_url) as connection:
        connection.execute("INSERT INTO setup_link (token_hash, expires_at) VALUES ('x', now())")
    assert counts(postgres_url) != before
    assert emptying.emptied(postgres_url)
    assert counts(postgres_url) == before


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE credential DISABLE TRIGGER USER",
        "CREATE TABLE another (id int)",
        "INSERT INTO setup_link (token_hash, expires_at) VALUES ('x', now()); ANALYZE",
    ],
    ids=["altered", "created", "analyzed"],
)
def test_what_rows_do_not_show_is_not_given_to_the_next_test(
    postgres_url: str, emptying: Emptying, change: str
) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        for statement in change.split("; "):
            connection.execute(statement)
    assert not emptying.emptied(postgres_url)


def test_a_user_who_may_only_create_databases_is_enough(postgres_server: str, emptying: Emptying) -> None:
    """Its databases are then used once each."""
    role = name = f"credstore_weak_{os.getpid()}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN CREATEDB")
    try:
        server = make_url(postgres_server).set(username=role).render_as_string(hide_password=False)
        url = create_database(server, name, "template0")
        remember_content(url)
        assert not emptying.emptied(url)
    finally:
        drop_database(postgres_server, name)
        with psycopg.connect(postgres_server, autocommit=True) as connection:
            connection.execute(f"DROP ROLE {role}")
