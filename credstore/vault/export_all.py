"""Reads every stored credential with its secrets in clear, for the encrypted file of `credstore export`."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import undefer

from credstore.audit import Act, record
from credstore.database import begin_snapshot, write_transaction
from credstore.errors import Unreadable
from credstore.importing.own_export import line_of
from credstore.models import Credential
from credstore.vault.store import CredentialStore

BATCH = 500  # rows


class ExportAll:
    """One export. `exported` counts credentials; `unreadable` has the names of those that do not open."""

    def __init__(self, store: CredentialStore) -> None:
        self._store = store
        self.exported = 0
        self.unreadable: list[str] = []

    def lines(self) -> Iterator[str]:
        """A line for each credential, in the order they were stored, all of one moment. Raises Locked."""
        self._store.require_unlocked()
        session = self._store.session
        with write_transaction(session):  # no audit, no secret
            record(session, Act.EXPORT)
        begin_snapshot(session)
        after = 0
        try:
            while rows := self._rows(after):
                for row in rows:
                    try:
                        line = line_of(row, {**row.public, **self._store.unseal(row)})
                    except Unreadable:
                        self.unreadable.append(row.name)
                        continue
                    self.exported += 1
                    yield line
                after = rows[-1].id
                session.expunge_all()  # memory is flat
        finally:
            session.rollback()

    def _rows(self, after: int) -> list[Credential]:
        found = select(Credential).where(Credential.id > after).order_by(Credential.id).limit(BATCH)
        return list(self._store.session.scalars(found.options(undefer(Credential.sealed))))
