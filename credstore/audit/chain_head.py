"""The head of the audit log's chain, as one database hands it over to a copy of itself."""

from typing import Any

from sqlalchemy import Connection, Row, select, update

from credstore.audit_model import AuditHead

_COLUMNS = (AuditHead.seq, AuditHead.hash, AuditHead.removed_seq, AuditHead.removed_hash)


def chain_head(connection: Connection) -> Row[*tuple[Any, ...]] | None:
    """The last entry, and the last one that retention has removed; None where the row was deleted."""
    return connection.execute(select(*_COLUMNS).where(AuditHead.id == 1)).first()


def begin_chain(source: Connection, target: Connection) -> None:
    """Let the chain of `target`, which has no entry, begin where the entries of `source` begin; both then come in."""
    if (head := chain_head(source)) is None:
        return  # the copy is refused, since the heads will differ
    begin = {"seq": head.removed_seq, "hash": head.removed_hash}
    kept = {"removed_seq": head.removed_seq, "removed_hash": head.removed_hash}
    target.execute(update(AuditHead).where(AuditHead.id == 1).values(**begin, **kept))
