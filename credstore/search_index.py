"""The index for substring search in names, where the database offers one: SQLite FTS5 trigram, PostgreSQL pg_trgm.

Sources: https://www.sqlite.org/fts5.html#the_trigram_tokenizer and the PostgreSQL manual, appendix F, pg_trgm.
On SQLite the index covers stored and deleted credentials: a deleted one keeps its entry until it is erased, so that
deleting and restoring many rows does not rewrite the index. Triggers keep it in the transaction of each change.
"""

import sqlite3

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from credstore.errors import StorageBusy, StorageError, StorageFull

MIN_CHARACTERS = 3  # a trigram index cannot find anything shorter
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
_POSTGRESQL_DDL = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX ix_credential_name_trgm ON credential USING gin (name_key gin_trgm_ops)",
    "CREATE INDEX IF NOT EXISTS ix_deleted_credential_name_trgm ON deleted_credential"
    " USING gin (name_key gin_trgm_ops)",
)


def has_search_index(connection: Connection) -> bool:
    """Whether the index exists. One statement."""
    if connection.dialect.name == "sqlite":
        found = text("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'credential_search'")
    else:
        found = text(
            "SELECT 1 FROM pg_indexes WHERE indexname = 'ix_credential_name_trgm' AND schemaname = current_schema()"
        )
    return connection.scalar(found) is not None


def create_search_index(connection: Connection) -> bool:
    """Create the index inside a writing transaction, unless it exists. False where this database does not offer it."""
    if has_search_index(connection):
        return True
    if connection.dialect.name == "sqlite":
        if not _sqlite_has_trigram(connection):
            return False
        for statement in _SQLITE_DDL:
            connection.exec_driver_sql(statement)
        if _SECURE_DELETE:
            connection.exec_driver_sql(
                "INSERT INTO credential_search (credential_search, rank) VALUES ('secure-delete', 1)"
            )
        return True
    try:
        with connection.begin_nested():
            for statement in _POSTGRESQL_DDL:
                connection.exec_driver_sql(statement)
    except (DBAPIError, StorageError):  # the extension is not installed, or this role may not create it
        return False
    return True


def forget_erased_names(connection: Connection) -> None:
    """Remove what the index still holds of names that were erased or changed, inside a writing transaction.

    FTS5 marks old entries as deleted and drops them later. From SQLite 3.42 on it overwrites them at once
    ("secure-delete", set with the index); before, only "optimize" drops them, which rewrites the whole index.
    """
    if connection.dialect.name == "sqlite" and not _SECURE_DELETE and has_search_index(connection):
        connection.exec_driver_sql("INSERT INTO credential_search (credential_search) VALUES ('optimize')")


def search_index_differs(connection: Connection) -> bool:
    """Whether the index does not match the names. On PostgreSQL the database itself keeps it."""
    if connection.dialect.name != "sqlite" or not has_search_index(connection):
        return False
    try:
        connection.exec_driver_sql(
            "INSERT INTO credential_search (credential_search, rank) VALUES ('integrity-check', 1)"
        )
    except (StorageBusy, StorageFull):
        raise
    except (DBAPIError, StorageError):
        return True
    return False


def rebuild_search_index(connection: Connection) -> None:
    """Make the index anew from the names, inside a writing transaction; creates it where it is missing."""
    existed = has_search_index(connection)
    if create_search_index(connection) and existed and connection.dialect.name == "sqlite":
        connection.exec_driver_sql("INSERT INTO credential_search (credential_search) VALUES ('rebuild')")


def _sqlite_has_trigram(connection: Connection) -> bool:
    fts5 = connection.scalar(text("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'"))
    return fts5 is not None and sqlite3.sqlite_version_info >= _FIRST_SQLITE_WITH_TRIGRAM
