"""Fills a database: a hundred credentials that the application makes, and as many copies of them as are wanted."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, select, text

from credstore import create_app
from credstore.block_counts import TRIGGERS, sqlite_triggers_dropped
from credstore.config import Config
from credstore.database import close_database
from credstore.migrate import upgrade
from credstore.models import Credential, db
from tests.bench.copies import copy_originals
from tests.bench.originals import COUNT, ProviderStandIn, make_originals
from tests.fixtures.serving import Server


def fill(server: Server, rows: int, admin: tuple[str, str]) -> None:
    """Create the tables of `server`'s empty database, an administrator and `rows` credentials, at least 200."""
    app = create_app(Config.from_env(server.environment), ProviderStandIn.tester())
    upgrade(app)
    with app.app_context():
        app.extensions["credstore"].accounts.create(*admin)
        make_originals(app.extensions["credstore"].vault)
    close_database(app)
    add_copies(server, rows - COUNT)


def add_copies(server: Server, rows: int) -> None:
    """Put so many more rows into a database that `fill` has filled, with ids that increase."""
    with _database(server) as engine:
        writing = engine.connect().execution_options(credstore_writes=True)
        # Counts and search index are rebuilt below, which is much faster than by triggers.
        with writing as connection, connection.begin(), without_triggers(connection):
            copy_originals(connection, rows)
        if engine.dialect.name == "postgresql":  # what its autovacuum would do some minutes later
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM ANALYZE"))
    server.run_here("db", "check", "--fix")  # counts and search index fit the copies, or it fails


@contextmanager
def without_triggers(connection: Connection) -> Iterator[None]:
    """The table of credentials without its triggers, for the time of the block."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("ALTER TABLE credential DISABLE TRIGGER USER"))
        yield
        connection.execute(text("ALTER TABLE credential ENABLE TRIGGER USER"))
        return
    with sqlite_triggers_dropped(connection, TRIGGERS):
        yield


def some_ids(server: Server, count: int) -> list[str]:
    """The public ids of so many copies, chosen from the whole table and the same in each run."""
    with _database(server) as engine, engine.connect() as connection:
        copies = select(Credential.public_id).where(Credential.id > COUNT).order_by(Credential.id)
        ids = list(connection.scalars(copies))
    return random.Random(count).sample(ids, count)


def newest_ids(server: Server, count: int) -> list[str]:
    """The public ids of so many copies that were made last, the oldest of them first."""
    with _database(server) as engine, engine.connect() as connection:
        copies = select(Credential.public_id).order_by(Credential.id.desc()).limit(count)
        return list(connection.scalars(copies))[::-1]


@contextmanager
def _database(server: Server) -> Iterator[Engine]:
    app = create_app(Config.from_env(server.environment))
    with app.app_context():
        yield db.engine
    close_database(app)
