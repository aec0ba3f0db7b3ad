"""Runs that test many credentials. Any process can cancel a run; `run_reading` reads its progress.

Which process tests what, `run_claims` says.

"Testing" is never stored as a state: when a server stops in the middle of a run, the rest of its items stay untested,
and the heartbeat of the run stops, until another server goes on with it.
"""

import logging
import uuid
from collections.abc import Callable, Iterable
from datetime import timedelta

from sqlalchemy import delete, exists, insert, or_, select, update

from credstore import metrics
from credstore.audit import Act, record
from credstore.database import RUNS, take_turns, write_transaction
from credstore.database import insert as insert_or_update
from credstore.errors import CredstoreError, NotFound, NotTestable, RunActive, StorageError, TestsBusy
from credstore.models import utc_now
from credstore.probe import Outcome
from credstore.run_models import TestRun, TestRunCount, TestRunItem
from credstore.vault.credential_test import CredentialTests
from credstore.vault.list_filters import ListFilters
from credstore.vault.run_records import DELETED, Group
from credstore.vault.run_under_way import active_conditions
from credstore.vault.store import CredentialStore
from credstore.vault.testable import EVERYTHING, Testable, scope_in_words

# The newest runs are always kept. Older ones are kept for some time, unless they are large.
KEPT_ALWAYS = 20
KEPT_RUNS = 200
KEPT_FOR = timedelta(days=90)
LARGE_RUN = 1000  # credentials
MAX_SCOPE = 400  # characters
_log = logging.getLogger(__name__)


class TestRuns:
    """Plans runs and records their progress; `tests` tests the single credentials."""

    __test__ = False  # no test class, whatever its name

    def __init__(self, store: CredentialStore, tests: CredentialTests) -> None:
        self._store = store
        self._tests = tests
        self._testable = Testable(store)

    def start_run(
        self,
        public_ids: Iterable[str] | None = None,
        filters: ListFilters = EVERYTHING,
        *,
        started_by: str = "",
        scope: str = "",
    ) -> str:
        """Plan a run over these credentials, or over all that match; returns its id. Nothing is tested yet.

        What cannot be tested is left out. `scope` says in words what it covers, where the filters do not.
        Raises Locked, NotTestable (nothing is left), RunActive.
        """
        self._store.require_unlocked()
        chosen = self._testable.list_testable(public_ids, filters)
        if not chosen:
            raise NotTestable("None of these credentials can be tested.")
        run_id, moment = str(uuid.uuid4()), utc_now()
        with write_transaction(self._store.session):
            take_turns(self._store.session, RUNS)
            if self._store.session.scalar(select(TestRun.id).where(*active_conditions())):
                raise RunActive("A test run is under way. Wait for its end, or cancel it.")
            self._delete_old_runs()
            words = scope or (scope_in_words(filters) if public_ids is None else "Selected credentials")
            facts = {"started_by": started_by[:150], "scope": words[:MAX_SCOPE], "total": len(chosen)}
            self._store.session.execute(
                insert(TestRun).values(id=run_id, started_at=moment, heartbeat_at=moment, cancelled=False, **facts)
            )
            new = {"run_id": run_id, "outcome": "", "reason": "", "rank": int(Group.UNTESTED)}
            rows = [
                new | {"position": place, "public_id": public_id, "name": name}
                for place, (public_id, name) in enumerate(chosen)
            ]
            self._store.session.execute(insert(TestRunItem), rows)
            record(self._store.session, Act.RUN, result=f"run {run_id}", count=len(rows))
        metrics.count("runs")
        return run_id

    def cancel_run(self, run_id: str) -> None:
        """Ask a run to stop after the tests that are under way. Safe to repeat; an ended one stays as it ended."""
        with write_transaction(self._store.session):
            under_way = (TestRun.id == run_id, TestRun.ended_at.is_(None), TestRun.cancelled.is_(False))
            done = self._store.session.execute(update(TestRun).where(*under_way).values(cancelled=True))
            if done.rowcount:  # type: ignore[attr-defined]
                record(self._store.session, Act.CANCEL_RUN, result=f"run {run_id}")

    def test_item(self, run_id: str, position: int, public_id: str, wait: Callable[[], None]) -> bool:
        """Test one credential of a run and note the result; `wait` is called while all places are taken.

        Returns False, and tests nothing, once the run is cancelled or gone. Raises StorageError: that is no result.
        """
        while self._heartbeat(run_id):
            try:
                found = self._tests.test(public_id).verdict
                outcome, reason = found.outcome.value, found.reason
            except TestsBusy:
                wait()
                continue
            except NotFound as gone:
                outcome, reason = DELETED, gone.sentence
            except StorageError:
                raise
            except CredstoreError as refusal:
                outcome, reason = Outcome.CANNOT_TELL.value, refusal.sentence
            except Exception as mistake:  # else the item would be tested again and again
                _log.error("a test of a run failed: %s", type(mistake).__name__)
                outcome, reason = Outcome.CANNOT_TELL.value, "credstore made a mistake in this test; see its log."
            self._note(run_id, position, outcome, reason)
            return True
        return False

    def _note(self, run_id: str, position: int, outcome: str, reason: str) -> None:
        """Store the result of an item, once, and count it."""
        session = self._store.session
        with write_transaction(session):
            changed = session.execute(
                update(TestRunItem)
                .where(TestRunItem.run_id == run_id, TestRunItem.position == position, TestRunItem.outcome == "")
                .values(outcome=outcome, reason=reason, rank=int(Group.of(outcome)))
            )
            if changed.rowcount:  # type: ignore[attr-defined]  # else it was counted, or its run was deleted
                count = insert_or_update(session, TestRunCount).values(run_id=run_id, outcome=outcome, total=1)
                one_more = {"total": TestRunCount.total + 1}
                session.execute(count.on_conflict_do_update(index_elements=["run_id", "outcome"], set_=one_more))

    def end_run(self, run_id: str) -> None:
        """Note that a run ended. One whose items are not all tested stays open, unless it was cancelled."""
        untested = exists().where(TestRunItem.run_id == run_id, TestRunItem.rank == int(Group.UNTESTED))
        ended = or_(TestRun.cancelled, ~untested)
        with write_transaction(self._store.session):
            self._store.session.execute(
                update(TestRun)
                .where(TestRun.id == run_id, TestRun.ended_at.is_(None), ended)
                .values(ended_at=utc_now())
            )

    def _heartbeat(self, run_id: str) -> bool:
        with write_transaction(self._store.session):
            alive = (
                update(TestRun).where(TestRun.id == run_id, TestRun.cancelled.is_(False)).values(heartbeat_at=utc_now())
            )
            return self._store.session.scalar(alive.returning(TestRun.id)) is not None

    def _delete_old_runs(self) -> None:
        newest = select(TestRun.id, TestRun.started_at, TestRun.total).order_by(TestRun.started_at.desc())
        oldest = utc_now() - KEPT_FOR
        old = [
            run.id
            for place, run in enumerate(self._store.session.execute(newest))
            if place >= KEPT_ALWAYS and (place >= KEPT_RUNS or run.started_at < oldest or run.total > LARGE_RUN)
        ]
        if old:
            self._store.session.execute(delete(TestRun).where(TestRun.id.in_(old)))
