"""Notes changes in the transaction that stores them, once each: a result that turned red or back, an end that is near.

Nothing is sent here; `notifier` does that later.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, insert, or_, select

from credstore.database import AnySession, write_transaction
from credstore.database import insert as insert_or_update
from credstore.models import Credential
from credstore.notice_models import Notice, WatchedCredential
from credstore.probe import Outcome

# These say nothing of the credential, so that a red one stays red.
UNDECIDED = frozenset({Outcome.CANNOT_TELL, Outcome.PROVIDER_TROUBLE, Outcome.UNTESTED, Outcome.STALE})
LONG_ENDED = timedelta(days=7)  # what ended before is no news
BATCH = 500  # rows of one transaction
AnyRow = Row[*tuple[Any, ...]]
Tested = Row[str, str, str, str, int]
TESTED_COLUMNS = (
    Credential.public_id,
    Credential.name,
    Credential.kind,
    Credential.status,
    Credential.content_version,
)


def note_result(session: AnySession, row: Tested, outcome: Outcome, reason: str, moment: datetime) -> None:
    """Note that a test turned a credential red, or that it is red no more.

    Inside a writing transaction that has locked the credential; `row` has TESTED_COLUMNS from before this result.
    """
    if outcome in UNDECIDED:
        return
    known = session.execute(
        select(WatchedCredential.red_since, WatchedCredential.outcome).where(
            WatchedCredential.public_id == row.public_id
        )
    ).first()
    red, was_red = outcome.mark == "fail", known is not None and known.red_since is not None
    if red == was_red:
        return
    values = {"red_since": moment if red else None, "outcome": outcome.value}
    state = insert_or_update(session, WatchedCredential).values(public_id=row.public_id, **values)
    session.execute(state.on_conflict_do_update(index_elements=["public_id"], set_=values))
    session.execute(
        insert(Notice).values(
            public_id=row.public_id,
            event="failed" if red else "recovered",
            name=row.name,
            kind=row.kind,
            outcome=outcome.value,
            before=known.outcome if known is not None and was_red else row.status,
            reason=reason,
            happened_at=moment,
        )
    )


def note_expiring(session: AnySession, *, days: int, now: datetime) -> int:
    """Note which credentials end within `days`, each date once. Returns how many."""
    noted, new = 0, days
    while new:  # without a new one the rest is noted by another process, or damaged
        with write_transaction(session):
            rows = _ending(session, now, now + timedelta(days=days))
            new = sum(_note_end(session, row, now) for row in rows)
        noted += new
    return noted


def _ending(session: AnySession, now: datetime, until: datetime) -> Sequence[AnyRow]:
    told = WatchedCredential.expiry_told
    statement = (
        select(Credential.public_id, Credential.name, Credential.kind, Credential.expires_at)
        .outerjoin(WatchedCredential, WatchedCredential.public_id == Credential.public_id)
        .where(Credential.expires_at > now - LONG_ENDED, Credential.expires_at <= until)
        .where(or_(told.is_(None), told != Credential.expires_at))
        .order_by(Credential.expires_at)
        .limit(BATCH)
    )
    return session.execute(statement).all()


def _note_end(session: AnySession, row: AnyRow, now: datetime) -> bool:
    """Whether this process noted it; another one may have done so meanwhile."""
    told = {"expiry_told": row.expires_at}
    state = insert_or_update(session, WatchedCredential).values(public_id=row.public_id, outcome="", **told)
    other = or_(WatchedCredential.expiry_told.is_(None), WatchedCredential.expiry_told != row.expires_at)
    first = state.on_conflict_do_update(index_elements=["public_id"], set_=told, where=other)
    if session.scalar(first.returning(WatchedCredential.public_id)) is None:
        return False
    facts = {"public_id": row.public_id, "name": row.name, "kind": row.kind, "expires_at": row.expires_at}
    session.execute(insert(Notice).values(event="expires", outcome="", before="", reason="", happened_at=now, **facts))
    return True
