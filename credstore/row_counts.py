"""Counts of credentials per block of ids and type, kept by triggers in the transaction of each insert and delete.

Totals are sums over the blocks, and the position of any page is found from them, so that no page counts rows.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, text

BLOCK_SIZE = 4096  # ids in one block; the triggers below and the queries of the list divide by it

_TABLE_DDL = (
    "INSERT INTO credential_count (block, kind, total) SELECT id / 4096, kind, count(*) FROM credential GROUP BY 1, 2"
)
_SQLITE_DDL = (
    """CREATE TRIGGER credential_count_insert AFTER INSERT ON credential BEGIN
       INSERT INTO credential_count (block, kind, total) VALUES (new.id / 4096, new.kind, 1)
       ON CONFLICT (block, kind) DO UPDATE SET total = total + 1;
       END""",
    """CREATE TRIGGER credential_count_delete AFTER DELETE ON credential BEGIN
       UPDATE credential_count SET total = total - 1 WHERE block = old.id / 4096 AND kind = old.kind;
       END""",
    """CREATE TRIGGER credential_count_update AFTER UPDATE OF id, kind ON credential
       WHEN old.id / 4096 <> new.id / 4096 OR old.kind <> new.kind BEGIN
       UPDATE credential_count SET total = total - 1 WHERE block = old.id / 4096 AND kind = old.kind;
       INSERT INTO credential_count (block, kind, total) VALUES (new.id / 4096, new.kind, 1)
       ON CONFLICT (block, kind) DO UPDATE SET total = total + 1;
       END""",
)
# Once per statement, and always in one order of blocks, so that two writers cannot wait for each other.
_POSTGRESQL_DDL = (
    """CREATE FUNCTION credential_count_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       INSERT INTO credential_count AS c (block, kind, total)
       SELECT id / 4096, kind, count(*) FROM changed GROUP BY 1, 2 ORDER BY 1, 2
       ON CONFLICT (block, kind) DO UPDATE SET total = c.total + excluded.total;
       RETURN NULL; END $$""",
    """CREATE FUNCTION credential_count_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       INSERT INTO credential_count AS c (block, kind, total)
       SELECT id / 4096, kind, -count(*) FROM changed GROUP BY 1, 2 ORDER BY 1, 2
       ON CONFLICT (block, kind) DO UPDATE SET total = c.total + excluded.total;
       RETURN NULL; END $$""",
    """CREATE FUNCTION credential_count_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       UPDATE credential_count SET total = total - 1 WHERE block = old.id / 4096 AND kind = old.kind;
       INSERT INTO credential_count AS c (block, kind, total) VALUES (new.id / 4096, new.kind, 1)
       ON CONFLICT (block, kind) DO UPDATE SET total = c.total + 1;
       RETURN NULL; END $$""",
    """CREATE TRIGGER credential_count_insert AFTER INSERT ON credential
       REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION credential_count_insert()""",
    """CREATE TRIGGER credential_count_delete AFTER DELETE ON credential
       REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION credential_count_delete()""",
    """CREATE TRIGGER credential_count_update AFTER UPDATE OF id, kind ON credential FOR EACH ROW
       WHEN (old.id / 4096 <> new.id / 4096 OR old.kind <> new.kind) EXECUTE FUNCTION credential_count_update()""",
)


def create_count_triggers(connection: Connection) -> None:
    """Create the triggers and fill the table `credential_count`, inside the transaction of a migration."""
    for statement in _SQLITE_DDL if connection.dialect.name == "sqlite" else _POSTGRESQL_DDL:
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql(_TABLE_DDL)


def count_differences(connection: Connection) -> Mapping[tuple[int, str], tuple[int, int]]:
    """Where the kept counts differ: {(block, type): (kept, real)}. Reads every row's id, in one statement."""
    rows = connection.execute(
        text(
            "SELECT block, kind, sum(kept), sum(counted) FROM ("
            " SELECT block, kind, total AS kept, 0 AS counted FROM credential_count"
            " UNION ALL SELECT id / 4096, kind, 0, count(*) FROM credential GROUP BY 1, 2"
            ") AS both_counts GROUP BY block, kind HAVING sum(kept) <> sum(counted)"
        )
    )
    return {(int(block), str(kind)): (int(kept), int(counted)) for block, kind, kept, counted in rows}


def rebuild_counts(connection: Connection) -> None:
    """Count every row anew, inside a writing transaction. On PostgreSQL other writers wait meanwhile."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("LOCK TABLE credential IN SHARE ROW EXCLUSIVE MODE")
    connection.exec_driver_sql("DELETE FROM credential_count")
    connection.exec_driver_sql(_TABLE_DDL)
