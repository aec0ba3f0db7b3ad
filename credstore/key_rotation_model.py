"""The table of the last change of the encryption key, for the page that shows it."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from credstore.models import Model


class KeyRotation(Model):
    """The last rotation: one row, with the id 1. Nothing depends on it: what is left to do follows from the rows.

    `heartbeat_at` is renewed with each batch; when it is old and `ended_at` is empty, the rotation was interrupted.
    `rotated` rows were encrypted anew, `unreadable` ones do not open with the key that they name.
    """

    __tablename__ = "key_rotation"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    started_at: Mapped[datetime]
    heartbeat_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    rotated: Mapped[int]
    unreadable: Mapped[int]
