"""SQL for a search or filter: the ids that match, in the order of the list, a limited number at a time.

Ids are read from narrow indexes, with a limit, before any row is.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    func,
    literal_column,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute

from credstore.database import AnySession, in_list
from credstore.models import Credential, utc_now
from credstore.probe import Outcome
from credstore.vault.list_filters import ListFilters
from credstore.vault.list_sql.pages import MAX_ID
from credstore.vault.name_search import SEARCH_ROW, Method, begins, contains, full_text_select, in_full_text

MAX_SORTED_MATCHES = 10_000  # so many matches of the search index are sorted at the most
Conditions = tuple[Any, ...]
Columns = tuple[Any, ...]  # SQLAlchemy has no common type of what ORDER BY takes
Range = tuple[Conditions, Columns]
ExpiryKey = tuple[datetime | None, int]


class MatchingIds:
    """The ids that match filters, in the order of the list, a limited number at a time."""

    def __init__(
        self, session: AnySession, filters: ListFilters, method: Method, *, missing_keys: Collection[str] = ()
    ) -> None:
        """`missing_keys` are the ids of keys that values here are encrypted with and that are not configured."""
        self._session = session
        self._missing_keys = missing_keys
        self._filters = filters
        self.method = method
        self._dialect = session.connection().dialect.name

    def first(self, limit: int) -> list[int]:
        """The first ones."""
        if self.method is Method.BEGINNING:
            condition, order = begins(self._filters, self._dialect)
            found = select(Credential.id).where(condition, *self._conditions()).order_by(order).limit(limit)
            return list(self._session.scalars(found))
        ranges = _expiry_ranges(None, undated=self._undated) if self._filters.sort else _id_ranges(None)
        return self._ids(ranges, limit)

    def after(self, row_id: int, limit: int) -> list[int]:
        """Those that follow a credential; none where it is not there any more."""
        return self._ids(self._ranges_from(row_id, forward=True), limit)

    def before(self, row_id: int, limit: int) -> list[int]:
        """Those that stand right before a credential, in the order of the list."""
        return self._ids(self._ranges_from(row_id, forward=False), limit)[::-1]

    def counts(self, ids: Sequence[int]) -> dict[str, int]:
        """How many of these ids are of each type."""
        of_ids = select(Credential.kind, func.count()).where(in_list(self._session, Credential.id, ids))
        return {str(kind): int(count) for kind, count in self._session.execute(of_ids.group_by(Credential.kind))}

    def all(self) -> Select[int]:
        """A statement for every id that matches, without order or limit."""
        return select(Credential.id).where(*self._conditions(), *self._name_condition())

    def _ranges_from(self, row_id: int, *, forward: bool) -> Iterator[Range]:
        if not self._filters.sort:
            return _id_ranges(row_id, forward=forward)
        expires = self._session.execute(select(Credential.expires_at).where(Credential.id == row_id)).one_or_none()
        if not expires:
            return iter(())
        return _expiry_ranges((expires[0], row_id), forward=forward, undated=self._undated)

    @property
    def _undated(self) -> bool:
        """Whether credentials without an expiry may match."""
        return self._filters.expiring is None

    def _ids(self, ranges: Iterator[Range], limit: int) -> list[int]:
        found: list[int] = []
        for conditions, order in ranges:
            if len(found) < limit:
                found += self._session.scalars(self._select(conditions, order).limit(limit - len(found)))
        return found

    def _select(self, conditions: Conditions, order: Columns) -> Select[int]:
        conditions += self._conditions()
        if self.method is Method.INDEX and self._dialect == "sqlite" and not self._filters.sort:
            newest = order[0].compare(Credential.id.desc())
            return full_text_select(self._filters, conditions).order_by(SEARCH_ROW.desc() if newest else SEARCH_ROW)
        return select(Credential.id).where(*conditions, *self._name_condition()).order_by(*order)

    def _name_condition(self) -> Conditions:
        if self.method is Method.NONE:
            return ()
        if self.method is Method.BEGINNING:
            return (begins(self._filters, self._dialect)[0],)
        return (in_full_text(self._filters) if self._few_in_full_text else contains(self._filters),)

    @cached_property
    def _few_in_full_text(self) -> bool:
        """SQLite: whether it is cheaper to sort what the search index finds than to look at names in another order."""
        if self.method is not Method.INDEX or self._dialect != "sqlite":
            return False
        found = full_text_select(self._filters, ()).limit(MAX_SORTED_MATCHES + 1).subquery()
        return int(self._session.scalar(select(func.count()).select_from(found)) or 0) <= MAX_SORTED_MATCHES

    def _conditions(self) -> Conditions:
        filters, found = self._filters, []
        if filters.kind:
            found.append(self._filtered(Credential.kind) == filters.kind)
        if filters.status:
            found.append(self._of_status(filters.status))
        if filters.expiring is not None:
            found.append(Credential.expires_at <= utc_now() + timedelta(days=filters.expiring))
        return tuple(found)

    def _of_status(self, status: str) -> ColumnElement[bool]:
        """The rows that the list shows with this status: a row without its key is "unreadable", whatever is stored."""
        stored = self._filtered(Credential.status) == status
        if not self._missing_keys:
            return stored
        without_key = Credential.key_id.in_(self._missing_keys)
        return stored | without_key if status == Outcome.UNREADABLE else stored & ~without_key

    def _filtered(self, column: InstrumentedAttribute[str]) -> ColumnElement[str]:
        """The column as a filter. SQLite, without statistics, would take its index and sort all that it finds, where
        the order comes from another index: a unary plus keeps it from that (https://www.sqlite.org/optoverview.html).
        """
        other_index = self._filters.sort or self.method is Method.BEGINNING
        if other_index and self._dialect == "sqlite":
            return literal_column(f"+credential.{column.key}", String)
        return column.expression


def _id_ranges(start: int | None, *, forward: bool = True) -> Iterator[Range]:
    """Newest first: what follows the id `start`, or stands before it (then the nearest first)."""
    if forward:
        yield (Credential.id < (MAX_ID if start is None else start),), (Credential.id.desc(),)
    else:
        yield (Credential.id > (start or 0),), (Credential.id,)


def _expiry_ranges(start: ExpiryKey | None, *, undated: bool, forward: bool = True) -> Iterator[Range]:
    """Soonest expiry first, newest first among equals, then what has none. Each range is one walk of an index."""
    row_id, expires = Credential.id, Credential.expires_at
    order: Columns = (expires, row_id.desc()) if forward else (expires.desc(), row_id)  # as the index has it
    if start is None:
        yield (expires.is_not(None),), order
        if undated:
            yield (expires.is_(None),), order
        return
    moment, start_id = start
    beside = row_id < start_id if forward else row_id > start_id
    if moment is not None:
        yield (expires == moment, beside), order
        yield (expires > moment if forward else expires < moment,), order
        if forward and undated:
            yield (expires.is_(None),), order
        return
    yield (expires.is_(None), beside), order
    if not forward:
        yield (expires.is_not(None),), order
