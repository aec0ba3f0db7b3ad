"""The index for substring search in names, as the migrations 0004 and 0008 create it, where the database offers one.

Frozen: what a migration runs stays as it was.
"""

import sqlite3

from sqlalchemy import Connection, text

_FIRST_SQLITE_WITH_TRIGRAM = (3, 34)
_SECURE_DELETE = sqlite3.sqlite_version_info >= (3, 42)

_SQLITE_DDL = (
    # The type is an indexed column too, between marks, so that type and name are found by one look-up.
    """CREATE VIEW credential_search_content AS
       SELECT id, name_key, '=' || kind || '=' AS kind FROM credential
       UNION ALL
       SELECT id, name_key, '=' || kind || '=' AS kind FROM deleted_credential
       WHERE id NOT IN (SELECT id FROM credential)""",
    """CREATE VIRTUAL TABLE credential_search USING fts5(
       name_key, kind, content='credential_search_content', content_rowid='id', tokenize='trigram case_sensitive 1')""",
    """CREATE TRIGGER credential_search_insert AFTER INSERT ON credential
       WHEN NOT EXISTS (SELECT 1 FROM deleted_credential WHERE id = new.id) BEGIN
       INSERT INTO credential_search (rowid, name_key, kind) VALUES (new.id, new.name_key, '=' || new.kind || '=');
       END""",
    """CREATE TRIGGER credential_search_delete AFTER DELETE ON credential
       WHEN NOT EXISTS (SELECT 1 FROM deleted_credential WHERE id = old.id) BEGIN
       INSERT INTO credential_search (credential_search, rowid, name_key, kind)
       VALUES ('delete', old.id, old.name_key, '=' || old.kind || '=');
       END""",
    """CREATE TRIGGER deleted_credential_search_delete AFTER DELETE ON deleted_credential
       WHEN NOT EXISTS (SELECT 1 FROM credential WHERE id = old.id) BEGIN
       INSERT INTO credential_search (credential_search, rowid, name_key, kind)
       VALUES ('delete', old.id, old.name_key, '=' || old.kind || '=');
       END""",
    """CREATE TRIGGER credential_search_update AFTER UPDATE OF name_key ON credential
       WHEN old.name_key <> new.name_key BEGIN
       INSERT INTO credential_search (credential_search, rowid, name_key, kind)
       VALUES ('delete', old.id, old.name_key, '=' || old.kind || '=');
       INSERT INTO credential_search (rowid, name_key, kind) VALUES (new.id, new.name_key, '=' || new.kind || '=');
       END""",
    """CREATE TRIGGER deleted_credential_search_update AFTER UPDATE OF name_key ON deleted_credential
       WHEN old.name_key <> new.name_key AND NOT EXISTS (SELECT 1 FROM credential WHERE id = old.id) BEGIN
       INSERT INTO credential_search (credential_search, rowid, name_key, kind)
       VALUES ('delete', old.id, old.name_key, '=' || old.kind || '=');
       INSERT INTO credential_search (rowid, name_key, kind) VALUES (new.id, new.name_key, '=' || new.kind || '=');
       END""",
    "INSERT INTO credential_search (credential_search) VALUES ('rebuild')",
)
# Where the extension is not installed, or this role may not create it, there is no index.
_POSTGRESQL_DDL = """DO $$ BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX ix_credential_name_trgm ON credential USING gin (name_key gin_trgm_ops);
    CREATE INDEX IF NOT EXISTS ix_deleted_credential_name_trgm ON deleted_credential USING gin (name_key gin_trgm_ops);
    EXCEPTION WHEN OTHERS THEN NULL;
    END $$"""


def has_search_index(connection: Connection) -> bool:
    """Whether the index exists. One statement."""
    if connection.dialect.name == "sqlite":
        found = text("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'credential_search'")
    else:
        found = text(
            "SELECT 1 FROM pg_indexes WHERE indexname = 'ix_credential_name_trgm' AND schemaname = current_schema()"
        )
    return connection.scalar(found) is not None


def create_search_index(connection: Connection) -> None:
    """Create the index inside a migration, where this database offers it."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_POSTGRESQL_DDL)
        return
    fts5 = connection.scalar(text("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'"))
    if fts5 is None or sqlite3.sqlite_version_info < _FIRST_SQLITE_WITH_TRIGRAM:
        return
    for statement in _SQLITE_DDL:
        connection.exec_driver_sql(statement)
    if _SECURE_DELETE:
        connection.exec_driver_sql(
            "INSERT INTO credential_search (credential_search, rank) VALUES ('secure-delete', 1)"
        )
