"""Encrypts every row anew with the first key, in batches, while others read and write.

A row changes only if its value is still the one that was read: an edit that came between wins, and the row is looked at
again. The key that a row names is all the state there is, so a rotation that was killed is finished by the next one,
and two at once share the work. Versions stay: an open form can still be saved.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from credstore.audit import Act, record
from credstore.credential_types import CREDENTIAL_TYPES
from credstore.database import write_transaction
from credstore.encryption.encrypting_processes import Batch, carry_out, cores
from credstore.encryption.key_usage import use_of_key
from credstore.encryption.reencryption import Reencrypt, Resealed
from credstore.encryption.sealed_tables import SEALED_TABLES, SealedTable
from credstore.errors import StorageBusy
from credstore.vault.encryption_keys.compare_and_swap import Change, compare_and_swap
from credstore.vault.encryption_keys.last_rotation import note_progress, note_start
from credstore.vault.purge import truncate_write_ahead_log
from credstore.vault.store import CredentialStore

BATCH = 8_000  # rows: SQLite's write lock is held for about 100 ms, and each page of an index is written less often
WORTH_PROCESSES = 5_000  # rows; fewer are done before other processes have started
MOST_PASSES = 20  # a server that still encrypts with an old key must not keep a rotation going for ever
BUSY_TRIES, BUSY_PAUSE = 10, 0.5  # seconds

Moment = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """After a batch: the rows of it that were encrypted anew, and the sums of the whole rotation."""

    rows: int
    rotated: int
    unreadable: int


class Rotation:
    """One rotation. `at` is called before and after each batch is saved, by its name; tests interrupt there."""

    def __init__(self, store: CredentialStore, *, processes: int | None = None, batch: int = BATCH) -> None:
        self._store = store
        self._processes = processes
        self._batch = batch
        self._rotated = 0
        self._unreadable = 0
        self._started = False
        self.at: Moment = lambda _moment: None

    def count(self) -> int:
        """How many rows are to be encrypted anew: those of the other configured keys."""
        return sum(use_of_key(self._store.session, key_id).total for key_id in self._other_keys())

    def start(self) -> None:
        """Note that it begins. `run` does so too, where it was not done. Raises Locked or StorageError."""
        self._store.require_unlocked()
        with write_transaction(self._store.session):
            self._store.register_key()
            note_start(self._store.session)
            record(self._store.session, Act.KEY_ROTATION, result=f"started, to key {self._store.keyring.key_id}")
        self._started = True

    def run(self) -> Iterator[Step]:
        """Carry it out; gives a step after each batch. Raises Locked or StorageError: what was saved stays."""
        if not self._started:
            self.start()
        session = self._store.session
        for _ in range(MOST_PASSES):
            before, self._unreadable = self._rotated, 0
            yield from self._pass()
            if self._rotated == before:
                break
        with write_transaction(session):
            note_progress(session, rotated=self._rotated, unreadable=self._unreadable, ended=True)
            record(session, Act.KEY_ROTATION, result="ended", count=self._rotated)
        truncate_write_ahead_log()

    def _pass(self) -> Iterator[Step]:
        keyring = self._store.keyring
        fields = {kind.slug: tuple(field.name for field in kind.secret_fields()) for kind in CREDENTIAL_TYPES}
        rows = self.count()
        processes = cores() if self._processes is None else self._processes
        task = Reencrypt(keyring, fields)
        for batch, results in carry_out(task, self._read(), processes=processes if rows > WORTH_PROCESSES else 0):
            yield self._save(batch, results)

    def _other_keys(self) -> tuple[str, ...]:
        return self._store.keyring.key_ids[1:]

    def _read(self) -> Iterator[Batch]:
        for sealed in SEALED_TABLES:
            for key_id in self._other_keys():
                last: Any = None
                while rows := self._next_rows(sealed, key_id, last):
                    last = rows[-1][0]
                    yield Batch((sealed, rows), (key_id, [token for _, token in rows]))

    def _next_rows(self, sealed: SealedTable, key_id: str, last: Any) -> list[tuple[Any, str]]:
        statement = select(sealed.primary_key, sealed.columns.sealed).where(sealed.columns.key_id == key_id)
        if last is not None:
            statement = statement.where(sealed.primary_key > last)
        statement = statement.order_by(sealed.columns.key_id, sealed.primary_key).limit(self._batch)
        rows = list(map(tuple, self._store.session.connection().execute(statement)))
        self._store.session.rollback()  # a read that stays open would keep SQLite's log from being copied
        return rows

    def _save(self, batch: Batch, results: list[Resealed | None]) -> Step:
        sealed, rows = batch.origin
        changes = [
            (*result, row_id, token)
            for (row_id, token), result in zip(rows, results, strict=True)
            if result is not None
        ]
        self.at("read")
        saved = self._write(sealed, changes, unreadable=len(rows) - len(changes))
        self.at("saved")
        return Step(rows=saved, rotated=self._rotated, unreadable=self._unreadable)

    def _write(self, sealed: SealedTable, changes: list[Change], *, unreadable: int) -> int:
        session, saved = self._store.session, 0
        for tries_left in reversed(range(BUSY_TRIES)):
            try:
                with write_transaction(session):
                    saved = compare_and_swap(session.connection(), sealed, self._store.keyring.key_id, changes)
                    rotated, not_opened = self._rotated + saved, self._unreadable + unreadable
                    note_progress(session, rotated=rotated, unreadable=not_opened)
                    self.at("written")
            except StorageBusy:
                if not tries_left:
                    raise
                time.sleep(BUSY_PAUSE)
            else:
                break
        self._rotated, self._unreadable = rotated, not_opened
        return saved
