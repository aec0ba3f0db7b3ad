"""Reads the audit log for its page: filtered, newest first, by key. Every condition has its index."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from credstore.audit_model import AuditEntry, AuditItem
from credstore.database import AnySession

PER_PAGE = 50
LAST_DAY = date(9999, 12, 30)
_SHOWN = tuple(
    getattr(AuditEntry, name)
    for name in ("seq", "at", "actor", "act", "credential_id", "kind", "result", "address", "count")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilters:
    """What the page shows; "" or None: everything. `credentials` are ids."""

    act: str = ""
    actor: str = ""
    credentials: tuple[str, ...] | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEntry:
    """One entry as the page shows it."""

    seq: int
    at: datetime
    actor: str
    act: str
    credential_id: str
    kind: str
    result: str
    address: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """Newest first. `newer` and `older` are the keys of the pages beside it, None where there is none."""

    entries: tuple[ShownEntry, ...]
    newer: int | None
    older: int | None


def read_page(session: AnySession, filters: AuditFilters, *, before: int | None, after: int | None) -> AuditPage:
    """The entries with a number lower than `before`, or the next ones above `after`; else the newest."""
    forward = after is not None
    where = _conditions(session, filters)
    if where is None:
        return AuditPage(entries=(), newer=None, older=None)
    if after is not None:
        where.append(AuditEntry.seq > after)
    elif before is not None:
        where.append(AuditEntry.seq < before)
    found = _found(session, filters.credentials, where, newest_first=not forward)
    more, rows = len(found) > PER_PAGE, found[:PER_PAGE]
    rows = rows[::-1] if forward else rows
    if not rows:
        return AuditPage(entries=(), newer=None, older=None)
    newer = rows[0].seq if (more if forward else before is not None) else None
    older = rows[-1].seq if (True if forward else more) else None
    return AuditPage(entries=tuple(rows), newer=newer, older=older)


def _found(
    session: AnySession, credentials: tuple[str, ...] | None, where: list[ColumnElement[bool]], *, newest_first: bool
) -> list[ShownEntry]:
    """Up to one more than a page. An id is looked for among the entries about one credential, and about many."""
    wanted: Select[Any] = select(*_SHOWN).where(*where)
    sources: list[tuple[Select[Any], Any]] = [(wanted, AuditEntry.seq)]
    if credentials is not None:
        many = wanted.join(AuditItem, AuditItem.seq == AuditEntry.seq)
        sources = [(wanted.where(AuditEntry.credential_id == one), AuditEntry.seq) for one in credentials]
        sources += [(many.where(AuditItem.public_id == one), AuditItem.seq) for one in credentials]
    found: dict[int, ShownEntry] = {}
    for source, key in sources:
        ordered = source.order_by(key.desc() if newest_first else key.asc()).limit(PER_PAGE + 1)
        found |= {row.seq: ShownEntry(**row._mapping) for row in session.connection().execute(ordered)}
    return [found[seq] for seq in sorted(found, reverse=newest_first)][: PER_PAGE + 1]


def _conditions(session: AnySession, filters: AuditFilters) -> list[ColumnElement[bool]] | None:
    """The conditions but for the credential; None where no entry is of these days."""
    where: list[ColumnElement[bool]] = []
    if filters.act:
        where.append(AuditEntry.act == filters.act)
    if filters.actor:
        where.append(AuditEntry.actor == filters.actor)
    if filters.since:
        first = select(AuditEntry.seq).where(AuditEntry.at >= _midnight(filters.since))
        found = session.scalar(first.order_by(AuditEntry.at, AuditEntry.seq).limit(1))
        if found is None:
            return None
        where.append(AuditEntry.seq >= found)
    if filters.until:
        last = select(AuditEntry.seq).where(AuditEntry.at < _midnight(min(filters.until, LAST_DAY) + timedelta(days=1)))
        found = session.scalar(last.order_by(AuditEntry.at.desc(), AuditEntry.seq.desc()).limit(1))
        if found is None:
            return None
        where.append(AuditEntry.seq <= found)
    return where


def _midnight(day: date) -> datetime:
    return datetime.combine(min(day, LAST_DAY), time(), UTC)
