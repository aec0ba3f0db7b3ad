"""The messages that wait in the database: made of the changes that were noted, claimed, done, tried again or given up.

A change is either noted or part of one message for each channel, never both: one transaction moves it. A message keeps
its id and its text for all tries, so that a receiver can tell a repetition. What a process leaves behind when it is
killed, the next one sends.
"""

import json
import logging
import uuid
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from credstore import metrics
from credstore.database import AnySession, write_transaction
from credstore.notice_models import Notice, NoticeDelivery
from credstore.notices.message import MOST_CHANGES, Change, compose

CLAIM = timedelta(minutes=2)  # longer than one try may take
# After the first try and each later one; then the message is given up.
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (30, 120, 600, 3_600, 21_600))
KEPT_GIVEN_UP = timedelta(days=30)
_COLUMNS = (
    Notice.event,
    Notice.public_id,
    Notice.name,
    Notice.kind,
    Notice.outcome,
    Notice.before,
    Notice.reason,
    Notice.happened_at,
    Notice.expires_at,
)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A message that this process sends now. `attempts` counts this try."""

    delivery: str
    channel: str
    message: dict[str, Any]
    attempts: int
    changes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What is not sent: changes that are noted, messages that are tried again, changes of messages given up."""

    noted: int
    messages: int
    given_up: int
    problem: str


def oldest_and_newest_change(session: AnySession) -> tuple[datetime, datetime] | None:
    """When the oldest and the newest of the noted changes happened; None where there are none."""
    moments = select(Notice.happened_at).limit(1)
    oldest = session.scalar(moments.order_by(Notice.id))
    newest = session.scalar(moments.order_by(Notice.id.desc()))
    return (oldest, newest) if oldest and newest else None


def make_messages(session: AnySession, channels: Collection[str], now: datetime) -> None:
    """Put all noted changes into one message for each channel."""
    with write_transaction(session):
        rows = session.execute(delete(Notice).returning(*_COLUMNS).execution_options(synchronize_session=False))
        counts: Counter[str] = Counter()
        kept: dict[str, list[Change]] = {}
        for row in rows:
            counts[row.event] += 1
            same = kept.setdefault(row.event, [])
            if len(same) < MOST_CHANGES:
                same.append(Change(**row._mapping))
        if not counts:
            return
        changes = [change for same in kept.values() for change in same]
        for channel in channels:
            delivery = str(uuid.uuid4())
            text = json.dumps(compose(delivery, changes, counts), ensure_ascii=False)
            values = {"id": delivery, "channel": channel, "message": text, "changes": counts.total()}
            session.execute(insert(NoticeDelivery).values(made_at=now, next_at=now, attempts=0, problem="", **values))


def claim(session: AnySession, now: datetime) -> Claimed | None:
    """The next message whose time has come; no other process gets it before CLAIM is over. None where there is none."""
    due = (
        select(NoticeDelivery.id, NoticeDelivery.next_at)
        .where(NoticeDelivery.next_at <= now, NoticeDelivery.given_up_at.is_(None))
        .order_by(NoticeDelivery.next_at)
        .limit(1)
    )
    while found := session.execute(due).first():
        mine = (
            update(NoticeDelivery)
            .where(NoticeDelivery.id == found.id, NoticeDelivery.next_at == found.next_at)
            .values(next_at=now + CLAIM, attempts=NoticeDelivery.attempts + 1)
            .returning(NoticeDelivery.channel, NoticeDelivery.message, NoticeDelivery.attempts, NoticeDelivery.changes)
            .execution_options(synchronize_session=False)
        )
        with write_transaction(session):
            row = session.execute(mine).first()
        if row is not None:
            message = json.loads(row.message)
            return Claimed(
                delivery=found.id, channel=row.channel, message=message, attempts=row.attempts, changes=row.changes
            )
    return None


def done(session: AnySession, sent: Claimed) -> None:
    """The receiver has taken it."""
    with write_transaction(session):
        session.execute(
            delete(NoticeDelivery)
            .where(NoticeDelivery.id == sent.delivery)
            .execution_options(synchronize_session=False)
        )
    metrics.count("notices", sent.channel, "sent")
    _log.info("notice sent: %s, changes: %d", sent.channel, sent.changes, extra={"event": "notice sent"})


def failed(session: AnySession, tried: Claimed, problem: str, now: datetime) -> None:
    """It was not taken, for the reason in the sentence `problem`: try again later, or give up."""
    values: dict[str, Any] = {"problem": problem}
    again = tried.attempts <= len(PAUSES)
    metrics.count("notices", tried.channel, "failed" if again else "given-up")
    if again:
        values["next_at"] = now + PAUSES[tried.attempts - 1]
        _log.warning("notice not sent: %s, try %d: %s", tried.channel, tried.attempts, problem)
    else:
        values |= {"given_up_at": now, "message": ""}  # the names in it must not outlive their credentials
        _log.error("notice given up: %s, changes: %d: %s", tried.channel, tried.changes, problem)
    with write_transaction(session):
        session.execute(
            update(NoticeDelivery)
            .where(NoticeDelivery.id == tried.delivery)
            .values(**values)
            .execution_options(synchronize_session=False)
        )
        old = delete(NoticeDelivery).where(NoticeDelivery.given_up_at < now - KEPT_GIVEN_UP)
        session.execute(old.execution_options(synchronize_session=False))


def waiting(session: AnySession) -> Waiting:
    """What is not sent, for people. Reads all of it."""
    rows = session.execute(
        select(NoticeDelivery.given_up_at, NoticeDelivery.changes, NoticeDelivery.problem).order_by(
            NoticeDelivery.made_at
        )
    ).all()
    problems = [row.problem for row in rows if row.problem]
    return Waiting(
        noted=session.scalar(select(func.count()).select_from(Notice)) or 0,
        messages=sum(row.given_up_at is None for row in rows),
        given_up=sum(row.changes for row in rows if row.given_up_at),
        problem=problems[-1] if problems else "",
    )
