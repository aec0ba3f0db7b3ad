"""A database of PostgreSQL that a test gives back is as new for the next test, or is not used again."""

import psycopg
import pytest

from tests.fixtures.emptied_postgres import emptied

pytestmark = pytest.mark.postgres


def counts(url: str) -> tuple[int, ...]:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT (SELECT count(*) FROM setup_link), (SELECT count(*) FROM audit_head)")
        return row.fetchone() or ()


def test_rows_go_and_those_of_the_migrations_come_back(postgres_url: str) -> None:
    before = counts(postgres_url)
    with psycopg.connect(postgres_url) as connection:
        connection.execute("INSERT INTO setup_link (token_hash, expires_at) VALUES ('x', now())")
    assert counts(postgres_url) != before
    assert emptied(postgres_url)
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
def test_what_rows_do_not_show_is_not_given_to_the_next_test(postgres_url: str, change: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        for statement in change.split("; "):
            connection.execute(statement)
    assert not emptied(postgres_url)
