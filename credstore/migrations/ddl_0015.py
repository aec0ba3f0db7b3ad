"""The triggers that write down what became of a credential, as the migration 0015 creates them. Frozen."""

from sqlalchemy import Connection

_NOW = {"sqlite": "strftime('%Y-%m-%d %H:%M:%f000', 'now')", "postgresql": "now()"}  # as SQLAlchemy writes a moment
_RESTORED = (
    "CASE WHEN EXISTS (SELECT 1 FROM deleted_credential AS d WHERE d.public_id = {new}.public_id)"
    " THEN 'restored' ELSE 'created' END"
)
_INSERT = "INSERT INTO credential_change (action, public_id, changed_at)"
_SQLITE_DDL = (
    f"""CREATE TRIGGER credential_change_insert AFTER INSERT ON credential BEGIN
       {_INSERT} VALUES ({_RESTORED.format(new="new")}, new.public_id, {_NOW["sqlite"]});
       END""",  # noqa: S608 - constants alone
    f"""CREATE TRIGGER credential_change_delete AFTER DELETE ON credential BEGIN
       {_INSERT} VALUES ('deleted', old.public_id, {_NOW["sqlite"]});
       END""",
    f"""CREATE TRIGGER credential_change_update AFTER UPDATE OF version ON credential
       WHEN old.version <> new.version BEGIN
       {_INSERT} VALUES ('edited', new.public_id, {_NOW["sqlite"]});
       END""",
)
_POSTGRESQL_DDL = (
    f"""CREATE FUNCTION credential_change_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       {_INSERT} SELECT {_RESTORED.format(new="changed")}, changed.public_id, now() FROM changed ORDER BY changed.id;
       RETURN NULL; END $$""",  # noqa: S608 - constants alone
    f"""CREATE FUNCTION credential_change_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       {_INSERT} SELECT 'deleted', changed.public_id, now() FROM changed ORDER BY changed.id;
       RETURN NULL; END $$""",  # noqa: S608 - constants alone
    f"""CREATE FUNCTION credential_change_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       {_INSERT} VALUES ('edited', new.public_id, now());
       RETURN NULL; END $$""",
    """CREATE TRIGGER credential_change_insert AFTER INSERT ON credential
       REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION credential_change_insert()""",
    """CREATE TRIGGER credential_change_delete AFTER DELETE ON credential
       REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION credential_change_delete()""",
    """CREATE TRIGGER credential_change_update AFTER UPDATE OF version ON credential FOR EACH ROW
       WHEN (old.version <> new.version) EXECUTE FUNCTION credential_change_update()""",
)


def create_change_triggers(connection: Connection) -> None:
    """Create the triggers, inside the transaction of a migration."""
    for statement in _SQLITE_DDL if connection.dialect.name == "sqlite" else _POSTGRESQL_DDL:
        connection.exec_driver_sql(statement)
