"""SQL for a page of the list: the totals, the position of a page, and its rows.

The totals come from the table `credential_status_count`, and positions from `credential_count`; triggers keep both up
to date, see `status_counts` and `row_counts`.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    CompoundSelect,
    Connection,
    Row,
    Select,
    Text,
    bindparam,
    func,
    null,
    select,
    type_coerce,
    union_all,
)

from credstore.column_types import JsonObject, UTCDateTime
from credstore.database import AnySession
from credstore.models import Credential, CredentialCount, CredentialStatusCount
from credstore.row_counts import BLOCK_SIZE
from credstore.test_run_models import TestRun
from credstore.vault.list_sql.orders import MAX_ID
from credstore.vault.run_under_way import active_conditions


class PagePosition(NamedTuple):
    """A page of the whole list or of one type ("" for all): `limit` rows next to the id `bound`, after `skip` of them.

    They are below `bound`; `from_below` they are at it or above, and the ones to skip are the oldest.
    """

    kind: str
    bound: int
    skip: int
    limit: int
    from_below: bool = False


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
    _table.detail,
    _table.key_id,
    # As the driver gives them: `records.to_list_row` keeps what it made of a row that has not changed.
    type_coerce(_table.created_at, Text).label("created_at"),
    type_coerce(_table.expires_at, Text).label("expires_at"),
    _table.status,
    type_coerce(_table.verdict_at, Text).label("verdict_at"),
    _table.used_by,
    type_coerce(_table.last_used_at, Text).label("last_used_at"),
)
# The same for the whole row but its sealed value, for `kept_records`.
_RAW = (UTCDateTime, JsonObject)
_FULL_COLUMNS = tuple(
    type_coerce(column, Text).label(column.name) if isinstance(column.type, _RAW) else column
    for column in _table
    if column.name not in {"sealed", "fingerprint"}
)
FULL_COLUMNS = tuple(column.name for column in _FULL_COLUMNS)
_count: Any = CredentialStatusCount.__table__.c
_TOTALS = (
    select(_count.kind, _count.status, _count.total)
    .where(_count.total > 0)
    # By an index that has few rows without an end: a statement of its own would be another trip.
    .add_columns(select(TestRun.id).where(*active_conditions()).limit(1).scalar_subquery().label("run_id"))
)


class Totals(dict[tuple[str, str], int]):
    """How many credentials there are of each type with each status, as it is stored.

    `run_id` is the run of many tests that is under way, "" for none.
    """

    def __init__(self, rows: Sequence[Row[Any]]) -> None:
        super().__init__(((str(row.kind), str(row.status)), int(row.total)) for row in rows if row.kind is not None)
        self.run_id = next((str(row.run_id) for row in rows if row.run_id), "")


def totals(session: AnySession) -> Totals:
    """The totals of the whole list."""
    return Totals(session.connection().execute(_TOTALS).all())


def totals_and_position(session: AnySession, kind: str, offset: int, limit: int) -> tuple[Totals, PagePosition | None]:
    """The totals, and where the `limit` rows from `offset` on are, newest first; None where there are not so many rows.

    One statement: another would be another trip to PostgreSQL.
    """
    if offset <= 0:
        return totals(session), PagePosition(kind, MAX_ID, 0, limit)
    values = {"offset": min(offset, MAX_ID)} | ({"kind": kind} if kind else {})
    rows = session.connection().execute(_totals_and_block(bool(kind)), values).all()
    counts = Totals(rows)
    found = next((row for row in rows if row.kind is None), None)
    if found is None:
        return counts, None
    rest = sum(count for (of_kind, _), count in counts.items() if not kind or of_kind == kind) - offset
    return counts, _nearer_end(kind, found, offset - int(found.above), min(limit, rest))


def _nearer_end(kind: str, found: Row[Any], skip: int, limit: int) -> PagePosition:
    """The page from the end of its block that fewer rows are skipped from: a database reads those too."""
    from_below = int(found.total) - skip - limit  # below zero where the page goes on in the next block
    if 0 <= from_below < skip:
        return PagePosition(kind, int(found.block) * BLOCK_SIZE, from_below, limit, from_below=True)
    return PagePosition(kind, (int(found.block) + 1) * BLOCK_SIZE, skip, limit)


@cache
def _totals_and_block(of_kind: bool) -> CompoundSelect[Any]:
    """The totals, and without a type the first block from the newest with which more than `offset` rows are passed."""
    blocks = select(_block, _total.label("total"), func.sum(_total).over(order_by=_block.desc()).label("passed"))
    if of_kind:
        blocks = blocks.where(CredentialCount.__table__.c.kind == bindparam("kind"))
    passed = blocks.group_by(_block).subquery("passed_blocks").c
    found = select(passed.block, passed.total, (passed.passed - passed.total).label("above"))
    first = found.where(passed.passed > bindparam("offset")).order_by(passed.block.desc()).limit(1).subquery("found").c
    return union_all(
        _TOTALS.add_columns(null().label("block"), null().label("above")),
        select(null(), null(), first.total, null(), first.block, first.above),
    )


def list_rows(session: AnySession, ids: Ids) -> list[Row[Any]]:
    """What the table shows of these credentials, in the order of `ids`."""
    return _rows(session.connection(), _LIST_COLUMNS, ids)


def full_rows(session: AnySession, ids: Ids) -> list[Row[Any]]:
    """FULL_COLUMNS of these credentials, in the order of `list_rows`."""
    return _rows(session.connection(), _FULL_COLUMNS, ids)


def _rows(connection: Connection, columns: tuple[Any, ...], ids: Ids) -> list[Row[Any]]:
    if isinstance(ids, PagePosition):
        values: dict[str, Any] = {"bound": ids.bound, "most": ids.limit} | ({"kind": ids.kind} if ids.kind else {})
        if ids.skip:
            values["skip"] = ids.skip
        statement = _page_statement(columns, bool(ids.kind), ids.from_below, skips=ids.skip > 0)
        rows = list(connection.execute(statement, values).all())
        return rows[::-1] if ids.from_below else rows
    found = {row.id: row for row in connection.execute(select(*columns).where(_table.id.in_(ids))).all()} if ids else {}
    return [found[row_id] for row_id in ids if row_id in found]


@cache
def _page_statement(columns: tuple[Any, ...], of_kind: bool, from_below: bool, skips: bool) -> Select[Any]:
    """The rows of a page by its position. The rows before it are passed in an index of ids, and not read."""
    start: Any = bindparam("bound")
    if skips:
        ids = Credential.__table__.alias("passed").c
        passed = _rows_from(start, ids, (ids.id,), of_kind, from_below)
        start = passed.limit(1).offset(bindparam("skip")).scalar_subquery()
        if not from_below:
            start = start + 1  # below it is the first id of the page
    return _rows_from(start, _table, columns, of_kind, from_below).limit(bindparam("most"))


def _rows_from(start: Any, table: Any, columns: tuple[Any, ...], of_kind: bool, from_below: bool) -> Select[Any]:
    """Rows with an id below `start`, newest first, or `from_below` those at it and above, oldest first."""
    rows = select(*columns).where(table.id >= start if from_below else table.id < start)
    if of_kind:
        rows = rows.where(table.kind == bindparam("kind"))
    return rows.order_by(table.id if from_below else table.id.desc())
