"""The triggers that count credentials per block of 8,192 ids and type, as the migrations 0004 and 0012 create them.

Frozen: what a migration runs stays as it was. Other triggers need another migration, with its own SQL.
"""

from sqlalchemy import Connection

_TABLE_DDL = (
    "INSERT INTO credential_count (block, kind, total) SELECT id / 8192, kind, count(*) FROM credential GROUP BY 1, 2"
)
_SQLITE_DDL = (
    """CREATE TRIGGER credential_count_insert AFTER INSERT ON credential BEGIN
       INSERT INTO credential_count (block, kind, total) VALUES (new.id / 8192, new.kind, 1)
       ON CONFLICT (block, kind) DO UPDATE SET total = total + 1;
       END""",
    """CREATE TRIGGER credential_count_delete AFTER DELETE ON credential BEGIN
       UPDATE credential_count SET total = total - 1 WHERE block = old.id / 8192 AND kind = old.kind;
       END""",
    """CREATE TRIGGER credential_count_update AFTER UPDATE OF id, kind ON credential
       WHEN old.id / 8192 <> new.id / 8192 OR old.kind <> new.kind BEGIN
       UPDATE credential_count SET total = total - 1 WHERE block = old.id / 8192 AND kind = old.kind;
       INSERT INTO credential_count (block, kind, total) VALUES (new.id / 8192, new.kind, 1)
       ON CONFLICT (block, kind) DO UPDATE SET total = total + 1;
       END""",
)
# Once per statement, and always in one order of blocks, so that two writers cannot wait for each other.
_POSTGRESQL_DDL = (
    """CREATE FUNCTION credential_count_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       INSERT INTO credential_count AS c (block, kind, total)
       SELECT id / 8192, kind, count(*) FROM changed GROUP BY 1, 2 ORDER BY 1, 2
       ON CONFLICT (block, kind) DO UPDATE SET total = c.total + excluded.total;
       RETURN NULL; END $$""",
    """CREATE FUNCTION credential_count_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       INSERT INTO credential_count AS c (block, kind, total)
       SELECT id / 8192, kind, -count(*) FROM changed GROUP BY 1, 2 ORDER BY 1, 2
       ON CONFLICT (block, kind) DO UPDATE SET total = c.total + excluded.total;
       RETURN NULL; END $$""",
    """CREATE FUNCTION credential_count_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       UPDATE credential_count SET total = total - 1 WHERE block = old.id / 8192 AND kind = old.kind;
       INSERT INTO credential_count AS c (block, kind, total) VALUES (new.id / 8192, new.kind, 1)
       ON CONFLICT (block, kind) DO UPDATE SET total = c.total + 1;
       RETURN NULL; END $$""",
    """CREATE TRIGGER credential_count_insert AFTER INSERT ON credential
       REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION credential_count_insert()""",
    """CREATE TRIGGER credential_count_delete AFTER DELETE ON credential
       REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION credential_count_delete()""",
    """CREATE TRIGGER credential_count_update AFTER UPDATE OF id, kind ON credential FOR EACH ROW
       WHEN (old.id / 8192 <> new.id / 8192 OR old.kind <> new.kind) EXECUTE FUNCTION credential_count_update()""",
)

_TRIGGERS = ("credential_count_insert", "credential_count_delete", "credential_count_update")


def create_count_triggers(connection: Connection) -> None:
    """Create the triggers and fill the table `credential_count`, inside the transaction of a migration."""
    for statement in _SQLITE_DDL if connection.dialect.name == "sqlite" else _POSTGRESQL_DDL:
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql(_TABLE_DDL)


def replace_count_triggers(connection: Connection) -> None:
    """Create the triggers in the place of earlier ones, and count anew, inside a migration."""
    for name in _TRIGGERS:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            connection.exec_driver_sql(f"DROP FUNCTION {name} CASCADE")  # and its trigger
    connection.exec_driver_sql("DELETE FROM credential_count")
    create_count_triggers(connection)
