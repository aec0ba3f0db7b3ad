"""Reads runs of many tests: all runs, one with a page of its items, and what one group of it holds."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select, tuple_

from credstore.errors import NotFound
from credstore.models import utc_now
from credstore.probe import Outcome
from credstore.run_models import TestRun, TestRunCount, TestRunItem
from credstore.vault.run_records import Group, ItemKey, Progress, Run, RunItem, RunPage
from credstore.vault.run_under_way import HEARTBEAT_TIMEOUT
from credstore.vault.store import CredentialStore

RUNS_PER_PAGE = 20
ITEMS_PER_PAGE = 50
AnySelect = Select[*tuple[Any, ...]]
AnyRow = Row[*tuple[Any, ...]]
_RUN_COLUMNS = (
    TestRun.id,
    TestRun.started_at,
    TestRun.heartbeat_at,
    TestRun.ended_at,
    TestRun.cancelled,
    TestRun.started_by,
    TestRun.scope,
    TestRun.total,
)
_ITEMS = select(
    TestRunItem.public_id,
    TestRunItem.name,
    TestRunItem.outcome,
    TestRunItem.reason,
    TestRunItem.rank,
    TestRunItem.position,
)


class RunReading:
    """Reads runs and their items. No statement counts items or reads all of them, but for `progress` and `ids_in`."""

    def __init__(self, store: CredentialStore) -> None:
        self._store = store

    def run(self, run_id: str) -> Run:
        """One run without its items. Raises NotFound."""
        found = self._runs(select(*_RUN_COLUMNS).where(TestRun.id == run_id))
        if not found:
            raise NotFound("There is no such test run any more.")
        return found[0]

    def runs(self, number: int = 1) -> tuple[tuple[Run, ...], bool]:
        """A page of all runs, newest first, and whether older ones follow."""
        newest = select(*_RUN_COLUMNS).order_by(TestRun.started_at.desc(), TestRun.id)
        offset = (min(max(number, 1), 1000) - 1) * RUNS_PER_PAGE
        found = self._runs(newest.limit(RUNS_PER_PAGE + 1).offset(offset))
        return tuple(found[:RUNS_PER_PAGE]), len(found) > RUNS_PER_PAGE

    def latest_run(self) -> str | None:
        """The id of the newest run, if there is one."""
        return self._store.session.scalar(select(TestRun.id).order_by(TestRun.started_at.desc()).limit(1))

    def run_page(
        self, run_id: str, group: Group | None = None, start: ItemKey | None = None, limit: int = ITEMS_PER_PAGE
    ) -> RunPage:
        """A run and a page of its items, failures first. Raises NotFound."""
        run = self.run(run_id)
        items = self._items(run_id, group, start, limit + 1)
        if start and not items:  # what was there has moved to another group meanwhile
            start, items = None, self._items(run_id, group, None, limit + 1)
        forward = start is None or start.forward
        more = len(items) > limit
        items = items[:limit] if forward else items[-limit:]
        return RunPage(
            run=run,
            items=tuple(items),
            group=group,
            next_key=ItemKey(items[-1].group, items[-1].position) if items and (more or not forward) else None,
            previous_key=ItemKey(items[0].group, items[0].position, False)
            if start and items and (more or forward)
            else None,
        )

    def ids_in(self, run_id: str, groups: Iterable[Group]) -> list[str]:
        """The ids of all credentials of a run in some groups."""
        ranks = [int(group) for group in groups]
        found = select(TestRunItem.public_id).where(TestRunItem.run_id == run_id, TestRunItem.rank.in_(ranks))
        return list(self._store.session.scalars(found))

    def progress(self, run_id: str) -> Progress:
        """A run with all of its items. Raises NotFound."""
        run = self.run(run_id)
        rows = self._store.session.execute(_ITEMS.where(TestRunItem.run_id == run_id).order_by(TestRunItem.position))
        items = tuple(_item(row) for row in rows)
        return Progress(run_id=run_id, started_at=run.started_at, state=run.state, items=items)

    def _items(self, run_id: str, group: Group | None, start: ItemKey | None, limit: int) -> list[RunItem]:
        """So many items in the order of the page, from its beginning or from a key."""
        statement, forward = _ITEMS.where(TestRunItem.run_id == run_id), start is None or start.forward
        order: Sequence[Any] = (TestRunItem.rank, TestRunItem.position)
        if group is not None:
            order = order[1:]  # SQLite would not seek by the group and by a pair that begins with it
            statement = statement.where(TestRunItem.rank == int(group))
        if start:
            key, place = tuple_(*order), (int(start.group), start.position)[-len(order) :]
            statement = statement.where(key > place if forward else key < place)
        statement = statement.order_by(*(column if forward else column.desc() for column in order)).limit(limit)
        items = [_item(row) for row in self._store.session.execute(statement)]
        return items if forward else items[::-1]

    def _runs(self, statement: AnySelect) -> list[Run]:
        rows = self._store.session.execute(statement).all()
        counts: dict[str, dict[str, int]] = {row.id: {} for row in rows}
        wanted = select(TestRunCount.run_id, TestRunCount.outcome, TestRunCount.total).where(
            TestRunCount.run_id.in_(list(counts))
        )
        for run_id, outcome, total in self._store.session.execute(wanted) if rows else ():
            counts[run_id][outcome] = total
        return [_run(row, counts[row.id]) for row in rows]


def _run(row: AnyRow, counts: dict[str, int]) -> Run:
    return Run(
        run_id=row.id,
        started_at=row.started_at,
        ended_at=row.ended_at,
        state=_state(row.ended_at, row.heartbeat_at, cancelled=row.cancelled),
        started_by=row.started_by,
        scope=row.scope,
        total=row.total,
        counts=counts,
    )


def _state(ended_at: datetime | None, heartbeat_at: datetime, *, cancelled: bool) -> str:
    if cancelled:
        return "cancelled"
    if ended_at:
        return "done"
    return "running" if heartbeat_at > utc_now() - HEARTBEAT_TIMEOUT else "interrupted"


def _item(row: AnyRow) -> RunItem:
    return RunItem(
        public_id=row.public_id,
        name=row.name,
        outcome=Outcome(row.outcome) if row.outcome in set(Outcome) else None,
        reason=row.reason,
        done=bool(row.outcome),
        group=Group(row.rank),
        position=row.position,
    )
