"""Test one credential: decrypt it, ask its provider, store the verdict with the version that it was measured on."""

import logging
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import case, delete, insert, select, update

from credstore import metrics
from credstore.audit import Act, Subject, record
from credstore.credential_types import CredentialType, by_slug
from credstore.database import write_transaction
from credstore.errors import InvalidFields, NotTestable, Tampered, TestsBusy, Unreadable
from credstore.models import Credential, VerdictHistory, utc_now
from credstore.notices.changes import TESTED_COLUMNS, note_result
from credstore.probe import Cause, Knowledge, Outcome, Verdict
from credstore.tester import Tester
from credstore.vault.destination_memory import (
    destination_hash,
    key_fingerprint,
    recall,
    remember,
    sealed_destination_hash,
)
from credstore.vault.details import after_test, detail_of
from credstore.vault.model_names import store_names
from credstore.vault.records import PastVerdict, Record, to_record
from credstore.vault.store import (
    CredentialStore,
    refuse_changed_destination,
    select_secrets,
    stored_secret_names,
    subject_of,
)
from credstore.vault.stored_verdicts import dump_verdict, load_verdict
from credstore.vault.validation import (
    entered_secret_names,
    refuse_secret_in,
    split_public_and_secret,
    with_stored_parts,
)

DRAFT = "draft"  # in the audit log: a test with nothing but what is in a form
HISTORY_LENGTH = 20  # verdicts kept of each credential
_log = logging.getLogger(__name__)
_running: set[str] = set()
_running_lock = threading.Lock()


class CredentialTests:
    """Tests stored credentials and drafts. `tester` does the network part.

    `note_changes`: a credential that turns red, or works again, is noted for a notice.
    """

    __test__ = False  # no test class, whatever its name

    def __init__(self, store: CredentialStore, tester: Tester, *, note_changes: bool = False) -> None:
        self._store = store
        self.tester = tester
        self._note_changes = note_changes

    def test(self, public_id: str) -> Record:
        """Test a stored credential against the destination that it was encrypted for; returns its new record.

        Raises NotFound (also when it was deleted meanwhile), NotTestable, Locked or TestsBusy. All else is a verdict.
        """
        with one_at_a_time(public_id):
            row = self._store.row_with_sealed(public_id)
            kind = testable_type(row.kind)
            tested = row.content_version
            # Read now: the row may be deleted during the test.
            public, detail, subject = row.public, row.detail, subject_of(row)
            try:
                secrets = self._store.unseal(row)
            except Unreadable as refusal:
                verdict = _unreadable(refusal)
            else:
                self._note_use(subject)
                verdict = self._run_probe(kind, public, secrets, stored=True)
                detail = after_test(kind, detail_of(kind, public, secrets), detail, verdict.facts)
            self._store_verdict(subject, tested, verdict, detail)
        event = {"event": "credential tested", "outcome": verdict.outcome.value, "kind": kind.slug}
        _log.info("credential tested: %s, %s", public_id, verdict.outcome.value, extra=event)
        metrics.count("tests", verdict.outcome.value, kind.slug)
        self._store.purge_if_due()
        self._store.session.expire_all()
        return to_record(self._store.row(public_id), self._store.keyring.key_ids)

    def test_draft(
        self, kind_slug: str, values: Mapping[str, str], *, public_id: str = "", remove: Collection[str] = ()
    ) -> Verdict:
        """Test what is in a form, and store nothing.

        `public_id` is the credential being edited: its secrets stand in for fields left blank, but only towards the
        destination that they were encrypted for. Raises what `test` and `edit` do.
        """
        if by_slug(kind_slug) is None:
            raise InvalidFields({"type": "Choose a type."})
        kind = testable_type(kind_slug)
        if not public_id:
            cleaned = kind.clean(values)
            parts = split_public_and_secret(kind, cleaned)
            refuse_secret_in(parts[0], parts[1].values())
            self._note_use(Subject("", kind.slug), DRAFT, count=0)
            return self._run_probe(kind, *parts)
        row = self._store.row_with_sealed(public_id)
        held = stored_secret_names(row, kind)
        values = with_stored_parts(kind, values, held - set(remove), lambda: self._store.unseal(row))
        kept = held - entered_secret_names(kind, values) - set(remove)
        cleaned = kind.clean(values, kept)
        public, secrets = split_public_and_secret(kind, cleaned)
        refuse_secret_in(public, secrets.values())
        refuse_changed_destination(kind, row, public, kept)
        stored = self._store.unseal(row) if kept else {}
        self._note_use(subject_of(row), "with what is in the form" if kept else DRAFT)
        return self._run_probe(kind, public, select_secrets(stored, kept) | secrets)

    def history(self, public_id: str) -> tuple[PastVerdict, ...]:
        """The last tests of a credential, newest first."""
        rows = self._store.session.execute(
            select(VerdictHistory.verdict, VerdictHistory.tested_at)
            .where(VerdictHistory.public_id == public_id)
            .order_by(VerdictHistory.id.desc())
            .limit(HISTORY_LENGTH)
        )
        found = ((load_verdict(stored), moment) for stored, moment in rows)
        return tuple(PastVerdict(verdict=verdict, tested_at=moment) for verdict, moment in found if verdict)

    def _note_use(self, subject: Subject, result: str = "", count: int = 1) -> None:
        """Before a secret is sent: no audit, no secret. Raises StorageError."""
        with write_transaction(self._store.session):
            record(self._store.session, Act.TEST, subject, result=result, count=count)

    def _run_probe(
        self, kind: type[CredentialType], public: Mapping[str, Any], secrets: Mapping[str, str], *, stored: bool = False
    ) -> Verdict:
        """`stored` says that the secrets are those of a stored credential: only then a trace of its key is kept."""
        session, keyring = self._store.session, self._store.keyring
        asked = destination_hash(kind, public) or sealed_destination_hash(kind, keyring, secrets)
        fingerprint = key_fingerprint(kind, keyring, secrets)
        known = recall(session, asked, fingerprint)
        # The provider may take its time; a connection held meanwhile would be missing elsewhere.
        session.rollback()
        known_values = {"host_openness": known.openness, "key_proven": "yes" if known.key_proven else ""}
        verdict = self.tester.run(kind.probe({**public, **secrets, **known_values}), kind.texts_to_redact(secrets))
        if kind.test_uses and verdict.outcome.mark == "pass":
            verdict = replace(verdict, cause=Cause.USED)
        if asked and verdict.openness is not None:
            learned = Knowledge(openness=verdict.openness, key_proven=verdict.key_proven)
            if learned != known or learned != Knowledge():
                with write_transaction(session):
                    remember(session, asked, fingerprint if stored else "", learned)
        return verdict

    def _store_verdict(self, subject: Subject, tested: int, verdict: Verdict, detail: str | None) -> None:
        """`tested` is the content version that was tested; after an edit meanwhile the verdict is stale at once."""
        moment, stored, public_id = utc_now(), dump_verdict(verdict), subject.public_id
        unchanged = Credential.content_version == tested
        status = case((unchanged, verdict.outcome.value), else_=Outcome.STALE.value)
        values: dict[str, Any] = {"verdict": stored, "verdict_version": tested, "verdict_at": moment, "status": status}
        values["detail"] = case((unchanged, detail), else_=Credential.detail)
        if verdict.expires_at:
            values["expires_at"] = case((unchanged, verdict.expires_at), else_=Credential.expires_at)
            values["expiry_from_provider"] = case((unchanged, True), else_=Credential.expiry_from_provider)
        with write_transaction(self._store.session):
            stored_row = select(*TESTED_COLUMNS).where(Credential.public_id == public_id).with_for_update()
            row = self._store.session.execute(stored_row).first()
            if row is None:
                return  # deleted meanwhile: its names and history must not outlive it
            if models := store_names(self._store.session, public_id, tested, verdict):
                stored["models"] = models
            change = update(Credential).where(Credential.public_id == public_id).values(**values)
            self._store.session.execute(change.execution_options(synchronize_session=False))
            if self._note_changes and row.content_version == tested:
                note_result(self._store.session, row, verdict.outcome, verdict.reason, moment)
            self._add_to_history(public_id, tested, stored, moment)
            record(self._store.session, Act.TEST_RESULT, subject, result=verdict.outcome.value)

    def _add_to_history(self, public_id: str, version: int, stored: dict[str, Any], moment: datetime) -> None:
        row = {"public_id": public_id, "version": version, "verdict": stored, "tested_at": moment}
        self._store.session.execute(insert(VerdictHistory).values(**row))
        mine = select(VerdictHistory.id).where(VerdictHistory.public_id == public_id).order_by(VerdictHistory.id.desc())
        old = self._store.session.scalars(mine.offset(HISTORY_LENGTH)).all()
        if old:
            self._store.session.execute(delete(VerdictHistory).where(VerdictHistory.id.in_(old)))


def testable_type(slug: str) -> type[CredentialType]:
    kind = by_slug(slug)
    if kind is None or not kind.testable:
        raise NotTestable(f"There is nothing to test for the type {kind.label if kind else slug}.")
    return kind


def _unreadable(refusal: Unreadable) -> Verdict:
    advice = "Edit this credential and enter its secret again."
    if isinstance(refusal, Tampered):
        advice = f"Find out who changed the database, or what damaged it. {advice}"
    return Verdict(outcome=Outcome.UNREADABLE, reason=refusal.sentence, advice=advice)


@contextmanager
def one_at_a_time(public_id: str) -> Iterator[None]:
    with _running_lock:
        if public_id in _running:
            raise TestsBusy("This credential is being tested already. Wait for that result.")
        _running.add(public_id)
    try:
        yield
    finally:
        with _running_lock:
            _running.discard(public_id)
