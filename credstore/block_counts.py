"""Counts of credentials per block of ids and type, kept by triggers in the transaction of each insert and delete.

The position of any page is found from them, so that no page counts rows. Totals are those of `status_counts`.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from credstore.deletion_notes import note_deleted
from credstore.status_counts import count_anew, kept_and_counted, subtract_statuses

# Ids in one block. The queries of the list divide by it, and the triggers, which the migration 0012 creates. A page
# adds up all blocks and skips half a block of rows at most: at 1,000,000 rows PostgreSQL does both fastest so.
BLOCK_SIZE = 8192

_TABLE_DDL = (
    "INSERT INTO credential_count (block, kind, total) SELECT id / 8192, kind, count(*) FROM credential GROUP BY 1, 2"
)
_SQLITE_TRIGGERS = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'credential'")
# By name: a trigger that somebody added, for an audit of their own, runs for each row all the same.
TRIGGERS = tuple(
    f"credential_{table}_{change}"
    for table in ("count", "status_count", "change", "search")
    for change in ("insert", "update", "delete")
)
DELETE_TRIGGERS = tuple(name for name in TRIGGERS if name.endswith("_delete"))
_SUBTRACT = text("UPDATE credential_count SET total = total - :gone WHERE block = :block AND kind = :kind")


@contextmanager
def counted_at_once(connection: Connection, rows: Iterable[Any], deleted_at: datetime) -> Iterator[None]:
    """Inside the block, delete these `rows` of `credential`: their `id`, `public_id`, `kind` and `status`.

    SQLite deletes twice as slowly where a table has a trigger of DELETE, whatever the trigger does. So the triggers are
    dropped, each table that they write is corrected once for all rows, and the triggers are created again: all in the
    caller's transaction, so that no other connection ever misses them. The search index needs nothing: it covers
    deleted credentials too. PostgreSQL's triggers run once per statement and stay.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    with sqlite_triggers_dropped(connection, DELETE_TRIGGERS):
        yield
        by_block = Counter((row.id // BLOCK_SIZE, row.kind) for row in rows)
        gone = [{"block": block, "kind": kind, "gone": count} for (block, kind), count in by_block.items()]
        connection.execute(_SUBTRACT, gone)
        subtract_statuses(connection, Counter((row.kind, row.status) for row in rows))
        note_deleted(connection, [row.public_id for row in rows], deleted_at)


@contextmanager
def sqlite_triggers_dropped(connection: Connection, names: Collection[str]) -> Iterator[None]:
    """These of SQLite's triggers on `credential` are gone inside the block, in its transaction. Others stay."""
    triggers = [(name, sql) for name, sql in connection.execute(_SQLITE_TRIGGERS) if name in names]
    for name, _ in triggers:
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    yield
    for _, definition in triggers:
        connection.exec_driver_sql(definition)


def count_differences(connection: Connection) -> Mapping[tuple[int, str], tuple[int, int]]:
    """Where the kept counts differ: {(block, type): (kept, real)}. Reads every row's id, in one statement."""
    rows = kept_and_counted(connection, "credential_count", {"block": "id / 8192", "kind": "kind"})
    return {(int(block), str(kind)): (int(kept), int(counted)) for block, kind, kept, counted in rows}


def rebuild_counts(connection: Connection) -> None:
    """Count every row anew, inside a writing transaction. On PostgreSQL other writers wait meanwhile."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("LOCK TABLE credential IN SHARE ROW EXCLUSIVE MODE")
    count_anew(connection, "credential_count", _TABLE_DDL)
