"""Stores a new credential with its entry of the audit log, on PostgreSQL in one trip: a create is done often."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import CTE, Connection, Insert, Integer, Select, bindparam, exc, func, insert, literal_column, select

from credstore.audit.acts import Act
from credstore.audit.chain import text_behind_seq
from credstore.audit.entry_insert import entry_values, insert_behind
from credstore.audit.recording import Subject, entry_of, insert_entry, unwritable
from credstore.audit_model import AuditHead
from credstore.block_counts import BLOCK_SIZE
from credstore.database import AnySession
from credstore.models import Credential, CredentialCount, CredentialStatusCount

_TABLE: Any = Credential.__table__
_ROW_INSERT = insert(_TABLE)


def is_one_statement(session: AnySession) -> bool:
    """Whether `insert_recorded` sends one statement, which needs no BEGIN and COMMIT around it."""
    return session.get_bind().dialect.name == "postgresql"


def insert_recorded(connection: Connection, values: Mapping[str, Any], act: Act, subject: Subject) -> None:
    """As the last statement of a `statement_transaction`: insert a credential, and add an entry.

    Raises IntegrityError for the row, AuditUnwritable for the entry; then neither is stored.
    """
    entry = entry_of(act, None, {**subject.columns(), "result": "", "count": 1})
    if connection.dialect.name != "postgresql":
        connection.execute(_ROW_INSERT, values)
        insert_entry(connection, entry)
        return
    given = entry_values(entry, text_behind_seq(entry))
    try:
        done = connection.execute(_statement(), given | {f"row_{name}": value for name, value in values.items()})
    except exc.IntegrityError:
        raise
    except exc.DBAPIError:
        raise unwritable() from None
    if not done.rowcount:
        raise unwritable()


@cache
def _statement() -> Insert:
    """The row first, then the lock of the head, as `record` does it: the other order could deadlock with it.

    Without a head there is no row either: the statement is a transaction by itself.
    """
    names = [column.name for column in _TABLE.c if column.name != "id"]
    row = select(*(bindparam(f"row_{name}", type_=_TABLE.c[name].type) for name in names)).where(AuditHead.id == 1)
    stored = insert(_TABLE).from_select(names, row, include_defaults=False)
    made = stored.returning(_TABLE.c.id).cte("made")
    before = _lock_counts(made).cte("before")
    lock = select(AuditHead.seq, AuditHead.hash).join_from(AuditHead, before, before.c.locked >= 0)
    locked = lock.where(AuditHead.id == 1).with_for_update(of=AuditHead)
    return insert_behind(locked.cte("head"), "postgresql")


def _lock_counts(made: CTE) -> Select[int]:
    """One row, when the counts that the row made here belongs to are locked, in the order of the triggers.

    Triggers change counts when the whole statement ends. In every other transaction that is before the head is locked,
    so that without this two of them would wait for each other.
    """
    of_block = select(CredentialCount.block).join_from(
        CredentialCount, made, CredentialCount.block == made.c.id // literal_column(str(BLOCK_SIZE), Integer)
    )
    block = of_block.where(CredentialCount.kind == bindparam("row_kind")).with_for_update(of=CredentialCount)
    blocks = select(func.count().label("locked")).select_from(block.subquery("block")).cte("blocks")
    of_status = select(CredentialStatusCount.kind).join_from(CredentialStatusCount, blocks, blocks.c.locked >= 0)
    status = of_status.where(
        CredentialStatusCount.kind == bindparam("row_kind"), CredentialStatusCount.status == bindparam("row_status")
    ).with_for_update(of=CredentialStatusCount)
    return select(func.count().label("locked")).select_from(status.subquery("status"))
