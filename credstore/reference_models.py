"""The tables of references, which say who uses a credential, and of changes, which tell them what became of it."""

from datetime import datetime

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from credstore.models import Model, utc_now

CONSUMER_LENGTH = NODE_LENGTH = LABEL_LENGTH = 200  # characters
LINK_LENGTH = 2000


class CredentialReference(Model):
    """A node of a consumer that uses a credential, by the credential's `public_id`, deleted ones included.

    `registered`: the consumer said so; otherwise only a use was seen. An id is never given a second time.
    """

    __tablename__ = "credential_reference"
    __table_args__ = (
        Index("ix_credential_reference_uses", "public_id", "consumer", "node", unique=True),
        Index("ix_credential_reference_consumer", "consumer", "id"),
        # Uses that were seen and not repeated are forgotten after a while.
        Index(
            "ix_credential_reference_seen",
            "last_used_at",
            sqlite_where=text("NOT registered"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(36))
    consumer: Mapped[str] = mapped_column(String(CONSUMER_LENGTH))
    node: Mapped[str] = mapped_column(String(NODE_LENGTH))
    label: Mapped[str] = mapped_column(String(LABEL_LENGTH), default="")
    link: Mapped[str] = mapped_column(String(LINK_LENGTH), default="")
    registered: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    last_used_at: Mapped[datetime | None]


class CredentialChange(Model):
    """What became of a credential. Triggers write all but moves: `migrations/ddl_0015.py`.

    `position` is the place in the feed. It is given when somebody reads the feed, to what is committed by then; see
    `vault/changes.py`. `moved_to` is the `public_id` of the credential that references were moved to.
    """

    __tablename__ = "credential_change"
    __table_args__ = (
        Index("ix_credential_change_position", "position", unique=True),
        Index(
            "ix_credential_change_new",
            "id",
            sqlite_where=text("position IS NULL"),
        ),
        Index("ix_credential_change_changed_at", "changed_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int | None]
    action: Mapped[str] = mapped_column(String(10))
    public_id: Mapped[str] = mapped_column(String(36))
    moved_to: Mapped[str | None] = mapped_column(String(36))
    changed_at: Mapped[datetime]
