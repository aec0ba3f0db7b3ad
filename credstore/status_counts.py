"""Counts of credentials per type and status, kept by triggers in the transaction of each insert, update and delete.

They are at most some dozen rows: the list reads its totals, and how many credentials have each status, from them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

_TABLE_DDL = (
    "INSERT INTO credential_status_count (kind, status, total)"
    " SELECT kind, status, count(*) FROM credential GROUP BY kind, status"
)
_SUBTRACT = text("UPDATE credential_status_count SET total = total - :gone WHERE kind = :kind AND status = :status")


def subtract_statuses(connection: Connection, gone: Mapping[tuple[str, str], int]) -> None:
    """Subtract so many rows of each type and status, where no trigger does."""
    rows = [{"kind": kind, "status": status, "gone": count} for (kind, status), count in gone.items()]
    connection.execute(_SUBTRACT, rows)


def status_count_differences(connection: Connection) -> Mapping[tuple[str, str], tuple[int, int]]:
    """Where the kept counts differ: {(type, status): (kept, real)}. Reads every row's status, in one statement."""
    rows = kept_and_counted(connection, "credential_status_count", {"kind": "kind", "status": "status"})
    return {(str(kind), str(status)): (int(kept), int(counted)) for kind, status, kept, counted in rows}


def kept_and_counted(connection: Connection, table: str, groups: Mapping[str, str]) -> Sequence[Any]:
    """The rows of a table of counts that differ: their two keys, what is kept and what is there.

    `groups` are its two keys, each with what it is in the table of credentials.
    """
    keys, counted = ", ".join(groups), ", ".join(groups.values())
    return connection.execute(
        text(
            f"SELECT {keys}, sum(kept), sum(counted) FROM ("  # noqa: S608 - our own names
            f" SELECT {keys}, total AS kept, 0 AS counted FROM {table}"
            f" UNION ALL SELECT {counted}, 0, count(*) FROM credential GROUP BY 1, 2"
            f") AS both_counts GROUP BY {keys} HAVING sum(kept) <> sum(counted)"
        )
    ).all()


def count_anew(connection: Connection, table: str, statement: str) -> None:
    """Fill a table of counts again by its statement, inside a writing transaction that keeps other writers out."""
    connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 - our own name
    connection.exec_driver_sql(statement)


def rebuild_status_counts(connection: Connection) -> None:
    """Count every row anew, inside a writing transaction that keeps other writers out."""
    count_anew(connection, "credential_status_count", _TABLE_DDL)
