"""Try one completion with a stored key, when a person asks for it: the one request of credstore that may cost."""

from typing import NamedTuple

from sqlalchemy import select, update

from credstore.audit import Act, record
from credstore.credential_types import CredentialType, by_slug
from credstore.credential_types.paste_detection.key_prefixes import owner_of_key
from credstore.database import write_transaction
from credstore.errors import InvalidFields, NotTestable
from credstore.models import Credential, utc_now
from credstore.probe import Completion
from credstore.redaction import foreign_text_redactor
from credstore.tester import MODEL_LENGTH
from credstore.vault.credential_test import CredentialTests, one_at_a_time
from credstore.vault.model_names import load_names
from credstore.vault.records import Record, to_record
from credstore.vault.store import CredentialStore, subject_of
from credstore.vault.stored_verdicts import dump_completion
from credstore.verdict_facts import facts_of


class Tried(NamedTuple):
    """The credential, and the completion; its verdict has the completion unless it was edited or tested meanwhile."""

    record: Record
    completion: Completion


class Completions:
    """Tries completions and reads the names of models to choose from. `tests` does the network part."""

    def __init__(self, store: CredentialStore, tests: CredentialTests) -> None:
        self._store = store
        self._tests = tests

    def model_names(self, record: Record) -> tuple[str, ...]:
        """The names of the models that the last test of this credential found listed."""
        models = record.verdict.models
        return load_names(self._store.session, record.public_id, models) if models else ()

    def try_completion(self, public_id: str, model: str, *, other_limit: bool = False) -> Tried:
        """Ask for one completion of `model`, of one token, where the credential's secret was encrypted for.

        One request. Raises InvalidFields for a name that cannot be one, NotTestable for a credential of another type
        or one whose last test did not reach its server, and NotFound, Locked, Unreadable or TestsBusy.
        """
        with one_at_a_time(public_id):
            row = self._store.row_with_sealed(public_id)
            kind = _completing_type(row.kind)
            if facts_of(to_record(row, self._store.keyring.key_ids).verdict).reached.state != "yes":
                raise NotTestable("Test this credential first: a completion is tried where a test reached the server.")
            tested, public, secrets = row.content_version, row.public, self._store.unseal(row)
            texts, subject = kind.texts_to_redact(secrets), subject_of(row)
            model = _clean_model(model, texts)
            # No audit, no secret. After it no connection is held while the provider takes its time.
            with write_transaction(self._store.session):
                record(self._store.session, Act.COMPLETION, subject)
            probe = kind.completion({**public, **secrets}, model, other_limit=other_limit)
            verdict = self._tests.tester.run(probe, texts)
            completion = Completion(model=model, verdict=verdict, tried_at=utc_now())
            self._store_completion(public_id, tested, completion)
        self._store.session.expire_all()
        return Tried(to_record(self._store.row(public_id), self._store.keyring.key_ids), completion)

    def _store_completion(self, public_id: str, tested: int, completion: Completion) -> None:
        """With the verdict of the same content; after an edit meanwhile it says nothing any more, and is not kept."""
        mine = (Credential.public_id == public_id, Credential.content_version == tested)
        same = (*mine, Credential.verdict_version == tested)
        with write_transaction(self._store.session):
            stored = self._store.session.scalar(select(Credential.verdict).where(*same).with_for_update())
            if stored:
                row = (
                    update(Credential).where(*same).values(verdict=stored | {"completion": dump_completion(completion)})
                )
                self._store.session.execute(row.execution_options(synchronize_session=False))


def _completing_type(slug: str) -> type[CredentialType]:
    kind = by_slug(slug)
    if kind is None or not kind.completes:
        raise NotTestable(f"There is no completion to try for the type {kind.label if kind else slug}.")
    return kind


def _clean_model(text: str, texts: set[str]) -> str:
    """The name as it is sent. Raises InvalidFields; a secret that was pasted here must not be stored or shown."""
    name = text.strip()
    if not name:
        wrong = "Choose a model, or type its name."
    elif len(name) > MODEL_LENGTH:
        wrong = f"Use at most {MODEL_LENGTH} characters."
    elif not name.isprintable():
        wrong = "The name of a model has no line breaks and no characters that cannot be seen."
    elif foreign_text_redactor(texts)(name, len(name)) != name:
        wrong = "This holds a part of the secret of this credential. Type the name of a model."
    elif owner_of_key(name):
        wrong = "This looks like a key. Type the name of a model."
    else:
        return name
    raise InvalidFields({"model": wrong})
