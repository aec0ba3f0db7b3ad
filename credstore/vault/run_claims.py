"""Which process tests which item of a run. A process that tests one holds a lease on it, which it renews.

So any number of processes, on any number of hosts, work on one run, and what a killed one held is tested by another.
The clocks of the hosts may differ by a few seconds, not by as much as a lease.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import or_, select, update

from credstore.database import RUNS, in_list, take_turns, write_transaction
from credstore.models import utc_now
from credstore.run_models import TestRun, TestRunItem
from credstore.vault.run_records import Group
from credstore.vault.store import CredentialStore

LEASE = timedelta(seconds=30)  # less than HEARTBEAT_TIMEOUT, so that a run is taken over before it shows as interrupted
# After longer silence people have seen the run as interrupted: it does not begin again by itself.
TAKEN_OVER_WITHIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Claim:
    """`item` is (position, credential), None when there is none to take. `left`: then other processes hold some."""

    item: tuple[int, str] | None
    left: bool


class RunClaims:
    """Claims items of a run, and runs whose process is silent."""

    def __init__(self, store: CredentialStore) -> None:
        self._store = store

    def claim_item(self, run_id: str, held: Collection[int] = ()) -> Claim:
        """Take the next item that nobody tests, or whose lease has run out. Nothing is left of a cancelled run.

        `held` are the positions of what this process tests just now.
        """
        session, now = self._store.session, utc_now()
        untested = (TestRunItem.run_id == run_id, TestRunItem.rank == int(Group.UNTESTED))
        free = or_(TestRunItem.leased_until.is_(None), TestRunItem.leased_until < now)
        # On PostgreSQL two that claim at once do not wait for each other; SQLite has one writer at a time.
        first = select(TestRunItem.position).where(*untested, free).order_by(TestRunItem.position).limit(1)
        claim = (
            update(TestRunItem)
            .where(TestRunItem.run_id == run_id)
            .where(TestRunItem.position == first.with_for_update(skip_locked=True).scalar_subquery())
            .values(leased_until=now + LEASE)
            .returning(TestRunItem.position, TestRunItem.public_id)
        )
        with write_transaction(session):
            if session.scalar(select(TestRun.cancelled).where(TestRun.id == run_id)) is not False:
                return Claim(None, left=False)
            row = session.execute(claim.execution_options(synchronize_session=False)).first()
            if row:
                return Claim((row.position, row.public_id), left=True)
            some = session.scalars(select(TestRunItem.position).where(*untested).limit(len(held) + 1))
            return Claim(None, left=not set(some) <= set(held))

    def renew(self, run_id: str, positions: Collection[int]) -> None:
        """Go on holding these items, and show that the run is under way."""
        session, now = self._store.session, utc_now()
        with write_transaction(session):
            session.execute(update(TestRun).where(TestRun.id == run_id).values(heartbeat_at=now))
            held = in_list(session, TestRunItem.position, list(positions))
            mine = update(TestRunItem).where(TestRunItem.run_id == run_id, TestRunItem.outcome == "", held)
            session.execute(mine.values(leased_until=now + LEASE).execution_options(synchronize_session=False))

    def take_over(self) -> str | None:
        """The newest run, where its processes are silent: the caller is now the one that goes on with it.

        Only one caller gets it. None too where the configured key is not the right one. Raises StorageError.
        """
        session, now = self._store.session, utc_now()
        silent = (
            TestRun.ended_at.is_(None),
            TestRun.cancelled.is_(False),
            TestRun.heartbeat_at < now - LEASE,
            TestRun.heartbeat_at > now - TAKEN_OVER_WITHIN,
        )
        newest = select(TestRun.id).order_by(TestRun.started_at.desc()).limit(1).scalar_subquery()
        found = session.scalar(select(TestRun.id).where(TestRun.id == newest, *silent))
        session.rollback()
        if found is None or self._store.key_state().locked:
            return None
        with write_transaction(session):
            take_turns(session, RUNS)  # a new run may be about to start
            taken = update(TestRun).where(TestRun.id == newest, TestRun.id == found, *silent)
            taken_id: str | None = session.scalar(taken.values(heartbeat_at=now).returning(TestRun.id))
            return taken_id
