"""Access to stored credentials that every use case shares: the session, the keyring, single rows, and unsealing."""

import logging
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import undefer

from credstore.audit import OWN_WORK, Subject, acting_as
from credstore.audit.retention import remove_old
from credstore.credential_types import CredentialType, by_slug
from credstore.database import AnySession
from credstore.encryption.key_verification import KeyState, read_key_state, register_key, require_unlocked
from credstore.encryption.keyring import Context, Keyring
from credstore.errors import Conflict, InvalidFields, NotFound, StorageError, Tampered, Unreadable
from credstore.models import Credential, KeyCheck, utc_now
from credstore.vault.details import detail_of
from credstore.vault.purge import purge_expired
from credstore.vault.validation import enter_again_sentence

logger = logging.getLogger(__name__)

PURGE_EVERY = timedelta(hours=1)
CHANGED_MEANWHILE = "Somebody else changed this credential after you opened it."
SEALED_COLUMNS = (
    "public",
    "secret_names",
    "sealed",
    "key_id",
    "fingerprint",
    "detail",
)  # what `CredentialStore.seal` sets


class CredentialStore:
    """`session` is per thread (scoped).

    `keep_deleted_days` is how many days a deleted credential can be restored, `keep_replaced_hours` how many hours a
    replaced secret can be put back, `keep_audit_days` how many days the audit log keeps an entry.
    """

    def __init__(
        self,
        session: AnySession,
        keyring: Keyring,
        *,
        keep_deleted_days: int = 30,
        keep_replaced_hours: int = 24,
        keep_audit_days: int = 365,
    ) -> None:
        self.session = session
        self.keyring = keyring
        self.keep_deleted_days = keep_deleted_days
        self.keep_replaced_hours = keep_replaced_hours
        self.keep_audit_days = keep_audit_days
        self.unlocked_state: KeyState | None = None
        self._purged_at = utc_now()
        self._key_registered = False

    def key_state(self) -> KeyState:
        """Whether the configured keys belong to this database. Once they do they always will; that is remembered."""
        if self.unlocked_state is None:
            state = read_key_state(self.session, self.keyring)
            if state.locked or not state.known:  # a fresh database belongs to nobody yet
                return state
            self.unlocked_state = state
        return self.unlocked_state

    def purge_if_due(self) -> None:
        """Erase what was deleted or replaced long ago: after any change, at most once an hour in a process."""
        if abs(utc_now() - self._purged_at) >= PURGE_EVERY:  # a clock may also be set back
            self._purged_at = utc_now()
            with suppress(StorageError):
                self.purge(most_batches=1)

    def purge(self, *, most_batches: int | None = None) -> None:
        """Erase what was kept for its time, and at most so many batches of the audit log. Raises StorageError."""
        with acting_as(OWN_WORK):
            purge_expired(
                self.session, keep_deleted_days=self.keep_deleted_days, keep_replaced_hours=self.keep_replaced_hours
            )
            remove_old(self.session, timedelta(days=self.keep_audit_days), most_batches=most_batches)

    def missing_keys(self) -> tuple[str, ...]:
        """The ids of keys that values here were encrypted with and that are not configured."""
        known = self.session.scalars(select(KeyCheck.key_id))  # not from `key_state`: another process may add one
        return tuple(key_id for key_id in known if key_id not in self.keyring.key_ids)

    def require_unlocked(self) -> None:
        """Raises Locked while the configured keys are not the ones of this database."""
        require_unlocked(self.key_state())

    @property
    def key_registered(self) -> bool:
        """Whether `register_key` has nothing left to write."""
        return self._key_registered

    def register_key(self) -> None:
        """Inside a writing transaction, before the first value is stored: note the encryption key in the database."""
        if not self._key_registered:
            self._key_registered = register_key(self.session, self.keyring)

    def row(self, public_id: str) -> Credential:
        """The row without its sealed value. Raises NotFound."""
        row = self.session.scalar(select(Credential).where(Credential.public_id == public_id))
        if row is None:
            raise NotFound
        return row

    def row_with_sealed(self, public_id: str) -> Credential:
        """The row with its sealed value, read by one statement, so that both are of one version. Raises NotFound."""
        row = self.session.scalar(
            select(Credential)
            .where(Credential.public_id == public_id)
            .options(undefer(Credential.sealed))
            .execution_options(populate_existing=True)
        )
        if row is None:
            raise NotFound
        return row

    def update(self, row: Credential, changes: Mapping[str, Any]) -> None:
        """Inside a writing transaction: change a row as it was loaded. Raises Conflict when somebody was faster."""
        changed = self.session.execute(
            update(Credential)
            .where(Credential.id == row.id, Credential.version == row.version)
            .values(**changes, version=row.version + 1, updated_at=utc_now())
            .execution_options(synchronize_session=False)
        )
        if changed.rowcount != 1:  # type: ignore[attr-defined]
            raise Conflict(CHANGED_MEANWHILE)

    def seal(
        self, row: Credential, kind: type[CredentialType], public: dict[str, str], secrets: Mapping[str, str]
    ) -> None:
        """Set SEALED_COLUMNS of a row, encrypted with the first key, bound to its id, its type and `public`."""
        row.public, row.secret_names = public, " ".join(sorted(secrets))
        row.sealed = self.keyring.seal(sealed_context(kind, row.public_id, public), secrets)
        row.key_id, row.detail = self.keyring.key_id, detail_of(kind, public, secrets)
        main = next((secrets[field.name] for field in kind.secret_fields() if field.name in secrets), None)
        row.fingerprint = self.keyring.fingerprint(main) if main else None

    def unseal(self, row: Credential) -> dict[str, str]:
        """The secrets of a whole row in clear. Raises Locked or Unreadable; Tampered, with a log line, is one."""
        self.require_unlocked()
        if row.key_id not in self.keyring.key_ids:
            raise Unreadable(missing_key_sentence(row.key_id))
        kind = by_slug(row.kind)
        if kind is None:
            raise Unreadable("This version of credstore does not know the type of this credential.")
        try:
            secrets = self.keyring.unseal(row.sealed, sealed_context(kind, row.public_id, row.public))
            select_secrets(secrets, row.secret_names.split())  # raises where one is missing
            return secrets
        except Tampered as change:
            tampered = change
        except Unreadable:  # its key is configured, so that the value itself is not what was stored
            tampered = Tampered(
                "The encrypted value was changed or damaged outside credstore; its key does not open it."
            )
        # The type's own name and the id as text: the row may hold anything now.
        logger.error("credential %.40r of type %s was changed outside credstore", row.public_id, kind.slug)
        raise tampered


def subject_of(row: Credential) -> Subject:
    """A row as the audit log names it."""
    return Subject(row.public_id, row.kind)


def stored_secret_names(row: Credential, kind: type[CredentialType]) -> set[str]:
    """The names of the secrets that a row says it holds, as far as its type declares them."""
    return set(row.secret_names.split()) & {field.name for field in kind.secret_fields()}


def select_secrets(stored: Mapping[str, str], names: Collection[str]) -> dict[str, str]:
    """These secrets of an opened row. Raises Tampered when one that it should hold is not there."""
    if not stored.keys() >= set(names):
        raise Tampered("The encrypted value lacks a secret that this credential should hold.")
    return {name: stored[name] for name in names}


def refuse_changed_destination(
    kind: type[CredentialType], row: Credential, public: Mapping[str, str], kept: Collection[str]
) -> bool:
    """Whether the destination differs from the row's. Raises InvalidFields where a kept secret would follow it."""
    moved = kind.sealed_context(public) != kind.sealed_context(row.public)
    if moved and kept:
        raise InvalidFields(dict.fromkeys(kept, enter_again_sentence(kind, row.public, public)))
    return moved


def sealed_context(kind: type[CredentialType], public_id: str, public: Mapping[str, Any]) -> Context:
    """What a sealed value is bound to: this row, this type, this destination and every field that binds."""
    return {"v": 1, "use": "credential", "id": public_id, "kind": kind.slug, **kind.sealed_context(public)}


def missing_key_sentence(key_id: str) -> str:
    return f"This credential was encrypted with the key {key_id}, which is not configured."
