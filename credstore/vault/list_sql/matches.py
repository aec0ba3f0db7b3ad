"""SQL for a search or filter: the ids that match, in the order of the list, a limited number at a time.

Ids are read from narrow indexes, with a limit, before any row is. Few matches are read and sorted here; of many, the
index of the order is walked, where the wanted ones are not far apart.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal_column, select
from sqlalchemy.orm import InstrumentedAttribute

from credstore.credential_types import CREDENTIAL_TYPES
from credstore.database import AnySession, in_list
from credstore.models import Credential, utc_now
from credstore.probe import Outcome
from credstore.vault.list_filters import STATUS_ORDER, ListFilters
from credstore.vault.list_sql.orders import (
    DETAIL_KEY,
    ByColumn,
    ById,
    ByValue,
    Columns,
    Conditions,
    Order,
    Range,
    name_key,
)
from credstore.vault.list_sql.sorting import Ranks, sort_ids
from credstore.vault.name_search import SEARCH_ROW, Method, begins, contains, full_text_select, in_full_text

MAX_SORTED_MATCHES = 10_000  # so many matches are read and sorted at the most
STATUSES = tuple(outcome.value for outcome in STATUS_ORDER)


class MatchingIds:
    """The ids that match filters, in the order of the list, a limited number at a time."""

    def __init__(
        self,
        session: AnySession,
        filters: ListFilters,
        method: Method,
        *,
        missing_keys: Collection[str] = (),
        kinds: Collection[str] = (),
        total: int | None = None,
    ) -> None:
        """`missing_keys` are the ids of keys that values here are encrypted with and that are not configured.

        `kinds` are the types of the stored credentials, where types may be stored that are not known any more.
        `total` is how many match, if that is known.
        """
        self._session = session
        self._missing_keys = missing_keys
        self.filters = filters
        labels = {kind.slug: kind.label.casefold() for kind in CREDENTIAL_TYPES}
        self._kinds = sorted({*labels, *kinds}, key=lambda slug: (labels.get(slug, slug), slug))
        self.method, self.total = method, total
        self._dialect = session.connection().dialect.name

    def first(self, limit: int) -> list[int]:
        """The first ones."""
        if self.method is Method.BEGINNING:
            condition, order = begins(self.filters, self._dialect)
            found = select(Credential.id).where(condition, *self._conditions()).order_by(order).limit(limit)
            return list(self._session.scalars(found))
        if self._few is not None:
            return self._few[:limit]
        return self._ids(self._order, self._order.ranges(None, forward=True), limit)

    def after(self, row_id: int, limit: int) -> list[int]:
        """Those that follow a credential; none where it is not there any more."""
        if self._few is not None:
            place = self._place(row_id)
            return self._few[place + 1 : place + 1 + limit]
        return self._ids(self._order, self._ranges_from(row_id, forward=True), limit)

    def before(self, row_id: int, limit: int) -> list[int]:
        """Those that stand right before a credential, in the order of the list."""
        if self._few is not None:
            place = self._place(row_id)
            return self._few[max(0, place - limit) : place]
        return self._ids(self._order, self._ranges_from(row_id, forward=False), limit)[::-1]

    def counts(self, ids: Sequence[int]) -> dict[tuple[str, str], int]:
        """How many of these ids are of each type with each status, as the list shows it."""
        columns = (Credential.kind, Credential.status, Credential.key_id)
        of_ids = select(*columns, func.count()).where(in_list(self._session, Credential.id, ids)).group_by(*columns)
        found: Counter[tuple[str, str]] = Counter()
        for kind, status, key_id, count in self._session.execute(of_ids):
            found[kind, Outcome.UNREADABLE.value if key_id in self._missing_keys else status] += count
        return dict(found)

    def all(self) -> Select[int]:
        """A statement for every id that matches, without order or limit."""
        names = (in_full_text(self.filters),) if self._full_text else self._name_condition()
        return select(Credential.id).where(*self._conditions(), *names)

    @cached_property
    def _few(self) -> list[int] | None:
        """All matches in their order, where they are few and the index that finds them has another order."""
        found_by = self._finding_order
        asked = self._order
        same = isinstance(asked, ById) if isinstance(found_by, ById) else asked == found_by
        too_many = self.total is not None and self.total > MAX_SORTED_MATCHES
        if same or too_many or not self.filters.narrows or self.method is Method.BEGINNING:
            return None
        found = self._ids(found_by, found_by.ranges(None, forward=True), MAX_SORTED_MATCHES + 1)
        if len(found) > MAX_SORTED_MATCHES:
            return None
        return sort_ids(self._session, found, self.filters.sort, Ranks(self._kinds, STATUSES, self._missing_keys))

    @property
    def _finding_order(self) -> Order:
        """The order in which the index of the filters gives what they find."""
        if self.filters.expiring is None or self._full_text:
            return ById()
        return ByColumn(Credential.expires_at, blanks=False)

    @property
    def _full_text(self) -> bool:
        return self.method is Method.INDEX and self._dialect == "sqlite"

    def _place(self, row_id: int) -> int:
        """Where a match stands among few; behind the last, where it does not match any more."""
        few = self._few or []
        return few.index(row_id) if row_id in few else len(few)

    @cached_property
    def _order(self) -> Order:
        sort, descending = self.filters.sort.lstrip("-"), self.filters.sort.startswith("-")
        if sort == "expires":
            return ByColumn(Credential.expires_at, blanks=self.filters.expiring is None)
        if sort == "name":
            return ByColumn(name_key(self._dialect), descending=descending, blanks=False, unique=True)
        if sort == "used":
            return ByColumn(Credential.used_by, descending=descending)
        if sort == "detail":
            return ByColumn(DETAIL_KEY, descending=descending, expression=True)
        turned = -1 if descending else 1
        if sort == "type":
            return ByValue(self._kinds[::turned], [Credential.kind == slug for slug in self._kinds[::turned]])
        if sort == "status":
            return ByValue(
                STATUSES[::turned],
                [self._of_status(status, Credential.status.expression) for status in STATUSES[::turned]],
            )
        return ById(oldest_first=sort == "created" and not descending)

    def _ranges_from(self, row_id: int, *, forward: bool) -> Iterator[Range]:
        order = self._order
        if isinstance(order, ById):
            return order.ranges(row_id, forward=forward)
        shown: Any = Credential.kind if self.filters.sort.endswith("type") else Credential.status
        value = order.column if isinstance(order, ByColumn) else shown
        row = self._session.execute(select(value, Credential.key_id).where(Credential.id == row_id)).one_or_none()
        if not row:
            return iter(())
        lost = value is Credential.status and row[1] in self._missing_keys
        return order.ranges((Outcome.UNREADABLE.value if lost else row[0], row_id), forward=forward)

    def _ids(self, order: Order, ranges: Iterator[Range], limit: int) -> list[int]:
        found: list[int] = []
        for conditions, columns in ranges:
            if len(found) < limit:
                found += self._session.scalars(self._select(order, conditions, columns).limit(limit - len(found)))
        return found

    def _select(self, order: Order, conditions: Conditions, columns: Columns) -> Select[int]:
        conditions += self._conditions(order)
        if self._full_text and isinstance(order, ById):
            newest = columns[0].compare(Credential.id.desc())
            return full_text_select(self.filters, conditions).order_by(SEARCH_ROW.desc() if newest else SEARCH_ROW)
        return select(Credential.id).where(*conditions, *self._name_condition()).order_by(*columns)

    def _name_condition(self) -> Conditions:
        if self.method is Method.NONE:
            return ()
        if self.method is Method.BEGINNING:
            return (begins(self.filters, self._dialect)[0],)
        return (contains(self.filters),)

    def _conditions(self, order: Order | None = None) -> Conditions:
        """The filters but for the name, for a statement that walks the index of `order`, if any."""
        filters, found = self.filters, []
        dated = isinstance(order, ByColumn) and order.column is Credential.expires_at
        by_use = isinstance(order, ByColumn) and order.column is Credential.used_by
        walks = (self.method is Method.BEGINNING) or not (order is None or isinstance(order, ById))
        if filters.kind:
            found.append(self._filtered(Credential.kind, other_index=walks) == filters.kind)
        if filters.status:
            found.append(self._of_status(filters.status, self._filtered(Credential.status, other_index=walks)))
        if filters.unused:
            found.append(self._filtered(Credential.used_by, other_index=walks and not by_use).is_(None))
        if filters.expiring is not None:
            ends = self._filtered(Credential.expires_at, other_index=not (order is None or dated))
            found.append(ends <= utc_now() + timedelta(days=filters.expiring))
        return tuple(found)

    def _of_status(self, status: str, column: ColumnElement[str]) -> ColumnElement[bool]:
        """The rows that the list shows with this status: a row without its key is "unreadable", whatever is stored."""
        stored = column == status
        if not self._missing_keys:
            return stored
        without_key = Credential.key_id.in_(self._missing_keys)
        return stored | without_key if status == Outcome.UNREADABLE else and_(stored, ~without_key)

    def _filtered(self, column: InstrumentedAttribute[Any], *, other_index: bool) -> ColumnElement[Any]:
        """The column as a filter. SQLite, without statistics, would take its index and sort all that it finds, where
        the order comes from another index: a unary plus keeps it from that (https://www.sqlite.org/optoverview.html).
        """
        if other_index and self._dialect == "sqlite":
            return literal_column(f"+credential.{column.key}", column.type)
        return column.expression
