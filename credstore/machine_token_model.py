"""The table of machine tokens: what programs send to the JSON API. No row holds a token, only its hash."""

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from credstore.models import Model, utc_now


class MachineTokenRow(Model):
    """`prefix` is the beginning of the token, to tell it from others; `scopes` are separated by spaces.

    `public_key` is the raw X25519 key (32 bytes) that values are encrypted to. `created_by` is the name of the
    administrator, "" for the command line.
    """

    __tablename__ = "machine_token"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    prefix: Mapped[str] = mapped_column(String(12))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)  # a SHA-256
    scopes: Mapped[str] = mapped_column(String(100))
    public_key: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    created_by: Mapped[str] = mapped_column(String(150), default="")
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
