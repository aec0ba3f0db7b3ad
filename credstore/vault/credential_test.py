"""The use case Test: opens the row, asks its provider, keeps the verdict with the version that it was measured on."""

import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from credstore.credential_types import Kind, by_slug
from credstore.database import writing
from credstore.errors import InvalidFields, NotTestable, TestsBusy, Unreadable
from credstore.models import Credential, PastVerdict, now
from credstore.probe import Outcome, Verdict
from credstore.vault.host_openness import about, known_openness, learn
from credstore.vault.records import Past, Record, record
from credstore.vault.rows import Room, held_by, picked, refuse_moved
from credstore.vault.stored_verdicts import dump, load
from credstore.vault.validation import given, split

HISTORY = 20  # verdicts kept of each credential
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
            kind = _testable(row.kind)
            version = row.version
            try:
                secrets = self._open(row)
            except Unreadable as refusal:
                verdict = _unreadable(refusal)
            else:
                verdict = self._ask(kind, row.public, secrets)
            self._keep(public_id, version, verdict)
        self._tidy()
        self._session.expire_all()
        return record(self._row(public_id), self._ring.key_ids)

    def try_out(
        self, kind_slug: str, values: Mapping[str, str], *, public_id: str = "", remove: Collection[str] = ()
    ) -> Verdict:
        """Test what is in a form, and store nothing.

        `public_id` is the credential being edited: its secrets stand in for fields left blank, but only towards the
        destination that they were sealed with. Raises what `test` and `edit` do.
        """
        if by_slug(kind_slug) is None:
            raise InvalidFields({"type": "Choose a type."})
        kind = _testable(kind_slug)
        if not public_id:
            cleaned = kind.clean(values)
            return self._ask(kind, *split(kind, cleaned))
        row = self._whole_row(public_id)
        kept = held_by(row, kind) - given(kind, values) - set(remove)
        cleaned = kind.clean(values, kept)
        public, secrets = split(kind, cleaned)
        refuse_moved(kind, row, public, kept)
        stored = self._open(row) if kept else {}
        return self._ask(kind, public, picked(stored, kept) | secrets)

    def history(self, public_id: str) -> tuple[Past, ...]:
        """The last tests of a credential, newest first."""
        rows = self._session.execute(
            select(PastVerdict.verdict, PastVerdict.tested_at)
            .where(PastVerdict.public_id == public_id)
            .order_by(PastVerdict.id.desc())
            .limit(HISTORY)
        )
        found = ((load(stored), moment) for stored, moment in rows)
        return tuple(Past(verdict=verdict, tested_at=moment) for verdict, moment in found if verdict)

    def _ask(self, kind: type[Kind], public: Mapping[str, Any], secrets: Mapping[str, str]) -> Verdict:
        asked = about(kind, public)
        known = known_openness(self._session, asked)
        # The provider may take its time; a connection held meanwhile would be missing elsewhere.
        self._session.rollback()
        verdict = self._tester.run(kind.probe({**public, **secrets, "host_openness": known}), kind.unsayable(secrets))
        if verdict.openness != known:
            with writing(self._session):
                learn(self._session, asked, verdict.openness)
        return verdict

    def _keep(self, public_id: str, version: int, verdict: Verdict) -> None:
        moment, stored = now(), dump(verdict)
        # An edit meanwhile has raised `version`: then this verdict is stale from the start, rightly.
        values: dict[str, Any] = {"verdict": stored, "verdict_version": version, "verdict_at": moment}
        with writing(self._session):
            self._set(public_id, values)
            if verdict.expires_at:
                self._set(public_id, {"expires_at": verdict.expires_at, "expiry_told": True}, version)
            self._remember(public_id, version, stored, moment)

    def _set(self, public_id: str, values: dict[str, Any], version: int | None = None) -> None:
        statement = update(Credential).where(Credential.public_id == public_id)
        if version is not None:
            statement = statement.where(Credential.version == version)
        self._session.execute(statement.values(**values).execution_options(synchronize_session=False))

    def _remember(self, public_id: str, version: int, stored: dict[str, Any], moment: datetime) -> None:
        row = {"public_id": public_id, "version": version, "verdict": stored, "tested_at": moment}
        self._session.execute(insert(PastVerdict).values(**row))
        mine = select(PastVerdict.id).where(PastVerdict.public_id == public_id).order_by(PastVerdict.id.desc())
        old = self._session.scalars(mine.offset(HISTORY)).all()
        if old:
            self._session.execute(delete(PastVerdict).where(PastVerdict.id.in_(old)))


def _testable(slug: str) -> type[Kind]:
    kind = by_slug(slug)
    if kind is None or not kind.testable():
        raise NotTestable(f"There is nothing to test for the type {kind.label if kind else slug}.")
    return kind


def _unreadable(refusal: Unreadable) -> Verdict:
    advice = "Edit this credential and enter its secret again."
    return Verdict(outcome=Outcome.UNREADABLE, reason=refusal.sentence, advice=advice)


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
