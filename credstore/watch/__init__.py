"""The thread of a serving process that tests all credentials on a schedule and sends notices.

Every process has one; the one that holds the lease works. What it does is stored first, so that another process goes on
where it was killed.
"""

import logging
import threading
import uuid
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import select

from credstore.audit import SCHEDULE, acting_as
from credstore.background_runner import BackgroundRunner
from credstore.errors import CredstoreError
from credstore.models import db, utc_now
from credstore.notices.notifier import Notifier
from credstore.run_models import TestRun
from credstore.vault import Vault
from credstore.vault.run_under_way import active_conditions
from credstore.watch.lease import hold
from credstore.watch.schedule import Schedule

POLL_SECONDS = 5.0
CHECK_EXPIRY_EVERY = timedelta(hours=1)
_log = logging.getLogger(__name__)


class Watch:
    """`every` is the interval of the scheduled tests; None for none: it then only sends notices."""

    def __init__(
        self, app: Flask, vault: Vault, runner: BackgroundRunner, notifier: Notifier, *, every: timedelta | None
    ) -> None:
        self._app = app
        self._runner = runner
        self._notifier = notifier
        self._schedule = Schedule(db.session, vault, every) if every else None
        self._holder = str(uuid.uuid4())
        self._expiry_checked: datetime | None = None
        self._stopped = threading.Event()
        self._problem = ""

    def start(self) -> threading.Thread:
        """Start the thread, which ends with the process, and return it at once."""
        thread = threading.Thread(target=self._run, name="credstore-watch", daemon=True)
        thread.start()
        return thread

    def stop(self) -> None:
        """End the thread after what it is doing."""
        self._stopped.set()

    def tick(self) -> threading.Thread | None:
        """Do what is due now, where this process holds the lease. Returns the thread of a run that it started."""
        with acting_as(SCHEDULE), self._app.app_context():
            now = utc_now()
            if not hold(db.session, self._holder, now):
                return None
            run_id = self._schedule.next_run(now) if self._schedule else None
            thread = self._runner.start(run_id) if run_id else None
            if self._expiry_checked is None or now - self._expiry_checked >= CHECK_EXPIRY_EVERY:
                self._notifier.note_expiring()
                self._expiry_checked = now
            under_way = db.session.scalar(select(TestRun.id).where(*active_conditions()).limit(1)) is not None
            self._notifier.deliver(wait_for_more=True, under_way=under_way)
            return thread

    def _run(self) -> None:
        while True:
            try:
                self.tick()
                self._problem = ""
            except CredstoreError as refusal:
                self._log_once(refusal.sentence)
            except Exception as failure:  # the thread must outlive what nobody thought of
                self._log_once(f"unexpected {type(failure).__name__}")
            if self._stopped.wait(POLL_SECONDS):
                return

    def _log_once(self, problem: str) -> None:
        if problem != self._problem:
            _log.warning("the watch had a problem and goes on: %s", problem)
        self._problem = problem
