"""Moves credentials to the table of the deleted ones, inside a writing transaction. Needs no key."""

import sys
from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, insert, select

from credstore.database import AnySession, in_list
from credstore.models import Credential, DeletedCredential
from credstore.vault.restore_chosen import COLUMNS, found_by_id

# Rows that are copied and then deleted at a time on SQLite: the next copies take the pages that these rows leave, which
# are still in the processor's cache. A quarter fewer pages are written than if all were copied first.
PART = 1_000


class LockedRow(NamedTuple):
    """What a deletion needs to know of a row."""

    id: int
    public_id: str
    kind: str
    status: str
    version: int
    used_by: int | None


class LockedRows:
    """Rows, kept as columns: as ten thousand objects they would leave 1 MB more in a process after the deletion."""

    def __init__(self) -> None:
        self.ids, self._versions = array("q"), array("q")
        self._public_ids, self._kinds, self._statuses = list[str](), list[str](), list[str]()
        self._used_by: list[int | None] = []

    def append(self, row: LockedRow) -> None:
        """Its texts are kept as they are, so they should be shared with others."""
        self.ids.append(row.id)
        self._versions.append(row.version)
        self._public_ids.append(row.public_id)
        self._kinds.append(row.kind)
        self._statuses.append(row.status)
        self._used_by.append(row.used_by)

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[LockedRow]:
        return map(LockedRow, self.ids, self._public_ids, self._kinds, self._statuses, self._versions, self._used_by)


def lock_rows(session: AnySession, public_ids: Sequence[str]) -> LockedRows:
    """These rows in the order of `id`, locked until the end.

    PostgreSQL locks the rows, in one order: two deletions cannot wait for each other, and a deletion or an edit of the
    same rows waits, then sees them gone.
    """
    row = Credential
    asked = found_by_id(session, row, in_list(session, row.public_id, public_ids))
    columns = (row.id, row.public_id, row.kind, row.status, row.version, row.used_by)
    chosen = select(*columns).where(asked).order_by(row.id).with_for_update(of=row)
    # Of thousands of rows each text is there once, or the process keeps 4 MB more after the deletion.
    own = {public_id: public_id for public_id in public_ids}
    found = LockedRows()
    for number, public_id, kind, status, version, used_by in session.connection().execute(chosen):
        found.append(LockedRow(number, own[public_id], sys.intern(kind), sys.intern(status), version, used_by))
    return found


def move_to_deleted(session: AnySession, ids: Sequence[int], added: Mapping[str, Any]) -> None:
    """Move the rows with these ids, which are locked. `added` has the copies' own columns."""
    size = PART if session.connection().dialect.name == "sqlite" else max(1, len(ids))
    more = [bindparam(name, value, type_=DeletedCredential.__table__.c[name].type) for name, value in added.items()]
    columns = [getattr(Credential, name) for name in COLUMNS]
    for start in range(0, len(ids), size):
        part = in_list(session, Credential.id, ids[start : start + size])
        copies = select(*columns, *more).where(part).order_by(Credential.id)
        session.execute(insert(DeletedCredential).from_select([*COLUMNS, *added], copies))
        session.execute(delete(Credential).where(part).execution_options(synchronize_session=False))
