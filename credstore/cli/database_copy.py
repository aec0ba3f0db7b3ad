"""Copies a whole database to an empty one, in one transaction of the target: everything, or nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from flask import Flask
from sqlalchemy import Connection, Engine, delete, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from credstore.audit import Act, record
from credstore.audit.chain_head import begin_chain, chain_head
from credstore.block_counts import count_differences
from credstore.config import Config
from credstore.database import MIGRATIONS, close_database, take_turns, write_options, write_transaction
from credstore.encryption.keyring import Keyring
from credstore.encryption.sealed_tables import SEALED_TABLES
from credstore.errors import ConfigError, CopyRefused, NotMigrated, StorageDown
from credstore.exclusive_source import exclusive_source
from credstore.migrate import is_current, upgrade_inside
from credstore.minimal_app import database_app
from credstore.models import db
from credstore.search_index import rebuild_search_index
from credstore.status_counts import status_count_differences
from credstore.table_copy import BATCH, copy_rows, count_rows, keep_numbering, table_names, tables_to_copy
from credstore.vault.encryption_keys import Opening
from credstore.vault.store import CredentialStore

_SET_UP = {"alembic_version", "audit_head"}  # what an empty database has a row in


@dataclass(slots=True)
class DatabaseCopy:
    """One copy of the database of `config` to the one at `url`. `at` is called at each boundary; tests interrupt there.

    `keep_unreadable`: also copy rows that none of the keys opens, as they are.
    """

    config: Config
    url: str
    keep_unreadable: bool = False
    batch: int = BATCH
    at: Callable[[str], None] = field(default=lambda _moment: None)
    totals: dict[str, int] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    opening: Opening | None = None

    def run(self) -> Iterator[tuple[str, int]]:
        """Carry it out; gives ("Copying" or "Opening", number of rows) after each batch; `totals` has their sums.

        Raises CopyRefused, Locked, NotMigrated, ConfigError or StorageError; then the target is as it was.
        """
        keyring = Keyring(self.config.field_encryption_key, self.config.key_source)
        if self.url and Config(database_url=self.url).sqlalchemy_url == self.config.sqlalchemy_url:
            raise CopyRefused("The URL is that of the database itself. Name another, empty one.")
        target_app = self._target_app()
        with exclusive_source(self.config.sqlalchemy_url) as source:
            if not is_current(source):
                raise NotMigrated("The database is not set up for this version. Run: credstore db upgrade")
            with Session(source, join_transaction_mode="create_savepoint") as session:
                CredentialStore(session, keyring).require_unlocked()
            with _writing(target_app) as target:
                _make_tables(target)
                self.at("made")
                yield from self._copy(source, target)
                yield from self._open(target, keyring)
                self.at("verified")
            self.at("saved")

    def note(self) -> None:
        """Add an entry to the audit log of the copy: that of the source must not change. Raises StorageError."""
        app = self._target_app()
        try:
            with app.app_context(), write_transaction(db.session):
                record(db.session, Act.COPY, count=self.rows["credential"])
        finally:
            close_database(app)

    def _target_app(self) -> Flask:
        try:
            return database_app(replace(self.config, database_url=self.url))
        except ConfigError as refusal:
            raise ConfigError(refusal.sentence.replace("DATABASE_URL", "The URL to copy to")) from None

    def _copy(self, source: Connection, target: Connection) -> Iterator[tuple[str, int]]:
        tables = tables_to_copy(target)
        numbers = {copied.name: count_rows(source, copied) for copied in tables}
        self.totals["Copying"] = sum(numbers.values())
        self.totals["Opening"] = sum(numbers[sealed.table.name] for sealed in SEALED_TABLES)
        begin_chain(source, target)
        for copied in tables:
            try:
                for number in copy_rows(source, target, copied, self.batch):
                    yield "Copying", number
                    self.at("copied")
            except DBAPIError:  # its text quotes the values
                raise CopyRefused(
                    f"The other database does not take a row of the table {copied.name}. Nothing was copied."
                ) from None
            keep_numbering(source, target, copied)
            self.rows[copied.name] = count_rows(target, copied)
        _finish(target)
        same = self.rows == numbers and chain_head(target) == chain_head(source)
        if not same or count_differences(target) or status_count_differences(target):
            raise CopyRefused("The numbers of rows differ from those of the source. Nothing was copied; try again.")

    def _open(self, target: Connection, keyring: Keyring) -> Iterator[tuple[str, int]]:
        with Session(target, join_transaction_mode="create_savepoint") as session:
            self.opening = Opening(CredentialStore(session, keyring), any_key=True)
            for number in self.opening.run():
                yield "Opening", number
        failed = sum(self.opening.failed.values())
        if failed and not self.keep_unreadable:
            raise CopyRefused(
                f"Secrets that no configured key opens: {failed:,}. Nothing was copied. Restore their key, or copy "
                "them as they are with --keep-unreadable."
            )


@contextmanager
def _writing(app: Flask) -> Iterator[Connection]:
    """A connection in a transaction that is committed at the end, and rolled back on any exception."""
    try:
        with app.app_context():
            options = write_options(db.engine.dialect.name) | {"credstore_bulk": True}
            with _connected(db.engine).execution_options(**options) as connection, connection.begin():
                yield connection
    finally:
        close_database(app)


def _connected(engine: Engine) -> Connection:
    try:
        return engine.connect()
    except StorageDown as down:
        raise CopyRefused(
            f"The database to copy to cannot be reached: {down.cause}" if down.cause else down.sentence
        ) from None


def _make_tables(target: Connection) -> None:
    """Raises CopyRefused where something is in the database."""
    take_turns(target, MIGRATIONS)
    found = table_names(target)
    if found:
        current = is_current(target)
        filled = [name for name in found if name not in _SET_UP and _has_rows(target, name)] if current else found
        if filled:
            raise CopyRefused(
                f"The other database is not empty: see its table {filled[0]}. Choose an empty one; nothing was changed."
            )
    upgrade_inside(target)
    for copied in reversed(tables_to_copy(target)):  # what a migration put in comes from the source too
        if _has_rows(target, copied.name):
            target.execute(delete(copied.clause))


def _finish(target: Connection) -> None:
    """The search index of SQLite covers deleted credentials too, which came in without a trigger."""
    if target.dialect.name == "sqlite":
        rebuild_search_index(target)
    else:
        names = ", ".join(map(target.dialect.identifier_preparer.quote, table_names(target)))
        target.exec_driver_sql(f"ANALYZE {names}")  # so that the first pages are planned by statistics already


def _has_rows(connection: Connection, name: str) -> bool:
    quoted = connection.dialect.identifier_preparer.quote(name)
    return connection.scalar(text(f"SELECT 1 FROM {quoted} LIMIT 1")) is not None  # noqa: S608
