"""SQL for the page of deleted credentials: the ids of those that match a search, in order, a limited number at a time.

The order is the newest deletion first; of one deletion, the newest credential first.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, func, select

from credstore.database import AnySession, in_list
from credstore.models import DeletedCredential
from credstore.vault import name_search
from credstore.vault.list_filters import ListFilters
from credstore.vault.name_search import Method, NameSearch, begins, deleted_in_full_text

MAX_SORTED_MATCHES = 10_000  # so many matches of the search index are sorted at the most
_Conditions = tuple[ColumnElement[bool], ...]
_row_id, _moment, _key = DeletedCredential.id, DeletedCredential.deleted_at, DeletedCredential.name_key


class DeletedSearch:
    """Starts a search: looks how many are deleted, and chooses how their names are searched."""

    def __init__(self, session: AnySession) -> None:
        self._session = session
        self._names = NameSearch(session)

    def matching(self, filters: ListFilters, recoverable: ColumnElement[bool]) -> "MatchingDeleted":
        """What can be restored (`recoverable`) and matches the search of `filters`."""
        return MatchingDeleted(self._session, filters, self._method(filters), recoverable)

    def _method(self, filters: ListFilters) -> Method:
        if not filters.query:
            return Method.NONE
        some = select(_row_id).limit(name_search.MAX_ROWS_WITHOUT_INDEX + 1).subquery()
        return self._names.method(filters, int(self._session.scalar(select(func.count()).select_from(some)) or 0))


class MatchingDeleted:
    """The ids that match, in the order of the page."""

    def __init__(
        self, session: AnySession, filters: ListFilters, method: Method, recoverable: ColumnElement[bool]
    ) -> None:
        self._session, self._filters, self._method, self._recoverable = session, filters, method, recoverable
        self._dialect = session.connection().dialect.name
        self._names = self._name_condition()

    @property
    def beginnings_only(self) -> bool:
        """Whether the search looks at the beginning of names, in the order of the names."""
        return self._method is Method.BEGINNING

    def first(self, limit: int) -> list[int]:
        """The first ones."""
        if self.beginnings_only:
            _, order = begins(self._filters, self._dialect, _key)
            found = select(_row_id).where(self._recoverable, *self._names).order_by(order).limit(limit)
            return list(self._session.scalars(found))
        return self._ids(iter([(self._recoverable,)]), limit, forward=True)

    def beside(self, row_id: int, limit: int, *, forward: bool) -> list[int]:
        """Those that follow a deleted credential or stand before it, the nearest first; none where it is not there."""
        moment = self._session.scalar(select(_moment).where(_row_id == row_id, self._recoverable))
        return self._ids(self._ranges(moment, row_id, forward=forward), limit, forward=forward) if moment else []

    def _ranges(self, moment: Any, row_id: int, *, forward: bool) -> Iterator[_Conditions]:
        """Each is one walk of the index: those of the same moment, then the others."""
        yield (_moment == moment, _row_id < row_id if forward else _row_id > row_id)
        yield (_moment < moment, self._recoverable) if forward else (_moment > moment,)

    def _ids(self, ranges: Iterator[_Conditions], limit: int, *, forward: bool) -> list[int]:
        order = (_moment.desc(), _row_id.desc()) if forward else (_moment, _row_id)
        found: list[int] = []
        for conditions in ranges:
            if len(found) < limit:
                wanted = select(_row_id).where(*conditions, *self._names).order_by(*order)
                found += self._session.scalars(wanted.limit(limit - len(found)))
        return found

    def _name_condition(self) -> _Conditions:
        if self._method is Method.NONE:
            return ()
        if self._method is Method.BEGINNING:
            return (begins(self._filters, self._dialect, _key)[0],)
        if self._method is Method.INDEX and self._dialect == "sqlite":
            ids = list(self._session.scalars(deleted_in_full_text(self._filters).limit(MAX_SORTED_MATCHES + 1)))
            if len(ids) <= MAX_SORTED_MATCHES:  # where more match, a walk through all of them soon finds a page
                return (in_list(self._session, _row_id, ids),)
        return (_key.contains(self._filters.search_key, autoescape=True),)
