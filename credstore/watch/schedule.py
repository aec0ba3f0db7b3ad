"""When all credentials are tested: each time that the interval is over, and again where a run was interrupted."""

import logging
from datetime import datetime, timedelta

from sqlalchemy import select, update

from credstore.database import AnySession, write_transaction
from credstore.errors import CredstoreError, NotFound, NotTestable, RunActive
from credstore.notice_models import Watcher
from credstore.vault import Vault

STARTED_BY = "schedule"  # as whoever started a run is shown
_log = logging.getLogger(__name__)


class Schedule:
    """The schedule of the process that holds the lease. Its state is in the database, so that a restart keeps it."""

    def __init__(self, session: AnySession, vault: Vault, every: timedelta) -> None:
        self._session = session
        self._vault = vault
        self._every = every
        self._refused = ""

    def next_run(self, now: datetime) -> str | None:
        """The id of a run to carry out now: a new one, or one whose process is gone. None where there is none."""
        row = self._session.execute(select(Watcher.started_at, Watcher.run_id).where(Watcher.id == 1)).one()
        state = self._state(row.run_id)
        if state == "running":
            return None
        if state == "interrupted" and (taken_over := self._vault.take_over_run()):
            return taken_over
        if row.started_at is not None and timedelta(0) <= now - row.started_at < self._every:
            return None
        return self._start(now)

    def _state(self, run_id: str | None) -> str:
        try:
            return self._vault.run(run_id).state if run_id else ""
        except NotFound:
            return ""

    def _start(self, now: datetime) -> str | None:
        run_id: str | None = None
        try:
            run_id = self._vault.start_run(started_by=STARTED_BY)
        except RunActive:
            return None  # it is tried again after that one
        except NotTestable:
            pass  # nothing is stored that could be tested
        except CredstoreError as refusal:
            self._log_once(refusal.sentence)
            return None
        self._refused = ""
        with write_transaction(self._session):
            noted = update(Watcher).where(Watcher.id == 1).values(started_at=now, run_id=run_id)
            self._session.execute(noted.execution_options(synchronize_session=False))
        return run_id

    def _log_once(self, sentence: str) -> None:
        if sentence != self._refused:
            _log.warning("the scheduled tests did not start: %s", sentence)
        self._refused = sentence
