"""Runs that test many credentials, one after the other. Any process can read the progress of a run and cancel it.

"Testing" is never stored as a state: when a server stops in the middle of a run, the rest of its items stay untested,
and the heartbeat of the run stops.
"""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, insert, select, update

from credstore.credential_types import CREDENTIAL_TYPES
from credstore.database import in_list, write_transaction
from credstore.errors import CredstoreError, NotFound, NotTestable, RunActive, TestsBusy
from credstore.models import Credential, TestRun, TestRunItem, utc_now
from credstore.probe import Outcome
from credstore.vault import list_sql
from credstore.vault.credential_test import CredentialTests
from credstore.vault.list_filters import ListFilters
from credstore.vault.list_search import ListSearch
from credstore.vault.queries import MAX_COUNTED
from credstore.vault.store import CredentialStore

# A run without a heartbeat for so long has lost its process; a test takes far less.
HEARTBEAT_TIMEOUT = timedelta(seconds=60)
KEPT_RUNS = 20
EVERYTHING = ListFilters()
DELETED = "gone"  # the outcome of an item whose credential was deleted meanwhile


@dataclass(frozen=True, slots=True, kw_only=True)
class RunItem:
    """One credential of a run; `outcome` is None until it is tested."""

    public_id: str
    name: str
    outcome: Outcome | None
    reason: str
    done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A run as it stands. `state` is running, done, cancelled or interrupted (its server went away)."""

    run_id: str
    started_at: datetime
    state: str
    items: tuple[RunItem, ...]

    @property
    def done(self) -> int:
        return sum(item.done for item in self.items)


class TestRuns:
    """Plans runs and records their progress; `tests` tests the single credentials."""

    __test__ = False  # no test class, whatever its name

    def __init__(self, store: CredentialStore, tests: CredentialTests) -> None:
        self._store = store
        self._tests = tests
        self._search = ListSearch(store)

    def start_run(self, public_ids: Iterable[str] | None = None, filters: ListFilters = EVERYTHING) -> str:
        """Plan a run over these credentials, or over all that match; returns its id. Nothing is tested yet.

        What cannot be tested is left out. Raises Locked, NotTestable (nothing is left), RunActive.
        """
        self._store.require_unlocked()
        chosen = self.list_testable(public_ids, filters)
        if not chosen:
            raise NotTestable("None of these credentials can be tested.")
        run_id, moment = str(uuid.uuid4()), utc_now()
        with write_transaction(self._store.session):
            if self._store.session.scalar(select(TestRun.id).where(*_active())):
                raise RunActive("A test run is under way. Wait for its end, or cancel it.")
            self._delete_old_runs()
            self._store.session.execute(
                insert(TestRun).values(id=run_id, started_at=moment, heartbeat_at=moment, cancelled=False)
            )
            rows = [
                {"run_id": run_id, "position": place, "public_id": public_id, "name": name, "outcome": "", "reason": ""}
                for place, (public_id, name) in enumerate(chosen)
            ]
            self._store.session.execute(insert(TestRunItem), rows)
        return run_id

    def progress(self, run_id: str) -> Progress:
        """How far a run is. Raises NotFound."""
        run = self._store.session.execute(
            select(TestRun.started_at, TestRun.heartbeat_at, TestRun.ended_at, TestRun.cancelled).where(
                TestRun.id == run_id
            )
        ).one_or_none()
        if run is None:
            raise NotFound("There is no such test run any more.")
        rows = self._store.session.execute(
            select(TestRunItem.public_id, TestRunItem.name, TestRunItem.outcome, TestRunItem.reason)
            .where(TestRunItem.run_id == run_id)
            .order_by(TestRunItem.position)
        )
        items = tuple(
            RunItem(public_id=public_id, name=name, outcome=_outcome(outcome), reason=reason, done=bool(outcome))
            for public_id, name, outcome, reason in rows
        )
        running = run.ended_at is None and run.heartbeat_at > utc_now() - HEARTBEAT_TIMEOUT
        state = "cancelled" if run.cancelled else "running" if running else "done" if run.ended_at else "interrupted"
        return Progress(run_id=run_id, started_at=run.started_at, state=state, items=items)

    def latest_run(self) -> str | None:
        """The id of the newest run, if there is one."""
        return self._store.session.scalar(select(TestRun.id).order_by(TestRun.started_at.desc()).limit(1))

    def cancel_run(self, run_id: str) -> None:
        """Ask a run to stop after the tests that are under way. Safe to repeat; an ended one stays as it ended."""
        with write_transaction(self._store.session):
            self._store.session.execute(
                update(TestRun).where(TestRun.id == run_id, TestRun.ended_at.is_(None)).values(cancelled=True)
            )

    def untested_items(self, run_id: str) -> list[tuple[int, str]]:
        """(position, credential) of what a run has not tested."""
        rows = self._store.session.execute(
            select(TestRunItem.position, TestRunItem.public_id)
            .where(TestRunItem.run_id == run_id, TestRunItem.outcome == "")
            .order_by(TestRunItem.position)
        )
        return [(position, public_id) for position, public_id in rows]

    def test_item(self, run_id: str, position: int, public_id: str, wait: Callable[[], None]) -> bool:
        """Test one credential of a run and note the result; `wait` is called while all places are taken.

        Returns False, and tests nothing, once the run is cancelled or gone.
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
            except CredstoreError as refusal:
                outcome, reason = Outcome.CANNOT_TELL.value, refusal.sentence
            with write_transaction(self._store.session):
                mine = (TestRunItem.run_id == run_id, TestRunItem.position == position)
                self._store.session.execute(update(TestRunItem).where(*mine).values(outcome=outcome, reason=reason))
            return True
        return False

    def end_run(self, run_id: str) -> None:
        with write_transaction(self._store.session):
            self._store.session.execute(update(TestRun).where(TestRun.id == run_id).values(ended_at=utc_now()))

    def _heartbeat(self, run_id: str) -> bool:
        with write_transaction(self._store.session):
            alive = (
                update(TestRun).where(TestRun.id == run_id, TestRun.cancelled.is_(False)).values(heartbeat_at=utc_now())
            )
            return self._store.session.scalar(alive.returning(TestRun.id)) is not None

    def count_testable(self, filters: ListFilters = EVERYTHING) -> tuple[int, bool]:
        """How many credentials a run over all that match would test, and whether there are more: counts to 1,000."""
        slugs = [known.slug for known in CREDENTIAL_TYPES if known.testable]
        counts = list_sql.totals(self._store.session)
        if filters.counted:
            return sum(counts.get(slug, 0) for slug in slugs if filters.kind in {"", slug}), False
        matching = self._search.matching(filters, sum(counts.values()))
        found = matching.first(MAX_COUNTED + 1)
        by_type = matching.counts(found[:MAX_COUNTED])
        return sum(by_type.get(slug, 0) for slug in slugs), len(found) > MAX_COUNTED

    def list_testable(
        self, public_ids: Iterable[str] | None = None, filters: ListFilters = EVERYTHING
    ) -> list[tuple[str, str]]:
        """(id, name) of what a run over these credentials, or over all that match, would test; newest first.

        What matches is what the list shows for the same filters. Reads all of them.
        """
        session = self._store.session
        slugs = {known.slug for known in CREDENTIAL_TYPES if known.testable}
        statement = select(Credential.public_id, Credential.name, Credential.kind)
        if public_ids is not None:
            wanted = in_list(session, Credential.public_id, [found for found in public_ids if "\0" not in found])
            statement = statement.where(wanted)
        if filters != EVERYTHING:
            matching = self._search.matching(filters, sum(list_sql.totals(session).values()))
            statement = statement.where(Credential.id.in_(matching.all()))
        rows = session.execute(statement.order_by(Credential.id.desc()))
        # Types are told apart here: as a condition they would lead SQLite through every row of them.
        return [(public_id, name) for public_id, name, slug in rows if slug in slugs]

    def _delete_old_runs(self) -> None:
        kept = select(TestRun.id).order_by(TestRun.started_at.desc()).limit(KEPT_RUNS)
        old = self._store.session.scalars(select(TestRun.id).where(TestRun.id.not_in(kept))).all()
        if old:
            self._store.session.execute(delete(TestRun).where(TestRun.id.in_(old)))


def _active() -> tuple[ColumnElement[bool], ...]:
    return (
        TestRun.ended_at.is_(None),
        TestRun.cancelled.is_(False),
        TestRun.heartbeat_at > utc_now() - HEARTBEAT_TIMEOUT,
    )


def _outcome(text: str) -> Outcome | None:
    return Outcome(text) if text in set(Outcome) else None
