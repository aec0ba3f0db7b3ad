"""The tables of notices: what was told of a credential, what waits to be sent, and which process watches."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from credstore.models import Model


class WatchedCredential(Model):
    """What was last noted of a credential, so that each change is told once. No row: nothing was.

    `red_since`: since when its tests fail, with the outcome `outcome`; empty while they do not. `expiry_told` is the
    date of expiry that a notice was about: another date makes another notice.
    """

    __tablename__ = "watched_credential"

    public_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    red_since: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(20), default="")
    expiry_told: Mapped[datetime | None]


class Notice(Model):
    """One change that is not part of a message yet. `event` is failed, recovered or expires.

    `outcome` and `before` are outcomes of tests, `reason` the sentence of the later one.
    """

    __tablename__ = "notice"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(36), index=True)
    event: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(40))
    outcome: Mapped[str] = mapped_column(String(20), default="")
    before: Mapped[str] = mapped_column(String(20), default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    happened_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]


class NoticeDelivery(Model):
    """One message on its way by one channel, "webhook" or "mail". The row goes when the receiver has taken it.

    `next_at` is when it is tried next; whoever tries it first moves that moment on, so that nobody else does too.
    `message` is its content as JSON, the same for every try. `given_up_at`: it was tried often enough; `message` is
    then empty, `changes` and `problem` say what was lost and why.
    """

    __tablename__ = "notice_delivery"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    channel: Mapped[str] = mapped_column(String(10))
    made_at: Mapped[datetime]
    next_at: Mapped[datetime] = mapped_column(index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    changes: Mapped[int]
    message: Mapped[str] = mapped_column(Text)
    problem: Mapped[str] = mapped_column(Text, default="")
    given_up_at: Mapped[datetime | None]


class Watcher(Model):
    """Which process tests on a schedule and sends notices: one row, with the id 1. It is free again at `until`.

    `started_at` is when the last scheduled run began, `run_id` is that run.
    """

    __tablename__ = "watcher"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    holder: Mapped[str] = mapped_column(String(36))
    until: Mapped[datetime]
    started_at: Mapped[datetime | None]
    run_id: Mapped[str | None] = mapped_column(String(36))
