"""The tables of the audit log. Triggers of migration 0013 refuse every change but a new entry at the end."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from credstore.models import Model

SEQUENCE = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers its rows by INTEGER only


class AuditEntry(Model):
    """One act. `hash` is the SHA-256 of the hash before it and of all other columns; see `audit/chain.py`.

    `count` is how many credentials the act was about. Where it was one, its id and type are here; where there were
    more, `items` has their ids, separated by spaces. No column ever holds a value of a secret, nor the name of a
    credential: people paste keys there, and an entry can never be changed. Names are looked up when they are shown.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_at", "at", "seq"),
        Index("ix_audit_entry_act", "act", "seq"),
        Index("ix_audit_entry_actor", "actor", "seq"),
        Index("ix_audit_entry_actor_act", "actor", "act", "seq"),
        Index("ix_audit_entry_credential_id", "credential_id", "seq"),
    )

    seq: Mapped[int] = mapped_column(SEQUENCE, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(150))
    act: Mapped[str] = mapped_column(String(40))
    credential_id: Mapped[str] = mapped_column(String(36))
    kind: Mapped[str] = mapped_column(String(40))
    result: Mapped[str] = mapped_column(String(200))
    address: Mapped[str] = mapped_column(String(45))
    count: Mapped[int]
    items: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(String(64))


class AuditItem(Model):
    """Finds the entries about many credentials by the id of one. It proves nothing: the entry itself has the ids."""

    __tablename__ = "audit_item"
    __table_args__ = (Index("ix_audit_item_seq", "seq"),)

    public_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    seq: Mapped[int] = mapped_column(SEQUENCE, primary_key=True, autoincrement=False)


class AuditHead(Model):
    """One row, with the id 1: the last entry, and the last one of those that were removed when their time was over."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(SEQUENCE)
    hash: Mapped[str] = mapped_column(String(64))
    removed_seq: Mapped[int] = mapped_column(SEQUENCE)
    removed_hash: Mapped[str] = mapped_column(String(64))
