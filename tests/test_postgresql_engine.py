"""Databases of PostgreSQL whose settings are not those that most have."""

from dataclasses import replace

import psycopg
import pytest
from sqlalchemy import make_url

from credstore.config import Config
from credstore.errors import ConfigError
from credstore.migrate import upgrade
from credstore.minimal_app import database_app
from tests.conftest import MakeApp, close
from tests.fixtures.postgres import drop_database, url_of_database
from tests.vault.conftest import LLM

# Each made a page or a sign-in fail while connections took it over.
SETTINGS = (
    ("timezone", "Pacific/Kiritimati"),
    ("timezone", "America/Adak"),
    ("datestyle", "German"),
    ("datestyle", "SQL, DMY"),
    ("client_encoding", "SQL_ASCII"),
    ("client_encoding", "LATIN1"),
)


@pytest.mark.postgres
@pytest.mark.parametrize(("setting", "value"), SETTINGS)
def test_a_setting_of_the_database_changes_nothing(
    empty_postgres_url: str, config: Config, make_app: MakeApp, setting: str, value: str
) -> None:
    name = make_url(empty_postgres_url).database
    with psycopg.connect(empty_postgres_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} SET {setting} = '{value}'".encode())
    config = replace(config, database_url=empty_postgres_url)
    empty = database_app(config)
    upgrade(empty)
    close(empty)
    app = make_app(config)
    with app.app_context():
        vault = app.extensions["credstore"].vault
        for day in ("9999-12-31", "0001-01-01"):
            vault.create("llm", f"Ключ {day}", LLM, expires=day)
        shown = vault.list_page().records
        assert [row.name for row in shown] == ["Ключ 0001-01-01", "Ключ 9999-12-31"]
        assert [vault.get(row.public_id).expires_at.year for row in shown] == [1, 9999]


@pytest.mark.postgres
@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_that_cannot_store_every_text_is_refused(
    postgres_server: str, config: Config, encoding: str
) -> None:
    name = f"credstore_{encoding.lower()}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(
            f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'".encode()
        )
    app = database_app(replace(config, database_url=url_of_database(postgres_server, name)))
    try:
        with pytest.raises(ConfigError, match=f"has the encoding {encoding}"):
            upgrade(app)
    finally:
        close(app)
        drop_database(postgres_server, name)
