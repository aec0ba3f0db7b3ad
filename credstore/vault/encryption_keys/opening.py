"""Opens every row with the first key alone, as if it were the only one, or with any of them. Changes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from credstore.credential_types import by_slug
from credstore.encryption.encrypting_processes import Batch, carry_out, cores
from credstore.encryption.key_usage import words_of
from credstore.encryption.reencryption import OpenWithAny, OpenWithFirst
from credstore.encryption.sealed_tables import SEALED_TABLES, SealedTable
from credstore.vault.encryption_keys.rotation import WORTH_PROCESSES
from credstore.vault.store import CredentialStore, sealed_context

BATCH = 1_000  # rows
MOST_NAMED = 20
_OTHER_KEY, _DAMAGED, _CHANGED = "needs another key", "is damaged", "was changed outside credstore"


@dataclass(slots=True)
class Opening:
    """`numbers` counts the rows that are as they should be, of each of SEALED_TABLES.

    `failed` counts the others by reason; `named` are the first of them: the word for the row, the id of its credential
    and the reason.
    """

    store: CredentialStore
    processes: int | None = None
    any_key: bool = False
    numbers: list[int] = field(default_factory=lambda: [0] * len(SEALED_TABLES))
    failed: dict[str, int] = field(default_factory=dict)
    named: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def opened(self) -> int:
        return sum(self.numbers)

    @property
    def words(self) -> str:
        """What opened, as in "3 credentials, 1 replaced secret"."""
        return words_of(self.numbers)

    def run(self) -> Iterator[int]:
        """Open them all; gives the number of rows after each batch. Raises Locked or StorageError."""
        self.store.require_unlocked()
        task = (OpenWithAny if self.any_key else OpenWithFirst)(self.store.keyring)
        batches = self._read()
        first = [batch for _, batch in zip(range(WORTH_PROCESSES // BATCH), batches, strict=False)]
        few = len(first) * BATCH < WORTH_PROCESSES
        many = cores() if self.processes is None else self.processes
        for some, processes in ((first, 0), (batches, 0 if few else many)):
            for batch, results in carry_out(task, some, processes=processes):
                sealed, rows = batch.origin
                for row, result in zip(rows, results, strict=True):
                    self._note(sealed, row, self._reason(row, result))
                yield len(rows)

    def _note(self, sealed: SealedTable, row: Any, reason: str) -> None:
        if not reason:
            self.numbers[SEALED_TABLES.index(sealed)] += 1
            return
        self.failed[reason] = self.failed.get(reason, 0) + 1
        if len(self.named) < MOST_NAMED:
            self.named.append((sealed.one, row.public_id, reason))

    def _reason(self, row: Any, result: tuple[dict[str, Any], list[str]] | None) -> str:
        """ "" where the value opens and belongs to the row as it stands."""
        if result is None:
            tried = self.store.keyring.key_ids if self.any_key else (self.store.keyring.key_id,)
            return _DAMAGED if row.key_id in tried else _OTHER_KEY
        context, names = result
        kind = by_slug(str(context.get("kind")))  # a replaced secret has no type of its own
        if kind is None or getattr(row, "kind", kind.slug) != kind.slug:
            return _CHANGED
        right = context == sealed_context(kind, row.public_id, row.public)
        return "" if right and set(row.secret_names.split()) <= set(names) else _CHANGED

    def _read(self) -> Iterator[Batch]:
        for sealed in SEALED_TABLES:
            wanted = {sealed.key, "public_id", "kind", "public", "secret_names", "sealed", "key_id"}
            columns = [column for column in sealed.columns if column.name in wanted]
            statement = select(*columns).order_by(sealed.primary_key).limit(BATCH)
            rows = self._rows(statement)
            while rows:
                yield Batch((sealed, rows), [row.sealed for row in rows])
                rows = self._rows(statement.where(sealed.primary_key > getattr(rows[-1], sealed.key)))

    def _rows(self, statement: Any) -> list[Any]:
        rows = list(self.store.session.execute(statement).all())
        self.store.session.rollback()
        return rows
