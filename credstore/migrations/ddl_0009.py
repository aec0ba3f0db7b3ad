"""The triggers that count credentials per type and status, as the migration 0009 creates them. Frozen."""

from sqlalchemy import Connection

_TABLE_DDL = (
    "INSERT INTO credential_status_count (kind, status, total)"
    " SELECT kind, status, count(*) FROM credential GROUP BY kind, status"
)
_SQLITE_DDL = (
    """CREATE TRIGGER credential_status_count_insert AFTER INSERT ON credential BEGIN
       INSERT INTO credential_status_count (kind, status, total) VALUES (new.kind, new.status, 1)
       ON CONFLICT (kind, status) DO UPDATE SET total = total + 1;
       END""",
    """CREATE TRIGGER credential_status_count_delete AFTER DELETE ON credential BEGIN
       UPDATE credential_status_count SET total = total - 1 WHERE kind = old.kind AND status = old.status;
       END""",
    """CREATE TRIGGER credential_status_count_update AFTER UPDATE OF kind, status ON credential
       WHEN old.kind <> new.kind OR old.status <> new.status BEGIN
       UPDATE credential_status_count SET total = total - 1 WHERE kind = old.kind AND status = old.status;
       INSERT INTO credential_status_count (kind, status, total) VALUES (new.kind, new.status, 1)
       ON CONFLICT (kind, status) DO UPDATE SET total = total + 1;
       END""",
)
# Always in one order of types and statuses, so that two writers cannot wait for each other.
_POSTGRESQL_DDL = (
    """CREATE FUNCTION credential_status_count_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       INSERT INTO credential_status_count AS c (kind, status, total)
       SELECT kind, status, count(*) FROM changed GROUP BY 1, 2 ORDER BY 1, 2
       ON CONFLICT (kind, status) DO UPDATE SET total = c.total + excluded.total;
       RETURN NULL; END $$""",
    """CREATE FUNCTION credential_status_count_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       INSERT INTO credential_status_count AS c (kind, status, total)
       SELECT kind, status, -count(*) FROM changed GROUP BY 1, 2 ORDER BY 1, 2
       ON CONFLICT (kind, status) DO UPDATE SET total = c.total + excluded.total;
       RETURN NULL; END $$""",
    """CREATE FUNCTION credential_status_count_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       INSERT INTO credential_status_count AS c (kind, status, total)
       SELECT * FROM (VALUES (old.kind, old.status, -1), (new.kind, new.status, 1)) AS v ORDER BY 1, 2
       ON CONFLICT (kind, status) DO UPDATE SET total = c.total + excluded.total;
       RETURN NULL; END $$""",
    """CREATE TRIGGER credential_status_count_insert AFTER INSERT ON credential
       REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION credential_status_count_insert()""",
    """CREATE TRIGGER credential_status_count_delete AFTER DELETE ON credential
       REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION credential_status_count_delete()""",
    """CREATE TRIGGER credential_status_count_update AFTER UPDATE OF kind, status ON credential FOR EACH ROW
       WHEN (old.kind <> new.kind OR old.status <> new.status)
       EXECUTE FUNCTION credential_status_count_update()""",
)


def create_status_count_triggers(connection: Connection) -> None:
    """Create the triggers and fill the table `credential_status_count`, inside the transaction of a migration."""
    for statement in _SQLITE_DDL if connection.dialect.name == "sqlite" else _POSTGRESQL_DDL:
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql(_TABLE_DDL)
