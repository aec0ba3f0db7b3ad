"""Every SQL statement of the list: totals, the position of a page, the ids that match, and the rows of a page.

Totals and positions come from `credential_count`; ids are read from narrow indexes, with a limit, before any row is.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache, cached_property
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    String,
    Text,
    bindparam,
    func,
    literal_column,
    select,
    type_coerce,
)
from sqlalchemy.orm import InstrumentedAttribute

from credstore.database import AnySession, in_list
from credstore.models import Credential, CredentialCount, utc_now
from credstore.row_counts import BLOCK_SIZE
from credstore.vault.list_filters import ListFilters
from credstore.vault.name_search import SEARCH_ROW, Method, begins, contains, full_text_select, in_full_text

MAX_ID = 2**31 - 1
MAX_SORTED_MATCHES = 10_000  # so many matches of the search index are sorted at the most
Conditions = tuple[Any, ...]
Columns = tuple[Any, ...]  # SQLAlchemy has no common type of what ORDER BY takes
Range = tuple[Conditions, Columns]
ExpiryKey = tuple[datetime | None, int]


class PagePosition(NamedTuple):
    """A page of the whole list or of one type ("" for all): `limit` rows below the id `above`, after `skip` of them."""

    kind: str
    above: int
    skip: int
    limit: int


Ids = Sequence[int] | PagePosition

# Built once: SQLAlchemy takes longer to build a statement than SQLite to answer it. On the table and not on the mapped
# class, so that rows do not pass through the ORM.
_table: Any = Credential.__table__.c
_block, _total = CredentialCount.__table__.c.block, func.sum(CredentialCount.__table__.c.total)
_LIST_COLUMNS = (
    _table.id,
    _table.public_id,
    _table.name,
    _table.kind,
    type_coerce(_table.public, Text).label("public"),  # as text: many rows have the same
    _table.key_id,
    _table.created_at,
    _table.expires_at,
    _table.status,
    _table.verdict_at,
)
_TOTALS = select(CredentialCount.__table__.c.kind, _total).group_by(CredentialCount.__table__.c.kind).having(_total > 0)


def totals(session: AnySession) -> dict[str, int]:
    """How many credentials there are of each type."""
    return {str(kind): int(count) for kind, count in session.connection().execute(_TOTALS)}


def position(session: AnySession, kind: str, offset: int) -> tuple[int, int]:
    """Where the row at `offset` of the list is, newest first: (an id above its block, rows of the block before it)."""
    if offset <= 0:
        return MAX_ID, 0
    values = {"offset": offset} | ({"kind": kind} if kind else {})
    found = session.connection().execute(_block_statement(bool(kind)), values).one_or_none()
    return ((int(found[0]) + 1) * BLOCK_SIZE, offset - int(found[1])) if found else (MAX_ID, offset)


@cache
def _block_statement(of_kind: bool) -> Select[Any]:
    """The block that holds the row at :offset, and how many rows stand in the blocks before it."""
    blocks = select(_block, _total.label("total"), func.sum(_total).over(order_by=_block.desc()).label("through"))
    of_type = CredentialCount.__table__.c.kind == bindparam("kind")
    counted = (blocks.where(of_type) if of_kind else blocks).group_by(_block).subquery()
    through = counted.c.through > bindparam("offset")
    return (
        select(counted.c.block, counted.c.through - counted.c.total)
        .where(through)
        .order_by(counted.c.block.desc())
        .limit(1)
    )


def list_rows(session: AnySession, ids: Ids) -> list[Row[Any]]:
    """What the table shows of these credentials, in the order of `ids`."""
    return _rows(session.connection(), _LIST_COLUMNS, ids)


def full_rows(session: AnySession, ids: Ids) -> list[Credential]:
    """These credentials without their sealed values, in the order of `list_rows`."""
    found = [row.id for row in _rows(session.connection(), (_table.id,), ids)] if isinstance(ids, PagePosition) else ids
    rows = {row.id: row for row in session.scalars(select(Credential).where(Credential.id.in_(found)))} if found else {}
    return [rows[row_id] for row_id in found if row_id in rows]


def _rows(connection: Connection, columns: tuple[Any, ...], ids: Ids) -> list[Row[Any]]:
    if isinstance(ids, PagePosition):
        values = {"above": ids.above, "skip": ids.skip, "most": ids.limit} | ({"kind": ids.kind} if ids.kind else {})
        return list(connection.execute(_page_statement(columns, bool(ids.kind)), values).all())
    found = {row.id: row for row in connection.execute(select(*columns).where(_table.id.in_(ids))).all()} if ids else {}
    return [found[row_id] for row_id in ids if row_id in found]


@cache
def _page_statement(columns: tuple[Any, ...], of_kind: bool) -> Select[Any]:
    """The rows of a page by its position. Ids come first: an offset over an index does not read the rows it passes."""
    ids = select(_table.id).where(_table.id < bindparam("above")).order_by(_table.id.desc())
    if of_kind:
        ids = ids.where(_table.kind == bindparam("kind"))
    of_page = ids.limit(bindparam("most")).offset(bindparam("skip")).subquery()
    return select(*columns).where(_table.id.in_(select(of_page.c.id))).order_by(_table.id.desc())


class MatchingIds:
    """The ids that match filters, in the order of the list, a limited number at a time."""

    def __init__(self, session: AnySession, filters: ListFilters, method: Method) -> None:
        self._session = session
        self._filters = filters
        self._method = method
        self._dialect = session.connection().dialect.name

    def first(self, limit: int) -> list[int]:
        """The first ones."""
        if self._method is Method.BEGINNING:
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
        if self._method is Method.INDEX and self._dialect == "sqlite" and not self._filters.sort:
            newest = order[0].compare(Credential.id.desc())
            return full_text_select(self._filters, conditions).order_by(SEARCH_ROW.desc() if newest else SEARCH_ROW)
        return select(Credential.id).where(*conditions, *self._name_condition()).order_by(*order)

    def _name_condition(self) -> Conditions:
        if self._method is Method.NONE:
            return ()
        if self._method is Method.BEGINNING:
            return (begins(self._filters, self._dialect)[0],)
        return (in_full_text(self._filters) if self._few_in_full_text else contains(self._filters),)

    @cached_property
    def _few_in_full_text(self) -> bool:
        """SQLite: whether it is cheaper to sort what the search index finds than to look at names in another order."""
        if self._method is not Method.INDEX or self._dialect != "sqlite":
            return False
        found = full_text_select(self._filters, ()).limit(MAX_SORTED_MATCHES + 1).subquery()
        return int(self._session.scalar(select(func.count()).select_from(found)) or 0) <= MAX_SORTED_MATCHES

    def _conditions(self) -> Conditions:
        filters, found = self._filters, []
        if filters.kind:
            found.append(self._filtered(Credential.kind) == filters.kind)
        if filters.status:
            found.append(self._filtered(Credential.status) == filters.status)
        if filters.expiring is not None:
            found.append(Credential.expires_at <= utc_now() + timedelta(days=filters.expiring))
        return tuple(found)

    def _filtered(self, column: InstrumentedAttribute[str]) -> ColumnElement[str]:
        """The column as a filter. SQLite, without statistics, would take its index and sort all that it finds, where
        the order comes from another index: a unary plus keeps it from that (https://www.sqlite.org/optoverview.html).
        """
        other_index = self._filters.sort or self._method is Method.BEGINNING
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
