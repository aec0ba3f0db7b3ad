"""Copies the rows of all tables from one database to another, in batches, whichever of the two databases they are.

The tables are those that the target's migrations made, so that no list of them can be behind.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Boolean,
    Connection,
    Integer,
    Text,
    column,
    delete,
    func,
    insert,
    inspect,
    select,
    table,
    text,
    types,
)
from sqlalchemy.sql.expression import TableClause

from credstore.column_types import UTCDateTime

BATCH = 2_000  # rows
_SEARCH_INDEX = "credential_search"  # SQLite's full-text table, and those that it keeps for itself
# Written by triggers as the rows of other tables come in, or by the migrations.
_WRITTEN_BY_TRIGGERS = {"credential_change"}  # too, but what it has of earlier days is copied in their place
_NOT_COPIED = {"alembic_version", "credential_count", "credential_status_count", "audit_head"}


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """`columns` by name; `key` are the columns of the primary key."""

    name: str
    columns: Mapping[str, types.TypeEngine[Any]]
    key: tuple[str, ...]

    @property
    def clause(self) -> TableClause:
        return table(self.name, *(column(name, type_) for name, type_ in self.columns.items()))

    @property
    def numbered(self) -> bool:
        """Whether the database gives the ids, which are numbers."""
        return len(self.key) == 1 and isinstance(self.columns[self.key[0]], Integer)


def table_names(connection: Connection) -> list[str]:
    """All tables, each behind those that it refers to."""
    found = inspect(connection).get_sorted_table_and_fkc_names()
    return [name for name, _ in found if name and not name.startswith(_SEARCH_INDEX)]


def tables_to_copy(target: Connection) -> list[CopiedTable]:
    """The tables with their columns, as the migrations made them; last those that triggers write to meanwhile."""
    inspector, names = inspect(target), [name for name in table_names(target) if name not in _NOT_COPIED]
    columns = inspector.get_multi_columns(filter_names=names)
    keys = inspector.get_multi_pk_constraint(filter_names=names)
    found = [
        CopiedTable(
            name,
            {found["name"]: _plain_type(found["type"]) for found in columns[None, name]},
            tuple(keys[None, name]["constrained_columns"]),
        )
        for name in names
    ]
    return sorted(found, key=lambda copied: copied.name in _WRITTEN_BY_TRIGGERS)


def count_rows(connection: Connection, copied: CopiedTable) -> int:
    return connection.scalar(select(func.count()).select_from(copied.clause)) or 0


def copy_rows(source: Connection, target: Connection, copied: CopiedTable, batch: int = BATCH) -> Iterator[int]:
    """Copy the rows of one table, values as they are stored; gives the number of rows after each batch."""
    if copied.name in _WRITTEN_BY_TRIGGERS:
        target.execute(delete(copied.clause))
    rows = select(copied.clause).order_by(*(copied.clause.c[name] for name in copied.key))
    for some in source.execute(rows, execution_options={"yield_per": batch}).partitions():
        _insert(target, copied, [tuple(row) for row in some])
        yield len(some)


def keep_numbering(source: Connection, target: Connection, copied: CopiedTable) -> None:
    """New rows of the target get ids after all that the source has ever given, also to rows deleted since."""
    if not copied.numbered:
        return
    highest = target.scalar(select(func.max(copied.clause.c[copied.key[0]]))) or 0
    highest = max(highest, _last_given(source, copied))
    if target.dialect.name == "postgresql":
        if sequence := _sequence(target, copied):
            set_value = text("SELECT setval(:sequence, greatest(:highest, 1), :highest > 0)")
            target.execute(set_value, {"sequence": sequence, "highest": highest})
    elif _is_autoincrement(target, copied):
        values = {"name": copied.name, "highest": highest}
        target.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), values)
        target.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :highest)"), values)


def _plain_type(found: types.TypeEngine[Any]) -> types.TypeEngine[Any]:
    """The type by which values are read and written without a change: JSON stays the text that it is."""
    if isinstance(found, types.DateTime):
        return UTCDateTime()
    if isinstance(found, types.Boolean):
        return Boolean()
    if isinstance(found, types.LargeBinary):
        return types.LargeBinary()
    if isinstance(found, types.Integer):
        return Integer()
    if isinstance(found, types.String):
        return Text()
    raise TypeError(f"a column of the type {found}")


def _insert(target: Connection, copied: CopiedTable, rows: list[tuple[Any, ...]]) -> None:
    names = list(copied.columns)
    if target.dialect.name != "postgresql":
        target.execute(insert(copied.clause), [dict(zip(names, row, strict=True)) for row in rows])
        return
    # One statement for all rows, so that triggers run once. The arrays are of types without a length: a cast to a
    # type with one would cut a text that is too long, where the assignment to the column refuses it.
    quote = target.dialect.identifier_preparer.quote
    arrays = ", ".join(f"CAST(:v{n} AS {_array(type_)})" for n, type_ in enumerate(copied.columns.values()))
    statement = f"INSERT INTO {quote(copied.name)} ({', '.join(map(quote, names))}) SELECT * FROM unnest({arrays})"  # noqa: S608
    target.execute(text(statement), {f"v{n}": list(values) for n, values in enumerate(zip(*rows, strict=True))})


def _array(type_: types.TypeEngine[Any]) -> str:
    if isinstance(type_, UTCDateTime):
        return "TIMESTAMPTZ[]"
    if isinstance(type_, Boolean):
        return "BOOLEAN[]"
    if isinstance(type_, types.LargeBinary):
        return "BYTEA[]"
    return "BIGINT[]" if isinstance(type_, Integer) else "TEXT[]"


def _last_given(source: Connection, copied: CopiedTable) -> int:
    if source.dialect.name == "postgresql":
        sequence = _sequence(source, copied)
        found = source.execute(text(f"SELECT last_value, is_called FROM {sequence}")).one() if sequence else (0, True)  # noqa: S608
        return int(found[0]) if found[1] else 0
    if not _is_autoincrement(source, copied):
        return 0
    last = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
    return source.scalar(last, {"name": copied.name}) or 0


def _sequence(connection: Connection, copied: CopiedTable) -> str | None:
    """PostgreSQL's sequence of the ids, quoted as it must be; None where the application gives them."""
    found = text("SELECT pg_get_serial_sequence(:name, :key)")
    quoted = connection.dialect.identifier_preparer.quote(copied.name)
    sequence: str | None = connection.scalar(found, {"name": quoted, "key": copied.key[0]})
    return sequence


def _is_autoincrement(connection: Connection, copied: CopiedTable) -> bool:
    found = text("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = :name AND sql LIKE '%AUTOINCREMENT%'")
    return connection.scalar(found, {"name": copied.name}) is not None
