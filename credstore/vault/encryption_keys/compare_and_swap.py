"""Writes what a rotation has encrypted anew, where the row is still as it was read. Two statements, one a database."""

from typing import Any

from sqlalchemy import Connection

from credstore.encryption.sealed_tables import SealedTable

Change = tuple[str, str | None, Any, str]  # the new token, the new fingerprint; the row's primary key, the old token


def compare_and_swap(connection: Connection, sealed: SealedTable, key_id: str, changes: list[Change]) -> int:
    """Inside a writing transaction; returns how many rows changed. `key_id` names the key of the new tokens.

    The encrypted text is another one after any change of the secret, by whomever. The parameters go to the driver as
    they are: SQLAlchemy would take a third of the time to look at each.
    """
    if not changes:
        return 0
    if connection.dialect.name == "sqlite":
        rows: Any = [(key_id, *change) for change in changes]
        return int(connection.exec_driver_sql(_one_by_one(sealed), rows).rowcount)
    columns = tuple(map(list, zip(*changes, strict=True)))
    key_type = sealed.primary_key.type.compile(connection.dialect)
    return int(connection.exec_driver_sql(_all_at_once(sealed, key_type), (key_id, *columns)).rowcount)


def _one_by_one(sealed: SealedTable) -> str:
    return (
        f"UPDATE {sealed.table.name} SET key_id = ?, sealed = ?, fingerprint = ?"  # noqa: S608 - names of tables
        f" WHERE {sealed.key} = ? AND sealed = ?"
    )


def _all_at_once(sealed: SealedTable, key_type: str) -> str:
    """PostgreSQL's server takes longer to begin a statement than to change a row.

    "%b" sends the arrays as binary: the driver takes twenty times as long to write them as text.
    """
    return (
        f"UPDATE {sealed.table.name} AS stored"  # noqa: S608 - names of tables
        " SET key_id = %s, sealed = change.sealed, fingerprint = change.fingerprint"
        f" FROM unnest(%b::text[], %b::text[], %b::{key_type}[], %b::text[])"
        " AS change (sealed, fingerprint, row_key, old_sealed)"
        f" WHERE stored.{sealed.key} = change.row_key AND stored.sealed = change.old_sealed"
    )
