"""Stores a new row with its entry of the audit log, on PostgreSQL in one trip: a create is done often."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Insert, Text, bindparam, cast, exc, func, insert, literal, select

from credstore.audit.acts import Act
from credstore.audit.chain import text_behind_seq
from credstore.audit.recording import Subject, entry_of, record, unwritable
from credstore.audit_model import AuditEntry, AuditHead
from credstore.database import AnySession
from credstore.models import Model

_ENTRY: Any = AuditEntry.__table__
_GIVEN = ("at", "actor", "act", "credential_id", "kind", "result", "address", "count", "items")


def insert_recorded(
    session: AnySession, model: type[Model], values: Mapping[str, Any], act: Act, subject: Subject
) -> None:
    """As the last statement of a writing transaction: insert a row of `model`, and add an entry.

    Raises IntegrityError for the row, AuditUnwritable for the entry; then neither is stored.
    """
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        connection.execute(insert(model.__table__), values)  # type: ignore[arg-type]  # typed as any FROM clause
        record(session, act, subject)
        return
    about = {"credential_id": subject.public_id, "kind": subject.kind, "result": "", "count": 1}
    entry = entry_of(act, None, about)
    given = {f"entry_{name}": entry[name] for name in _GIVEN} | {"hashed": text_behind_seq(entry)}
    try:
        done = connection.execute(_statement(model), given | {f"row_{name}": value for name, value in values.items()})
    except exc.IntegrityError:
        raise
    except exc.DBAPIError:
        raise unwritable() from None
    if not done.rowcount:
        raise unwritable()


@cache
def _statement(model: type[Model]) -> Insert:
    """The row first, then the lock of the head, as `record` does it: the other order could deadlock with it."""
    table: Any = model.__table__
    row = {column.name: bindparam(f"row_{column.name}", type_=column.type) for column in table.c if column.name != "id"}
    made = insert(table).values(row).returning(literal(1).label("one")).cte("made")
    lock = select(AuditHead.seq, AuditHead.hash).join_from(AuditHead, made, made.c.one == AuditHead.id)
    head = lock.with_for_update(of=AuditHead).cte("head")
    seq = head.c.seq + 1
    hashed = head.c.hash + literal("\n[") + cast(seq, Text) + literal(",") + bindparam("hashed", type_=Text)
    # `sha256` of PostgreSQL, of the same text as `chain.hash_of`.
    digest = func.encode(func.sha256(func.convert_to(hashed, "UTF8")), "hex")
    given = [bindparam(f"entry_{name}", type_=_ENTRY.c[name].type) for name in _GIVEN]
    return insert(_ENTRY).from_select(["seq", *_GIVEN, "hash"], select(seq, *given, digest), include_defaults=False)
