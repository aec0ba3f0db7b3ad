"""The use case Test: opens the row, asks its provider, keeps the verdict with the version that it was measured on."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import update

from credstore.database import writing
from credstore.errors import NotTestable, TestsBusy, Unreadable
from credstore.kinds import Kind, by_slug
from credstore.models import Credential, now
from credstore.providers.probe import Outcome, Verdict
from credstore.vault.base import Room
from credstore.vault.record import Record, dump, record

_running: set[str] = set()
_running_lock = threading.Lock()


class Testing(Room):
    __test__ = False  # no test class, whatever its name

    def test(self, public_id: str) -> Record:
        """Test a stored credential against the destination that it was sealed with; returns its new record.

        Raises NotFound (also when it was deleted meanwhile), NotTestable, Locked or TestsBusy. All else is a verdict.
        """
        with _one_at_a_time(public_id):
            row = self._whole_row(public_id)
            kind = by_slug(row.kind)
            if kind is None or not kind.testable():
                raise NotTestable(f"There is nothing to test for the type {kind.label if kind else row.kind}.")
            self._require_open()
            version = row.version
            verdict = self._verdict(row, kind)
            with writing(self._session):
                self._session.execute(
                    update(Credential)
                    .where(Credential.public_id == public_id)
                    # An edit meanwhile has raised `version`: then this verdict is stale from the start, rightly.
                    .values(verdict=dump(verdict), verdict_version=version, verdict_at=now())
                    .execution_options(synchronize_session=False)
                )
            self._tidy()
            self._session.expire_all()
            return record(self._row(public_id), self._ring.key_ids)

    def _verdict(self, row: Credential, kind: type[Kind]) -> Verdict:
        try:
            secrets = self._open(row)
        except Unreadable as refusal:
            return Verdict(
                outcome=Outcome.UNREADABLE,
                reason=refusal.sentence,
                advice="Edit this credential and enter its secret again.",
            )
        probe = kind.probe({**row.public, **secrets})
        # The provider may take its time; a connection held meanwhile would be missing elsewhere.
        self._session.rollback()
        return self._tester.run(probe, kind.unsayable(secrets))


@contextmanager
def _one_at_a_time(public_id: str) -> Iterator[None]:
    with _running_lock:
        if public_id in _running:
            raise TestsBusy("This credential is being tested already. Wait for that result.")
        _running.add(public_id)
    try:
        yield
    finally:
        with _running_lock:
            _running.discard(public_id)
