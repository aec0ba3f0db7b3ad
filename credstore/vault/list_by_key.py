"""The list page after page by a key, for programs: any filter and order, and no counting."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from credstore.errors import CursorExpired
from credstore.models import Credential
from credstore.vault import list_sql
from credstore.vault.kept_records import to_kept_record
from credstore.vault.list_filters import ListFilters
from credstore.vault.list_search import ListSearch
from credstore.vault.list_sql import FULL_COLUMNS, MAX_ID, MatchingIds
from credstore.vault.name_search import Method
from credstore.vault.records import Record
from credstore.vault.store import CredentialStore

_MOVED = "The credential that this page would follow was changed or deleted meanwhile. Begin again."


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedPage:
    """`next_key` is the `after` of what follows, None at the end.

    `beginnings_only`: the search looked at the beginnings of names alone, and there is no page after this one.
    """

    records: tuple[Record, ...]
    next_key: int | None
    beginnings_only: bool


class ListByKey:
    """Reads such pages. Decrypts nothing."""

    def __init__(self, store: CredentialStore) -> None:
        self._store = store
        self._search = ListSearch(store)

    def list_by_key(self, filters: ListFilters, *, after: int = 0, limit: int = 50) -> KeyedPage:
        """The first page, or the one after the key `after`. Raises CursorExpired where that place is lost."""
        session = self._store.session
        if filters.counted and not filters.sort:  # newest first: a row's id is its place
            place = min(after, MAX_ID) or MAX_ID
            rows = list_sql.read_rows_below(session, FULL_COLUMNS, filters.kind, place, limit + 1)
            return self._page(rows[:limit], rows[limit - 1].id if len(rows) > limit else None)
        matching = self._search.matching(filters, list_sql.totals(session))
        beginnings_only = matching.method is Method.BEGINNING
        after = min(after, MAX_ID)
        ids = matching.after(after, limit + 1) if after and not beginnings_only else matching.first(limit + 1)
        if after and not ids and not filters.by_id:
            self._require_place(matching, after)
        # By the ids, since a row may be gone when the rows are read.
        next_key = ids[limit - 1] if len(ids) > limit and not beginnings_only else None
        rows = list_sql.read_rows(session, FULL_COLUMNS, ids[:limit])
        return self._page(rows, next_key, beginnings_only=beginnings_only)

    def _page(self, rows: Sequence[Any], next_key: int | None, *, beginnings_only: bool = False) -> KeyedPage:
        keys = self._store.keyring.key_ids
        records = tuple(to_kept_record(row, keys) for row in rows)
        return KeyedPage(records=records, next_key=next_key, beginnings_only=beginnings_only)

    def _require_place(self, matching: MatchingIds, row_id: int) -> None:
        """An order by something else than the id needs the row that a page follows."""
        place = matching.all().where(Credential.id == row_id)
        if self._store.session.scalar(place) is None:
            raise CursorExpired(_MOVED)
