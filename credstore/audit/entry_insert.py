"""The statement that adds an entry to the audit log: one trip, since the database computes the hash of the chain."""

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Insert, Text, bindparam, cast, func, insert, literal, select
from sqlalchemy.sql.dml import ReturningInsert

from credstore.audit_model import AuditEntry, AuditHead

_ENTRY: Any = AuditEntry.__table__
_GIVEN = ("at", "actor", "act", "credential_id", "kind", "result", "address", "count", "items")


def entry_values(entry: dict[str, Any], text_behind_seq: str) -> dict[str, Any]:
    """The parameters of a statement of `insert_behind`, for the columns of an entry but its number and its hash."""
    return {f"entry_{name}": entry[name] for name in _GIVEN} | {"hashed": text_behind_seq}


def insert_behind(head: FromClause, dialect: str) -> Insert:
    """INSERT of an entry behind `head`, which has the columns `seq` and `hash` and at most one row, locked."""
    seq = head.c.seq + 1
    hashed = head.c.hash + literal("\n[") + cast(seq, Text) + literal(",") + bindparam("hashed", type_=Text)
    given = [bindparam(f"entry_{name}", type_=_ENTRY.c[name].type) for name in _GIVEN]
    values = select(seq, *given, _sha256(hashed, dialect))
    added = insert(_ENTRY).from_select(["seq", *_GIVEN, "hash"], values, include_defaults=False)
    return added.execution_options(preserve_rowcount=True)  # else SQLAlchemy does not keep it of an INSERT


@cache
def entry_insert(dialect: str, condition: ColumnElement[bool] | None = None) -> Insert:
    """`insert_behind` the last entry. It adds no row where there is no head, or where `condition` does not hold."""
    head = select(AuditHead.seq, AuditHead.hash).where(AuditHead.id == 1).with_for_update()
    if condition is not None:
        head = head.where(condition)
    return insert_behind(head.subquery("head"), dialect)


@cache
def numbered_insert(dialect: str) -> ReturningInsert[tuple[int]]:
    """The same, which gives the number of the entry; no row where there is no head."""
    return entry_insert(dialect).returning(_ENTRY.c.seq)


def _sha256(text: ColumnElement[str], dialect: str) -> ColumnElement[str]:
    """In hex, of the same text as `chain.hash_of`."""
    if dialect == "postgresql":
        return func.encode(func.sha256(func.convert_to(text, "UTF8")), "hex")
    return func.credstore_sha256(text)  # of `sqlite_engine`
