"""Stores the candidates of an import in one transaction: all that can be taken, or nothing.

A preview is the same transaction, taken back at its end, so that it says what the import will do.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import islice
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import undefer

from credstore.audit import Act, Subject, record_each
from credstore.credential_types import CredentialType, by_slug
from credstore.credential_types.paste_detection.secret_words import looks_like_a_secret
from credstore.database import in_list, write_transaction
from credstore.errors import Conflict, InvalidFields
from credstore.importing.candidate import Candidate, refuse_broken_text
from credstore.models import Credential, CredentialColumns, DeletedCredential, utc_now
from credstore.probe import Outcome as Status
from credstore.public_ids import new_public_id
from credstore.vault.import_items import ImportItem, Policy, other_owner, untestable
from credstore.vault.import_replacement import replace_content, same_content
from credstore.vault.records import NAME_LENGTH
from credstore.vault.restore_chosen import possible_ids
from credstore.vault.store import CredentialStore
from credstore.vault.validation import ValidEntry, fields_with_a_secret, name_error, validate_entry

BATCH = 200  # candidates
_NEWEST = select(Credential.id).order_by(Credential.id.desc()).limit(1)
_COLUMNS = tuple(CredentialColumns.__annotations__)


class _TakenBack(Exception):
    """Ends the transaction of a preview."""


class ImportAll:
    """One import."""

    def __init__(self, store: CredentialStore, policy: Policy) -> None:
        self._store = store
        self._policy = policy
        self._newest = 0  # the highest id before the first one of ours
        self._replaced = set[int]()
        self._stored_ids: list[str] = []
        self._numbers = dict[str, int]()  # by name, the next number to try: a file may have a name a thousand times

    def run(self, candidates: Iterable[Candidate], *, dry_run: bool, tell: Callable[[ImportItem], None]) -> None:
        """Store them, and tell what became of each. With `dry_run` nothing is stored.

        Raises Locked, Conflict or FileRefused, and whatever reading the candidates raises; then nothing is stored.
        """
        self._store.require_unlocked()
        remaining = map(refuse_broken_text, candidates)
        try:
            with write_transaction(self._store.session, bulk=True):
                self._store.register_key()
                self._newest = self._store.session.scalar(_NEWEST) or 0
                while batch := list(islice(remaining, BATCH)):
                    for item in self._import_batch(batch):
                        tell(item)
                if dry_run:
                    raise _TakenBack
                record_each(self._store.session, Act.IMPORT, [Subject(one) for one in self._stored_ids])
        except _TakenBack:
            pass
        except IntegrityError:
            raise Conflict("Somebody else stored a credential meanwhile. Nothing was imported; try again.") from None
        finally:
            self._store.session.expunge_all()
        self._store.purge_if_due()

    def token_of(self, format_name: str, content: bytes) -> str:
        """A keyed hash of this file, read in this format, with this policy. It reveals nothing of the file."""
        about = f"import {format_name} {self._policy} {sha256(content).hexdigest()}"
        return self._store.keyring.fingerprint(about)

    def _import_batch(self, batch: Sequence[Candidate]) -> Iterator[ImportItem]:
        entries = [_validated(candidate) for candidate in batch]
        keys = [entry.name.casefold() for entry, _ in entries if entry]
        stored = self._stored(keys)
        used = self._used_ids([one.original.public_id for one in batch if one.original])
        new: list[dict[str, Any]] = []
        for candidate, (entry, why) in zip(batch, entries, strict=True):
            kind = by_slug(candidate.kind)
            if entry is None or kind is None:
                yield _item(candidate, _shown_name(candidate), "skipped", why)
                continue
            name, outcome, note = self._decide(candidate, kind, entry, stored)
            if outcome in {"new", "renamed"}:
                row = self._new_row(candidate, kind, entry, name, used)
                stored[name.casefold()] = row
                new.append({column: getattr(row, column) for column in _COLUMNS})
                self._stored_ids.append(row.public_id)
            yield _item(candidate, name, outcome, note)
        if new:
            self._store.session.connection().execute(insert(Credential.__table__), new)  # type: ignore[arg-type]

    def _decide(
        self, candidate: Candidate, kind: type[CredentialType], entry: ValidEntry, stored: dict[str, Credential]
    ) -> tuple[str, Any, str]:
        """The name, the outcome and the sentence on it; a replacement is done."""
        row = stored.get(entry.name.casefold())
        notes = (candidate.note, other_owner(kind, entry.public | entry.secrets), untestable(kind, entry.secrets))
        note = " ".join(filter(None, notes))
        if row is None:
            return entry.name, "new", note
        if same_content(self._store, row, kind, entry):
            return entry.name, "skipped", "It is stored already, with the same values."
        if self._policy == "rename":
            name = self._free_name(entry.name, stored)
            return name, "renamed", f"“{entry.name}” is in use. {note}".strip()
        if self._policy == "skip":
            return entry.name, "skipped", "Another credential has this name."
        if row.id is None or row.id > self._newest or row.id in self._replaced:
            return entry.name, "skipped", "The file has this name twice."
        if row.kind != kind.slug:
            return entry.name, "skipped", "The credential of this name has another type."
        replace_content(self._store, row, kind, entry)
        self._replaced.add(row.id)
        self._stored_ids.append(row.public_id)
        return entry.name, "replaced", note

    def _stored(self, keys: Sequence[str]) -> dict[str, Credential]:
        found = select(Credential).where(in_list(self._store.session, Credential.name_key, keys))
        rows = self._store.session.scalars(
            found.options(undefer(Credential.sealed)).execution_options(populate_existing=True)
        )
        return {row.name_key: row for row in rows}

    def _used_ids(self, public_ids: Sequence[str]) -> set[str]:
        """Which of these ids a stored or a deleted credential has."""
        session, asked = self._store.session, possible_ids(public_ids)
        return {
            public_id
            for table in (Credential, DeletedCredential)
            for public_id in session.scalars(select(table.public_id).where(in_list(session, table.public_id, asked)))
        }

    def _free_name(self, name: str, stored: dict[str, Credential]) -> str:
        number = self._numbers.get(name, 1)
        while True:
            ending = " (imported)" if number == 1 else f" (imported {number})"
            wanted = name[: NAME_LENGTH - len(ending)] + ending
            key = wanted.casefold()
            taken = select(Credential.id).where(Credential.name_key == key)
            if key not in stored and self._store.session.scalar(taken) is None:
                self._numbers[name] = number + 1
                return wanted
            number += 1

    def _new_row(
        self, candidate: Candidate, kind: type[CredentialType], entry: ValidEntry, name: str, used: set[str]
    ) -> Credential:
        moment, original = utc_now(), candidate.original
        keeps_id = original is not None and possible_ids([original.public_id]) and original.public_id not in used
        row = Credential(
            public_id=original.public_id if original and keeps_id else new_public_id(),
            kind=kind.slug,
            name=name,
            name_key=name.casefold(),
            created_at=original.created_at if original else moment,
            updated_at=moment,
            version=1,
            content_version=1,
            expires_at=original.expires_at if original else entry.expires_at,
            expiry_from_provider=bool(original and original.expiry_from_provider),
            status=Status.UNTESTED.value,
        )
        used.add(row.public_id)
        self._store.seal(row, kind, entry.public, entry.secrets)
        return row


def _validated(candidate: Candidate) -> tuple[ValidEntry | None, str]:
    """What may be stored; or None, and why not, in sentences that repeat no value."""
    kind = by_slug(candidate.kind)
    if candidate.skipped:
        return None, candidate.skipped
    if kind is None:
        return None, "This version of credstore does not know its type."
    if looks_like_a_secret(candidate.name):
        return None, "Its name looks like a secret. Give it another name in the file."
    try:
        return validate_entry(kind, candidate.name, candidate.values, expires=candidate.expires), ""
    except InvalidFields as refusal:
        return None, " ".join(refusal.fields.values())


def _shown_name(candidate: Candidate) -> str:
    """The name of what is skipped, where it can be one; it may hold the secret itself."""
    problem = (
        looks_like_a_secret(candidate.name)
        or name_error(candidate.name).get("name")
        or fields_with_a_secret({"name": candidate.name}, candidate.values.values())
    )
    return "(no name)" if problem else candidate.name


def _item(candidate: Candidate, name: str, outcome: Any, why: str) -> ImportItem:
    kind = by_slug(candidate.kind)
    label = kind.label if kind else ""
    origin = " ".join("…" if looks_like_a_secret(word) else word for word in candidate.origin.split(" "))
    return ImportItem(origin=origin, name=name, type_label=label, outcome=outcome, why=why)
