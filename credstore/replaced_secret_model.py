"""The table of replaced secrets: what a credential held before its secret was replaced, kept for a few hours."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from credstore.models import Model


class ReplacedSecret(Model):
    """The replaced content of a credential, deleted ones included, by the credential's `public_id`; one at the most.

    The columns are those of `CredentialColumns` that make up the content and what is known of it. `sealed` is bound to
    the destination in `public`, so both come back together. The secret is kept until CREDSTORE_KEEP_REPLACED_HOURS
    after `replaced_at`.
    """

    __tablename__ = "replaced_secret"
    __table_args__ = (Index("ix_replaced_secret_key_id", "key_id", "public_id"),)

    public_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    public: Mapped[dict[str, Any]]
    secret_names: Mapped[str] = mapped_column(String(255))
    sealed: Mapped[str] = mapped_column(Text, deferred=True, deferred_raiseload=True)
    key_id: Mapped[str] = mapped_column(String(8))
    fingerprint: Mapped[str | None] = mapped_column(String(64))
    content_version: Mapped[int]
    expires_at: Mapped[datetime | None]
    expiry_from_provider: Mapped[bool]
    verdict: Mapped[dict[str, Any] | None]
    verdict_version: Mapped[int | None]
    verdict_at: Mapped[datetime | None]
    replaced_at: Mapped[datetime] = mapped_column(index=True)
