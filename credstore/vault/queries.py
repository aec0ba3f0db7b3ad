"""Read credentials: a page of the list, one credential, those that expire, and those with the same secret."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import func, select

from credstore.models import Credential, CredentialStatusCount
from credstore.vault import list_sql
from credstore.vault.list_counts import Stored, by_status, by_type, exact_total
from credstore.vault.list_filters import ListFilters
from credstore.vault.list_search import ListSearch
from credstore.vault.list_sql import MatchingIds
from credstore.vault.name_search import Method
from credstore.vault.records import ListPagination, ListRow, Page, Record, RowType, to_record
from credstore.vault.row_kinds import LIST_ROWS, RECORDS, RowKind
from credstore.vault.store import CredentialStore

PER_PAGE = 50
MOST_READS = 4  # of a page whose place depends on the number of rows, which may change between two reads
MAX_COUNTED = 1000  # matches of a search or filter that are counted and have numbered pages
EVERYTHING = ListFilters()


class Start(NamedTuple):
    """Where a page begins: after a credential in the order of the list, or (not `forward`) before it."""

    row_id: int
    forward: bool = True


class Counts(NamedTuple):
    """How many match by type, whatever type is filtered, and by status, whatever status is; and the run under way."""

    by_type: dict[str, int]
    by_status: dict[str, int]
    run_id: str


class _KeyedIds(NamedTuple):
    ids: list[int]
    more: bool


class Queries:
    """Reads the list and single credentials. Decrypts nothing."""

    def __init__(self, store: CredentialStore) -> None:
        self._store = store
        self._search = ListSearch(store)

    def page(self, filters: ListFilters = EVERYTHING, number: int = 1, start: Start | None = None) -> Page[Record]:
        """A page of the list with whole records, 50 a page. A number past the end gives the last page.

        `start` is the key of another page (`next_key`, `previous_key`), and is used instead of `number`.
        """
        return self._page(RECORDS, filters, number, start)

    def list_page(
        self, filters: ListFilters = EVERYTHING, number: int = 1, start: Start | None = None
    ) -> Page[ListRow]:
        """The same page with no more of each credential than the table shows."""
        return self._page(LIST_ROWS, filters, number, start)

    def _page(
        self, row_kind: RowKind[RowType], filters: ListFilters, number: int, start: Start | None
    ) -> Page[RowType]:
        if filters.counted:
            return self._counted_page(row_kind, filters, number)
        stored = list_sql.totals(self._store.session)
        matching = self._search.matching(filters, stored)
        if matching.total is not None:
            return self._page_of_known(row_kind, matching, number, start, self._kept_counts(filters, stored))
        first = matching.first(MAX_COUNTED + 1)
        counts = self._found_counts(filters, first, matching, stored)
        beginnings_only = matching.method is Method.BEGINNING
        has_keys = len(first) > MAX_COUNTED and not beginnings_only
        if start and has_keys and (keyed := _ids_from(matching, start)):
            return _keyed_page(self._of_ids(row_kind, keyed.ids), filters, counts, keyed)
        total = min(len(first), MAX_COUNTED)
        number = _within(number, total)
        ids = first[:MAX_COUNTED][(number - 1) * PER_PAGE : number * PER_PAGE]
        more = has_keys and number * PER_PAGE >= MAX_COUNTED
        return _numbered(
            self._of_ids(row_kind, ids),
            filters,
            number,
            total,
            counts,
            capped=len(first) > MAX_COUNTED,
            next_key=ids[-1] if more else None,
            beginnings_only=beginnings_only,
        )

    def _counted_page(self, row_kind: RowKind[RowType], filters: ListFilters, number: int) -> Page[RowType]:
        """A page of the whole list or of one type, whose number of rows is known."""
        oldest_first = filters.sort == "created"
        place = (0, 0) if oldest_first else (max(number - 1, 0) * PER_PAGE, PER_PAGE)
        for _ in range(MOST_READS):
            stored, rows = list_sql.read_page(self._store.session, row_kind.columns, filters.kind, *place)
            total = exact_total(filters, stored) or 0
            shown = _within(number, total)
            read, place = place, _place(shown, total, oldest_first=oldest_first)
            if read == place:
                break
        records = self._made(row_kind, rows[::-1] if oldest_first else rows)
        return _numbered(records, filters, shown, total, self._kept_counts(filters, stored))

    def _page_of_known(
        self, row_kind: RowKind[RowType], matching: MatchingIds, number: int, start: Start | None, counts: Counts
    ) -> Page[RowType]:
        """A page of matches whose number is known: no more of them are read than the page needs."""
        filters = matching.filters
        exact = matching.total or 0
        capped = exact > MAX_COUNTED
        if start and capped and (keyed := _ids_from(matching, start)):
            return _keyed_page(self._of_ids(row_kind, keyed.ids), filters, counts, keyed, exact)
        total = min(exact, MAX_COUNTED)
        number = _within(number, total)
        last = min(number * PER_PAGE, MAX_COUNTED)
        ids = matching.first(last)[(number - 1) * PER_PAGE :]
        next_key = ids[-1] if capped and ids and last == MAX_COUNTED else None
        records = self._of_ids(row_kind, ids)
        return _numbered(records, filters, number, total, counts, capped=capped, next_key=next_key, exact=exact)

    def count_by_type(self) -> dict[str, int]:
        """How many credentials there are of each type."""
        kept = select(CredentialStatusCount.kind, func.sum(CredentialStatusCount.total))
        return {kind: int(number) for kind, number in self._store.session.execute(kept.group_by("kind"))}

    def _kept_counts(self, filters: ListFilters, stored: list_sql.Totals) -> Counts:
        """The counts beside the filters, from those that are kept."""
        return self._counts(filters, stored, stored, stored.run_id)

    def _counts(self, filters: ListFilters, types: Stored, statuses: Stored, run_id: str) -> Counts:
        return Counts(by_type(filters, types), {} if self._key_may_be_missing else by_status(filters, statuses), run_id)

    @property
    def _key_may_be_missing(self) -> bool:
        """Whether credentials may be shown as unreadable, so that stored statuses are not those of the list."""
        state = self._store.unlocked_state
        return state is None or not set(state.known) <= set(state.configured)

    def _found_counts(
        self, filters: ListFilters, first: Sequence[int], matching: MatchingIds, stored: list_sql.Totals
    ) -> Counts:
        """The counts beside the filters of a search: what else matches, whatever type or status is filtered."""
        of_types = of_statuses = first
        if filters.kind:
            of_types = self._search.matching(replace(filters, kind=""), stored).first(MAX_COUNTED + 1)
        if filters.status:
            of_statuses = self._search.matching(replace(filters, status=""), stored).first(MAX_COUNTED + 1)
        types = statuses = matching.counts(of_types[:MAX_COUNTED])
        if filters.status or len(of_types) > MAX_COUNTED:
            statuses = matching.counts(of_statuses[:MAX_COUNTED])
        return self._counts(filters, types, statuses, stored.run_id)

    def _of_ids(self, row_kind: RowKind[RowType], ids: Sequence[int]) -> tuple[RowType, ...]:
        return self._made(row_kind, list_sql.read_rows(self._store.session, row_kind.columns, ids))

    def _made(self, row_kind: RowKind[RowType], rows: Sequence[Sequence[Any]]) -> tuple[RowType, ...]:
        keys = self._store.keyring.key_ids
        return tuple(row_kind.make(row, keys) for row in rows)

    def get(self, public_id: str) -> Record:
        """One credential's public side. Raises NotFound."""
        return to_record(self._store.row(public_id), self._store.keyring.key_ids)

    def newest_public(self, kind: str) -> dict[str, str]:
        """The public values of the newest credential of a type; empty where there is none."""
        newest = select(Credential.public).where(Credential.kind == kind).order_by(Credential.id.desc()).limit(1)
        return dict(self._store.session.scalar(newest) or {})

    def expiring(self, days: int) -> tuple[Record, ...]:
        """The credentials that end within so many days or have ended, the soonest first. Reads all of them."""
        filters = ListFilters.clean(expiring=days)
        matching = MatchingIds(self._store.session, filters, Method.NONE).all()
        rows = self._store.session.scalars(
            select(Credential).where(Credential.id.in_(matching)).order_by(Credential.expires_at, Credential.id)
        )
        return tuple(to_record(row, self._store.keyring.key_ids) for row in rows)


def _within(number: int, total: int) -> int:
    """The page number, or the nearest one that there is."""
    return min(max(number, 1), max(1, -(-total // PER_PAGE)))


def _place(number: int, total: int, *, oldest_first: bool) -> tuple[int, int]:
    """How many rows are newer than those of a page, and how many it has. Oldest first is read from the other end."""
    before = (number - 1) * PER_PAGE
    if not oldest_first:
        return before, PER_PAGE
    rows = max(0, min(PER_PAGE, total - before))
    return total - before - rows, rows


def _pagination(records: Sequence[ListRow | Record], number: int, total: int) -> ListPagination:
    return ListPagination(
        page=number, per_page=PER_PAGE, max_per_page=PER_PAGE, error_out=False, items=records, total=total
    )


def _numbered(
    records: tuple[RowType, ...],
    filters: ListFilters,
    number: int,
    total: int,
    counts: Counts,
    **more: Any,
) -> Page[RowType]:
    return Page(
        records=records,
        counts=counts.by_type,
        status_counts=counts.by_status,
        run_id=counts.run_id,
        pagination=_pagination(records, number, total),
        filters=filters,
        **more,
    )


def _ids_from(matching: MatchingIds, start: Start) -> _KeyedIds | None:
    """The ids after or before a key; None where there are none, so that a numbered page is shown instead."""
    if start.forward:
        ids = matching.after(start.row_id, PER_PAGE + 1)
        found = _KeyedIds(ids[:PER_PAGE], more=len(ids) > PER_PAGE)
    else:
        found = _KeyedIds(matching.before(start.row_id, PER_PAGE), more=True)
    return found if found.ids else None


def _keyed_page(
    records: tuple[RowType, ...], filters: ListFilters, counts: Counts, keyed: _KeyedIds, exact: int | None = None
) -> Page[RowType]:
    return Page(
        records=records,
        counts=counts.by_type,
        status_counts=counts.by_status,
        exact=exact,
        pagination=_pagination(records, 1, MAX_COUNTED),
        filters=filters,
        capped=True,
        by_key=True,
        next_key=keyed.ids[-1] if keyed.more else None,
        previous_key=keyed.ids[0],
        run_id=counts.run_id,
    )
