"""Put a replaced secret back. It swaps two contents, so that a mistaken put-back can be undone in the same way.

A secret never goes to another destination than the one that it was encrypted for: the replaced content comes back
whole, with its own provider, base URL, organization and expiry date. The name stays, and so does the history of tests.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from credstore.audit import Act, record
from credstore.credential_types import CredentialType, by_slug
from credstore.database import write_transaction
from credstore.errors import Conflict, Tampered, Unreadable
from credstore.models import Credential
from credstore.probe import Outcome
from credstore.replaced_secret_model import ReplacedSecret
from credstore.vault import model_names, replaced_secrets
from credstore.vault.details import detail_of
from credstore.vault.records import Record, to_record
from credstore.vault.store import CHANGED_MEANWHILE, SEALED_COLUMNS, CredentialStore, select_secrets, subject_of
from credstore.vault.stored_verdicts import load_verdict

NOTHING = "There is nothing to put back: the other secret was erased, or its time is over."
Verdicts = tuple[dict[str, Any] | None, int | None, datetime | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """What can be put back, without any value of a secret.

    `changes` are the public values that would change with it: label, value now, value then ("" for none). `problem` is
    the sentence that says why it cannot be put back as things are, or "". `expires_at` is its own expiry date.
    """

    replaced_at: datetime
    until: datetime
    secret_labels: tuple[str, ...]
    changes: tuple[tuple[str, str, str], ...]
    expires_at: datetime | None
    problem: str


class PutBack:
    """Shows and puts back what the last edit of a credential's secret replaced."""

    def __init__(self, store: CredentialStore) -> None:
        self._store = store

    def replaced(self, public_id: str) -> Replaced | None:
        """What can be put back of a credential; None where nothing can. Decrypts nothing. Raises NotFound."""
        row = self._store.row(public_id)
        kind, found = by_slug(row.kind), replaced_secrets.find(self._store, public_id)
        if kind is None or found is None:
            return None
        return Replaced(
            replaced_at=found.replaced_at,
            until=replaced_secrets.kept_until(self._store, found),
            secret_labels=tuple(f.label for f in kind.secret_fields() if f.name in found.secret_names.split()),
            changes=_changed_values(kind, row, found),
            expires_at=found.expires_at,
            problem="" if found.key_id in self._store.keyring.key_ids else _missing_key(found),
        )

    def put_back(self, public_id: str, *, version: int) -> Record:
        """Swap the content of a credential, as it was at `version`, with the replaced one.

        Raises NotFound, Conflict (it was changed meanwhile, or there is nothing to put back), Locked or Unreadable. The
        content that makes room need not be readable.
        """
        with write_transaction(self._store.session):
            row = self._store.row_with_sealed(public_id)
            if row.version != version:
                raise Conflict(CHANGED_MEANWHILE)
            found = replaced_secrets.find(self._store, public_id, with_sealed=True)
            if found is None:
                raise Conflict(NOTHING)
            self._store.update(row, self._columns(row, found))
            replaced_secrets.put(self._store.session, row)
            model_names.forget_others(self._store.session, public_id, found.content_version)
            record(self._store.session, Act.PUT_BACK, subject_of(row))
        self._store.purge_if_due()
        self._store.session.expire_all()
        return to_record(self._store.row(public_id), self._store.keyring.key_ids)

    def _columns(self, row: Credential, found: ReplacedSecret) -> dict[str, Any]:
        """The columns of the row with the replaced content, encrypted anew with the key that encrypts now."""
        self._store.require_unlocked()
        if found.key_id not in self._store.keyring.key_ids:
            raise Unreadable(_missing_key(found))
        kind = by_slug(row.kind)
        if kind is None:
            raise Unreadable("This version of credstore does not know the type of this credential.")
        old = Credential(public_id=row.public_id, kind=row.kind, public=found.public, sealed=found.sealed)
        old.key_id, old.secret_names = found.key_id, found.secret_names
        opened = self._store.unseal(old)
        if set(opened) != set(found.secret_names.split()):
            raise Tampered("The old secret was changed outside credstore, so it cannot be put back.")
        secrets = select_secrets(opened, set(opened))
        fresh = Credential(public_id=row.public_id, kind=row.kind)
        self._store.seal(fresh, kind, found.public, secrets)
        self._store.register_key()
        columns: dict[str, Any] = {name: getattr(fresh, name) for name in SEALED_COLUMNS}
        verdicts = _verdict_columns(row, found)
        if measured := load_verdict(verdicts.get("verdict")):
            columns["detail"] = detail_of(kind, found.public, secrets, kind.learned_detail(measured.facts))
        columns |= {"content_version": found.content_version, "expires_at": found.expires_at}
        columns |= {"expiry_from_provider": found.expiry_from_provider}
        return columns | verdicts


def _verdict_columns(row: Credential, found: ReplacedSecret) -> dict[str, Any]:
    """The verdict that was measured on the replaced content, where it is kept; else the last one, which is stale."""
    kept: Verdicts = (found.verdict, found.verdict_version, found.verdict_at)
    # A test that began before the content was replaced may have ended after it; its verdict is with the row.
    late: Verdicts = (row.verdict, row.verdict_version, row.verdict_at)
    for verdict, version, moment in (late, kept):
        measured = load_verdict(verdict)
        if measured and version == found.content_version:
            status = measured.outcome.value
            return {"verdict": verdict, "verdict_version": version, "verdict_at": moment, "status": status}
    return {"status": Outcome.STALE.value if load_verdict(row.verdict) else Outcome.UNTESTED.value}


def _changed_values(
    kind: type[CredentialType], row: Credential, found: ReplacedSecret
) -> tuple[tuple[str, str, str], ...]:
    values = ((f.label, str(row.public.get(f.name, "")), str(found.public.get(f.name, ""))) for f in kind.fields)
    return tuple((label, now, then) for label, now, then in values if now != then)


def _missing_key(found: ReplacedSecret) -> str:
    return f"The other secret was encrypted with the key {found.key_id}, which is not configured."
