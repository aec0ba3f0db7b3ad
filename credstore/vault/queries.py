"""Read credentials: a page of the list, one credential, those that expire, and those with the same secret."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select

from credstore.models import Credential
from credstore.vault import list_sql
from credstore.vault.list_filters import ListFilters
from credstore.vault.list_search import ListSearch
from credstore.vault.list_sql import MatchingIds
from credstore.vault.name_search import Method
from credstore.vault.records import ListPagination, ListRow, Page, Record, RowType, to_list_row, to_record
from credstore.vault.store import CredentialStore

PER_PAGE = 50
MAX_COUNTED = 1000  # matches of a search or filter that are counted and have numbered pages
EVERYTHING = ListFilters()
_this, _other = Credential.__table__.alias("this"), Credential.__table__.alias("other")
MAX_SAME_SECRET = 10  # names of other credentials with the same secret that are looked up
_SAME_SECRET = (  # built once
    select(_other.c.name)
    .join_from(_this, _other, (_this.c.fingerprint == _other.c.fingerprint) & (_this.c.id != _other.c.id))
    .where(_this.c.public_id == bindparam("public_id"))
    .order_by(_other.c.id)
    .limit(MAX_SAME_SECRET)
)


class Start(NamedTuple):
    """Where a page begins: after a credential in the order of the list, or (not `forward`) before it."""

    row_id: int
    forward: bool = True


class _KeyedIds(NamedTuple):
    ids: list[int]
    more: bool


Rows = Callable[[list_sql.Ids], tuple[RowType, ...]]


class Queries:
    """Reads the list and single credentials. Decrypts nothing."""

    def __init__(self, store: CredentialStore) -> None:
        self._store = store
        self._search = ListSearch(store)

    def page(self, filters: ListFilters = EVERYTHING, number: int = 1, start: Start | None = None) -> Page[Record]:
        """A page of the list with whole records, 50 a page. A number past the end gives the last page.

        `start` is the key of another page (`next_key`, `previous_key`), and is used instead of `number`.
        """
        return self._page(self._records, filters, number, start)

    def list_page(
        self, filters: ListFilters = EVERYTHING, number: int = 1, start: Start | None = None
    ) -> Page[ListRow]:
        """The same page with no more of each credential than the table shows."""
        return self._page(self._list_rows, filters, number, start)

    def _page(self, rows: Rows[RowType], filters: ListFilters, number: int, start: Start | None) -> Page[RowType]:
        counts = list_sql.totals(self._store.session)
        if filters.counted:
            total = counts.get(filters.kind, 0) if filters.kind else sum(counts.values())
            number = _within(number, total)
            above, skip = list_sql.position(self._store.session, filters.kind, (number - 1) * PER_PAGE, total)
            place = list_sql.PagePosition(kind=filters.kind, above=above, skip=skip, limit=PER_PAGE)
            return _numbered(rows(place), filters, number, total, counts)
        stored = sum(counts.values())
        matching = self._search.matching(filters, stored)
        first = matching.first(MAX_COUNTED + 1)
        counts = matching.counts(self._of_every_type(filters, first, stored)[:MAX_COUNTED])
        beginnings_only = matching.method is Method.BEGINNING
        has_keys = len(first) > MAX_COUNTED and not beginnings_only
        if start and has_keys and (keyed := _ids_from(matching, start)):
            return _keyed_page(rows(keyed.ids), filters, counts, keyed)
        total = min(len(first), MAX_COUNTED)
        number = _within(number, total)
        ids = first[:MAX_COUNTED][(number - 1) * PER_PAGE : number * PER_PAGE]
        more = has_keys and number * PER_PAGE >= MAX_COUNTED
        return _numbered(
            rows(ids),
            filters,
            number,
            total,
            counts,
            capped=len(first) > MAX_COUNTED,
            next_key=ids[-1] if more else None,
            beginnings_only=beginnings_only,
        )

    def _of_every_type(self, filters: ListFilters, first: Sequence[int], stored: int) -> Sequence[int]:
        """What matches whatever type is filtered, for the counts by type: `first`, where none is."""
        if not filters.kind:
            return first
        return self._search.matching(replace(filters, kind=""), stored).first(MAX_COUNTED + 1)

    def _records(self, ids: list_sql.Ids) -> tuple[Record, ...]:
        keys = self._store.keyring.key_ids
        return tuple(to_record(row, keys) for row in list_sql.full_rows(self._store.session, ids))

    def _list_rows(self, ids: list_sql.Ids) -> tuple[ListRow, ...]:
        keys = self._store.keyring.key_ids
        return tuple(to_list_row(row, keys) for row in list_sql.list_rows(self._store.session, ids))

    def get(self, public_id: str) -> Record:
        """One credential's public side. Raises NotFound."""
        return to_record(self._store.row(public_id), self._store.keyring.key_ids)

    def expiring(self, days: int) -> tuple[Record, ...]:
        """The credentials that end within so many days or have ended, the soonest first. Reads all of them."""
        filters = ListFilters.clean(expiring=days)
        matching = MatchingIds(self._store.session, filters, Method.NONE).all()
        rows = self._store.session.scalars(
            select(Credential).where(Credential.id.in_(matching)).order_by(Credential.expires_at, Credential.id)
        )
        return tuple(to_record(row, self._store.keyring.key_ids) for row in rows)

    def names_with_same_secret(self, public_id: str) -> list[str]:
        """The names of other credentials that hold the same secret, by its fingerprint: MAX_SAME_SECRET at most."""
        found = self._store.session.connection().execute(_SAME_SECRET, {"public_id": public_id})
        return [str(name) for (name,) in found]


def _within(number: int, total: int) -> int:
    """The page number, or the nearest one that there is."""
    return min(max(number, 1), max(1, -(-total // PER_PAGE)))


def _pagination(records: Sequence[ListRow | Record], number: int, total: int) -> ListPagination:
    return ListPagination(
        page=number, per_page=PER_PAGE, max_per_page=PER_PAGE, error_out=False, items=records, total=total
    )


def _numbered(
    records: tuple[RowType, ...],
    filters: ListFilters,
    number: int,
    total: int,
    counts: dict[str, int],
    **more: Any,
) -> Page[RowType]:
    pagination = _pagination(records, number, total)
    return Page(records=records, counts=counts, pagination=pagination, filters=filters, **more)


def _ids_from(matching: MatchingIds, start: Start) -> _KeyedIds | None:
    """The ids after or before a key; None where there are none, so that a numbered page is shown instead."""
    if start.forward:
        ids = matching.after(start.row_id, PER_PAGE + 1)
        found = _KeyedIds(ids[:PER_PAGE], more=len(ids) > PER_PAGE)
    else:
        found = _KeyedIds(matching.before(start.row_id, PER_PAGE), more=True)
    return found if found.ids else None


def _keyed_page(
    records: tuple[RowType, ...], filters: ListFilters, counts: dict[str, int], keyed: _KeyedIds
) -> Page[RowType]:
    return Page(
        records=records,
        counts=counts,
        pagination=_pagination(records, 1, MAX_COUNTED),
        filters=filters,
        capped=True,
        by_key=True,
        next_key=keyed.ids[-1] if keyed.more else None,
        previous_key=keyed.ids[0],
    )
