"""Reads what can be restored: a page of it, newest deletion first, with a search in the names. Decrypts nothing.

Ids are read from an index, with a limit, before any row is; see `list_sql`, which does the same for the list.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, func, literal, select, true

from credstore.credential_types import by_slug
from credstore.database import AnySession, in_list
from credstore.models import Credential, DeletedCredential, utc_now
from credstore.vault.deleted_records import DeletedPage, DeletedRecord
from credstore.vault.deleted_search import DeletedSearch
from credstore.vault.list_filters import ListFilters
from credstore.vault.name_search import by_code_point
from credstore.vault.queries import PER_PAGE, Start
from credstore.vault.records import ListPagination
from credstore.vault.store import CredentialStore

MAX_COUNTED = 1000  # deleted credentials that are counted and have numbered pages
_AT_ONCE = 500  # rows that `every` reads by one statement
_COLUMNS = (
    DeletedCredential.public_id,
    DeletedCredential.name,
    DeletedCredential.name_key,
    DeletedCredential.kind,
    DeletedCredential.deleted_at,
    DeletedCredential.deleted_by,
)


class DeletedList:
    """Pages of the deleted credentials, and single ones."""

    def __init__(self, store: CredentialStore) -> None:
        self._store = store
        self._search = DeletedSearch(store.session)

    def page(self, query: str = "", number: int = 1, start: Start | None = None) -> DeletedPage:
        """50 of them. A number past the end gives the last page; `start` is the key of another page instead."""
        filters = ListFilters.clean(query=query)
        found = self._search.matching(filters, recoverable(self._store))
        first = found.first(MAX_COUNTED + 1)
        has_keys = len(first) > MAX_COUNTED and not found.beginnings_only
        if start and has_keys and (ids := found.beside(start.row_id, PER_PAGE + 1, forward=start.forward)):
            return self._keyed_page(filters, ids, forward=start.forward)
        total = min(len(first), MAX_COUNTED)
        number = min(max(number, 1), max(1, -(-total // PER_PAGE)))
        ids = first[:MAX_COUNTED][(number - 1) * PER_PAGE : number * PER_PAGE]
        records = self._of_rows(ids)
        return DeletedPage(
            records=records,
            query=filters.query,
            pagination=_pagination(records, number, total),
            capped=len(first) > MAX_COUNTED,
            next_key=ids[-1] if has_keys and number * PER_PAGE >= MAX_COUNTED else None,
            beginnings_only=found.beginnings_only,
        )

    def _keyed_page(self, filters: ListFilters, ids: list[int], *, forward: bool) -> DeletedPage:
        shown = ids[:PER_PAGE] if forward else ids[:PER_PAGE][::-1]
        records = self._of_rows(shown)
        return DeletedPage(
            records=records,
            query=filters.query,
            pagination=_pagination(records, 1, MAX_COUNTED),
            capped=True,
            by_key=True,
            next_key=shown[-1] if not forward or len(ids) > PER_PAGE else None,
            previous_key=shown[0],
        )

    def records(self, public_ids: Iterable[str]) -> tuple[DeletedRecord, ...]:
        """What these ids stand for, newest deletion first; what cannot be restored is left out."""
        texts = [public_id for public_id in public_ids if "\0" not in public_id]
        rows = self._rows(in_list(self._store.session, DeletedCredential.public_id, texts), recoverable(self._store))
        return self._records(sorted(rows, key=lambda row: (row.deleted_at, row.id), reverse=True))

    def every(self) -> Iterator[DeletedRecord]:
        """All that can be restored, newest deletion first; read a few hundred at a time."""
        found = self._search.matching(ListFilters(), recoverable(self._store))
        ids = found.first(_AT_ONCE)
        while ids:
            yield from self._of_rows(ids)
            ids = found.beside(ids[-1], _AT_ONCE, forward=True)

    def _of_rows(self, ids: Sequence[int]) -> tuple[DeletedRecord, ...]:
        rows = {row.id: row for row in self._rows(DeletedCredential.id.in_(ids))} if ids else {}
        return self._records([rows[row_id] for row_id in ids if row_id in rows])

    def _rows(self, *chosen: ColumnElement[bool]) -> list[Any]:
        return list(self._store.session.execute(select(DeletedCredential.id, *_COLUMNS).where(*chosen)))

    def _records(self, rows: Sequence[Any]) -> tuple[DeletedRecord, ...]:
        taken = taken_keys(self._store.session, Credential, [row.name_key for row in rows])
        kept = timedelta(days=self._store.keep_deleted_days)
        return tuple(_record(row, kept, name_taken=row.name_key in taken) for row in rows)


def recoverable(store: CredentialStore) -> ColumnElement[bool]:
    """What was deleted so lately that it can still be restored; the rest waits to be erased."""
    return DeletedCredential.deleted_at > oldest_recoverable(store)


def oldest_recoverable(store: CredentialStore) -> datetime:
    return utc_now() - timedelta(days=store.keep_deleted_days)


def taken_keys(session: AnySession, table: type[Credential] | type[DeletedCredential], keys: Sequence[str]) -> set[str]:
    """Those of these case-folded names that a credential of the table has."""
    if not keys:
        return set()
    if session.connection().dialect.name != "postgresql":
        return set(session.scalars(select(table.name_key).where(in_list(session, table.name_key, keys))))
    # One look-up for each: a list of names PostgreSQL would look up in the index for search, which reads every name
    # that has a part in common with one of them. By LIMIT, since a join could read the whole table.
    wanted = func.unnest(literal(list(keys), ARRAY(table.name_key.type))).table_valued("name_key").render_derived()
    key = by_code_point(table.name_key, "postgresql")
    found = select(table.name_key).where(key == wanted.c.name_key).limit(1).lateral()
    return set(session.scalars(select(found.c.name_key).select_from(wanted).join(found, true())))


def _record(row: Any, kept: timedelta, *, name_taken: bool) -> DeletedRecord:
    kind = by_slug(row.kind)
    return DeletedRecord(
        public_id=row.public_id,
        name=row.name,
        kind=row.kind,
        kind_label=kind.label if kind else row.kind,
        deleted_at=row.deleted_at,
        deleted_by=row.deleted_by or "",
        until=row.deleted_at + kept,
        name_taken=name_taken,
    )


def _pagination(records: Sequence[DeletedRecord], number: int, total: int) -> ListPagination:
    return ListPagination(
        page=number, per_page=PER_PAGE, max_per_page=PER_PAGE, error_out=False, items=records, total=total
    )
