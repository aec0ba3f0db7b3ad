"""The table of invitations: one-time links by which somebody becomes a user. No row holds a link, only its hash."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from credstore.models import Model, utc_now


class Invitation(Model):
    """`role` is what the new user gets; `created_by` is the name of the administrator, "" for the command line."""

    __tablename__ = "invitation"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)  # a SHA-256
    role: Mapped[str] = mapped_column(String(10))
    created_by: Mapped[str] = mapped_column(String(150), default="")
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime]
