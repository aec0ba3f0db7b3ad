"""Adds entries to the audit log, in the transaction of the act, before a secret is handed out.

`record` is the last statement before the commit: on PostgreSQL it locks the head of the chain, so that writers stand in
line only from here to their commit, and none that holds the head waits for anything else.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from sqlalchemy import ColumnElement, Connection, exc, text

from credstore.actor import Actor, current_actor
from credstore.audit.acts import Act
from credstore.audit.chain import text_behind_seq
from credstore.audit.entry_insert import entry_insert, entry_values, numbered_insert
from credstore.database import AnySession, statement_transaction
from credstore.errors import AuditUnwritable
from credstore.models import utc_now

MOST_ITEMS = 10_000  # credentials in one entry
_LENGTHS = {"actor": 150, "act": 40, "credential_id": 36, "kind": 40, "result": 200, "address": 45}
_ITEMS = {
    "sqlite": text("INSERT INTO audit_item (public_id, seq) SELECT value, :seq FROM json_each(:ids)"),
    "postgresql": text(
        "INSERT INTO audit_item (public_id, seq) SELECT value, CAST(:seq AS bigint)"
        " FROM json_array_elements_text(CAST(:ids AS json))"
    ),
}


class Subject(NamedTuple):
    """The credential that an act was about."""

    public_id: str
    kind: str = ""

    def columns(self) -> dict[str, Any]:
        """What an entry has of it."""
        return {"credential_id": self.public_id, "kind": self.kind}


class IdAndKind(Protocol):
    """A row of a credential, or a Subject."""

    @property
    def public_id(self) -> str: ...
    @property
    def kind(self) -> str: ...


def record(
    session: AnySession,
    act: Act,
    subject: Subject | None = None,
    *,
    result: str = "",
    count: int | None = None,
    actor: Actor | None = None,
) -> None:
    """Inside a writing transaction, as its last statement: add an entry. `actor` None: who acts in this context.

    Raises AuditUnwritable, or another StorageError; then the act must not happen.
    """
    about = subject.columns() if subject else {}
    about |= {"result": result, "count": (1 if subject else 0) if count is None else count}
    session.flush()  # everything else comes first
    insert_entry(session.connection(), entry_of(act, actor, about))


class Condition(NamedTuple):
    """What must hold in the database, with its parameters. `clause` is built once: its statement is kept."""

    clause: ColumnElement[bool]
    values: Mapping[str, Any]


def record_alone(
    session: AnySession, act: Act, subject: Subject, *, result: str = "", condition: Condition | None = None
) -> bool:
    """`record` in a transaction of its own, for an act that changes nothing else.

    False, with no entry added, where `condition` does not hold: the same statement asks for it, in the same trip.
    """
    entry = entry_of(act, None, {**subject.columns(), "result": result, "count": 1})
    with statement_transaction(session, single=True) as connection:
        if condition:
            return _insert(connection, entry, condition)
        insert_entry(connection, entry)
        return True


def record_each(
    session: AnySession, act: Act, subjects: Iterable[IdAndKind], *, result: str = "", actor: Actor | None = None
) -> None:
    """`record` for an act about any number of credentials: one entry for all of them, none where there are none."""
    all_ids, kind = list[str](), ""
    for subject in subjects:
        all_ids.append(subject.public_id)
        kind = subject.kind
    if len(all_ids) == 1:
        record(session, act, Subject(all_ids[0], kind), result=result, actor=actor)
        return
    for start in range(0, len(all_ids), MOST_ITEMS):
        ids = all_ids[start : start + MOST_ITEMS]
        entry = entry_of(act, actor, {"result": result, "count": len(ids), "items": " ".join(ids)})
        _append(session, entry, ids)


def _append(session: AnySession, entry: dict[str, Any], ids: Sequence[str]) -> None:
    session.flush()  # everything else comes first
    connection = session.connection()
    dialect = connection.dialect.name
    try:
        added = connection.execute(numbered_insert(dialect), entry_values(entry, text_behind_seq(entry)))
        seq = added.scalar_one_or_none()
        if seq is None:
            raise unwritable()
        sorted_ids = json.dumps(sorted(set(ids)))  # in the order of their index
        connection.execute(_ITEMS[dialect], {"seq": seq, "ids": sorted_ids})
    except exc.DBAPIError:
        raise unwritable() from None


def insert_entry(connection: Connection, entry: dict[str, Any]) -> None:
    """The columns are those of `entry_of`. Raises AuditUnwritable."""
    if not _insert(connection, entry):
        raise unwritable()


def _insert(connection: Connection, entry: dict[str, Any], condition: Condition | None = None) -> bool:
    """Whether there is a head and `condition` holds, so that it was added. Raises AuditUnwritable."""
    clause, values = condition or (None, {})
    statement = entry_insert(connection.dialect.name, clause)
    try:
        done = connection.execute(statement, {**values, **entry_values(entry, text_behind_seq(entry))})
    except exc.DBAPIError:
        raise unwritable() from None
    return bool(done.rowcount)


def entry_of(act: Act, actor: Actor | None, columns: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of an entry but its number and its hash."""
    name, address = actor or current_actor()
    entry: dict[str, Any] = {"credential_id": "", "kind": "", "items": "", **columns}
    entry |= {"at": utc_now(), "actor": name, "act": str(act), "address": address}
    return entry | {column: _fitting(entry[column], length) for column, length in _LENGTHS.items()}


def _fitting(value: str, length: int) -> str:
    return value.replace("\0", "")[:length]


def unwritable() -> AuditUnwritable:
    return AuditUnwritable("The audit log cannot be written, so nothing was done and no secret was used.")
