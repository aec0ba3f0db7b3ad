"""SQL for a page of the list: the totals and the rows, by one statement, since another would be a trip to PostgreSQL.

The totals come from the table `credential_status_count`, and positions from `credential_count`; triggers keep both up
to date, see `status_counts` and `block_counts`.
"""

from collections.abc import Sequence
from functools import cache
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    Text,
    bindparam,
    case,
    func,
    literal_column,
    null,
    select,
    type_coerce,
    union_all,
)

from credstore.block_counts import BLOCK_SIZE
from credstore.column_types import JsonObject, UTCDateTime
from credstore.database import AnySession
from credstore.models import Credential, CredentialCount, CredentialStatusCount
from credstore.run_models import TestRun
from credstore.vault.list_sql.orders import MAX_ID
from credstore.vault.run_under_way import active_conditions

RowColumns = tuple[Any, ...]

# Built once: SQLAlchemy takes longer to build a statement than SQLite to answer it. On the table and not on the mapped
# class, so that rows do not pass through the ORM.
_table: Any = Credential.__table__.c
_ids: Any = Credential.__table__.alias("passed").c
_block: Any = CredentialCount.__table__.c.block
_count: Any = CredentialStatusCount.__table__.c
# What the table of the page shows.
LIST_COLUMNS: RowColumns = (
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
FULL_COLUMNS: RowColumns = tuple(
    type_coerce(column, Text).label(column.name) if isinstance(column.type, _RAW) else column
    for column in _table
    if column.name not in {"sealed", "fingerprint"}
)
# Limits stand in the text of a statement: where they are parameters, PostgreSQL plans the statement anew each time.
_MOST: Any = bindparam("most", type_=Integer, literal_execute=True)
_ONE: Any = literal_column("1", Integer)
_TOTALS = (
    select(_count.kind.label("counted_kind"), _count.status.label("counted_status"), _count.total)
    .where(_count.total > 0)
    # By an index that has few rows without an end: a statement of its own would be another trip.
    .add_columns(select(TestRun.id).where(*active_conditions()).limit(_ONE).scalar_subquery().label("run_id"))
)
_WIDTH = len(_TOTALS.selected_columns)


class Totals(dict[tuple[str, str], int]):
    """How many credentials there are of each type with each status, as it is stored.

    `run_id` is the run of many tests that is under way, "" for none.
    """

    def __init__(self, rows: Sequence[Any]) -> None:
        super().__init__(((str(row.counted_kind), str(row.counted_status)), int(row.total)) for row in rows)
        self.run_id = next((str(row.run_id) for row in rows if row.run_id), "")


class PageRows(NamedTuple):
    """The totals of the whole list, and the rows of a page of it, newest first: tuples of the columns asked for."""

    totals: Totals
    rows: list[tuple[Any, ...]]


def totals(session: AnySession) -> Totals:
    """The totals of the whole list."""
    return Totals(session.connection().execute(_TOTALS).all())


def read_page(session: AnySession, columns: RowColumns, kind: str, offset: int, limit: int) -> PageRows:
    """The totals, and the `limit` rows of a type ("" for all) from `offset` on, newest first.

    `id` is the first column.
    """
    values: dict[str, Any] = {"most": limit} | ({"kind": kind} if kind else {})
    values |= {"offset": min(offset, MAX_ID)} if offset > 0 else {"first": MAX_ID}
    statement = _page_statement(columns, bool(kind), passes=offset > 0)
    found: Sequence[Any] = session.connection().execute(statement, values).all()
    rows = [tuple(row[_WIDTH:]) for row in found if row.counted_kind is None]
    rows.sort(key=itemgetter(0), reverse=True)  # by id; a UNION promises no order
    return PageRows(Totals([row for row in found if row.counted_kind is not None]), rows)


def read_rows(session: AnySession, columns: RowColumns, ids: Sequence[int]) -> Sequence[Any]:
    """These columns of the credentials with these ids, in their order. `id` is one of the columns."""
    if not ids:
        return []
    found = session.connection().execute(select(*columns).where(_table.id.in_(ids)))
    by_id = {row.id: row for row in found}
    return [by_id[row_id] for row_id in ids if row_id in by_id]


def read_rows_below(session: AnySession, columns: RowColumns, kind: str, row_id: int, limit: int) -> Sequence[Any]:
    """The `limit` rows of a type ("" for all) with an id below `row_id`, newest first."""
    values: dict[str, Any] = {"first": row_id - 1, "most": limit} | ({"kind": kind} if kind else {})
    return session.connection().execute(_newest_from(bindparam("first"), columns, bool(kind)), values).all()


@cache
def _page_statement(columns: RowColumns, of_kind: bool, *, passes: bool) -> CompoundSelect[Any]:
    """The rows of a page, with the columns of _TOTALS empty, and the totals, with those of a row empty."""
    found = _newest_from(_first_id(of_kind) if passes else bindparam("first"), columns, of_kind).subquery("page")
    none = [null().label(column.name) for column in _TOTALS.selected_columns]
    return union_all(select(*none, *found.c), _TOTALS.add_columns(*(null() for _ in found.c)))


def _newest_from(first: Any, columns: RowColumns, of_kind: bool) -> Select[Any]:
    """`most` rows from the id `first` on, newest first."""
    return (
        _of_kind(select(*columns).where(_table.id <= first), _table.kind, of_kind)
        .order_by(_table.id.desc())
        .limit(_MOST)
    )


def _first_id(of_kind: bool) -> ColumnElement[int]:
    """The id of the row that `offset` rows are newer than; NULL where there are not so many.

    The blocks above it are added up. In its own block the rows before it are passed in an index of ids, from the nearer
    end, and not read.
    """
    total = func.sum(CredentialCount.__table__.c.total)
    blocks = select(_block, total.label("total"), func.sum(total).over(order_by=_block.desc()).label("passed"))
    passed = _of_kind(blocks, CredentialCount.__table__.c.kind, of_kind).group_by(_block).subquery("passed_blocks").c
    skip: Any = (bindparam("offset") - passed.passed + passed.total).label("skip")
    first = select(passed.block, passed.total, skip).where(passed.passed > bindparam("offset"))
    found = first.order_by(passed.block.desc()).limit(_ONE).cte("found")

    def of_block(value: ColumnElement[Any]) -> Any:
        return select(value).select_from(found).scalar_subquery()

    ids = _of_kind(select(_ids.id), _ids.kind, of_kind).limit(_ONE)
    above, below = _ids.id < of_block((found.c.block + 1) * BLOCK_SIZE), _ids.id >= of_block(found.c.block * BLOCK_SIZE)
    # Where there is no such block: SQLite takes no NULL as an OFFSET.
    from_above, from_below = (
        func.coalesce(of_block(value), 0) for value in (found.c.skip, found.c.total - found.c.skip - 1)
    )
    return case(
        (
            of_block(found.c.skip * 2 <= found.c.total),
            ids.where(above).order_by(_ids.id.desc()).offset(from_above).scalar_subquery(),
        ),
        else_=ids.where(below).order_by(_ids.id).offset(from_below).scalar_subquery(),
    )


def _of_kind(statement: Select[Any], column: Any, of_kind: bool) -> Select[Any]:
    return statement.where(column == bindparam("kind")) if of_kind else statement
