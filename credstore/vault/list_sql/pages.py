"""SQL for a page of the list: the totals, the position of a page, and its rows.

The totals come from the table `credential_count`, which triggers keep up to date; see `row_counts`.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, Text, bindparam, func, select, type_coerce

from credstore.database import AnySession
from credstore.models import Credential, CredentialCount
from credstore.row_counts import BLOCK_SIZE

MAX_ID = 2**31 - 1


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


def position(session: AnySession, kind: str, offset: int, total: int) -> tuple[int, int]:
    """Where the row at `offset` of `total` rows is, newest first: (an id above its block, rows to pass below that id).

    Blocks are added up from the nearer end, until the row is among them.
    """
    if offset <= 0:
        return MAX_ID, 0
    newest_first = offset < total // 2
    wanted = offset if newest_first else total - offset - 1  # rows on the near side of the row
    statement, values = _blocks_statement(bool(kind), newest_first), {"kind": kind} if kind else {}
    passed = 0
    with session.connection().execute(statement, values) as blocks:
        for block, count in blocks:
            if passed + count > wanted:
                above = passed if newest_first else total - passed - count
                return (int(block) + 1) * BLOCK_SIZE, int(offset - above)
            passed += count
    return MAX_ID, offset


@cache
def _blocks_statement(of_kind: bool, newest_first: bool) -> Select[Any]:
    """The blocks with their counts, from one end."""
    blocks = select(_block, _total).group_by(_block).order_by(_block.desc() if newest_first else _block)
    return blocks.where(CredentialCount.__table__.c.kind == bindparam("kind")) if of_kind else blocks


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
