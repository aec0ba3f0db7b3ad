"""Creates and edits credentials. An edit never keeps a secret for another destination than it was encrypted for."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date, datetime
from types import SimpleNamespace
from typing import cast

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from credstore.audit import Act, insert_recorded, is_one_statement, record
from credstore.credential_types import CredentialType, by_slug
from credstore.database import statement_transaction, write_transaction
from credstore.errors import Conflict, InvalidFields, StorageError, Unreadable
from credstore.models import Credential, CredentialColumns, utc_now
from credstore.probe import Outcome
from credstore.public_ids import new_public_id
from credstore.vault.details import after_edit
from credstore.vault.purge import truncate_write_ahead_log
from credstore.vault.records import Record, to_record
from credstore.vault.replaced_secrets import keep_or_erase
from credstore.vault.store import (
    CHANGED_MEANWHILE,
    SEALED_COLUMNS,
    CredentialStore,
    refuse_changed_destination,
    select_secrets,
    stored_secret_names,
    subject_of,
)
from credstore.vault.validation import ValidEntry, entered_secret_names, name_error, validate_entry, with_stored_parts

_NAME_TAKEN = {"name": "Another credential has this name already. Choose a different one."}


class CreateEdit:
    """Stores new credentials and changes stored ones."""

    def __init__(self, store: CredentialStore) -> None:
        self._store = store

    def create(self, kind_slug: str, name: str, values: Mapping[str, str], *, expires: str = "") -> Record:
        """Encrypt and store a new credential. `expires` is a day as YYYY-MM-DD, or "".

        Raises InvalidFields with every sentence at once, or Locked.
        """
        self._store.require_unlocked()
        kind = by_slug(kind_slug)
        if kind is None:
            raise InvalidFields(name_error(name) | {"type": "Choose a type."})
        entry = validate_entry(kind, name, values, expires=expires)
        row = _new_row(kind, entry)
        self._store.seal(row, kind, entry.public, entry.secrets)
        session = self._store.session
        single = self._store.key_registered and is_one_statement(session)
        with statement_transaction(session, single=single) as connection, _name_conflict_as_field_error():
            self._store.register_key()
            insert_recorded(connection, vars(row), Act.CREATE, subject_of(row))
        self._store.purge_if_due()
        return to_record(row, self._store.keyring.key_ids)

    def edit(
        self,
        public_id: str,
        *,
        version: int,
        name: str,
        values: Mapping[str, str],
        remove: Collection[str] = (),
        expires: str | None = None,
    ) -> Record:
        """Change a credential as it was at `version`. A blank secret is kept, one named in `remove` is dropped.

        `expires` is a day as YYYY-MM-DD, "" for none, None to leave it as it is.

        Raises NotFound, Conflict (somebody was faster), InvalidFields (also where a kept secret would follow a changed
        destination: it must be entered again), Locked or Unreadable. What is not touched need not be readable.
        A replaced secret can be put back for a while; see `replaced_secrets` and `put_back`.
        """
        with write_transaction(self._store.session), _name_conflict_as_field_error():
            row = self._store.row_with_sealed(public_id)
            if row.version != version:
                raise Conflict(CHANGED_MEANWHILE)
            kind = by_slug(row.kind)
            if kind is None:
                raise Unreadable("This version of credstore does not know the type of this credential.")
            changes = self._changed_columns(row, kind, name=name, values=values, remove=remove, expires=expires)
            if changes:
                self._store.update(row, changes)
            erased = keep_or_erase(self._store, row, kind, changes)
            if changes:
                record(self._store.session, Act.EDIT, subject_of(row), result=_changed_words(changes))
        if erased:
            with suppress(StorageError):  # the edit is saved
                truncate_write_ahead_log()
        self._store.purge_if_due()
        return self._reload(public_id)

    def _changed_columns(
        self,
        row: Credential,
        kind: type[CredentialType],
        *,
        name: str,
        values: Mapping[str, str],
        remove: Collection[str],
        expires: str | None,
    ) -> dict[str, object]:
        """The columns that differ after this edit; empty when nothing does."""
        held = stored_secret_names(row, kind)
        values = with_stored_parts(kind, values, held - set(remove), lambda: self._store.unseal(row))
        kept = held - entered_secret_names(kind, values) - set(remove)
        entry = validate_entry(kind, name, values, kept=kept, expires=expires or "")
        moved = refuse_changed_destination(kind, row, entry.public, kept)
        self._require_free_name(entry.name, other_than=row.id)
        changes: dict[str, object] = {}
        if entry.name != row.name:
            changes |= {"name": entry.name, "name_key": entry.name.casefold()}
        if expires is not None and _day(entry.expires_at) != _day(row.expires_at):
            changes |= {"expires_at": entry.expires_at, "expiry_from_provider": False}
        if entry.secrets or moved or kept != held:
            changed = Credential(public_id=row.public_id, kind=row.kind)
            stored = self._store.unseal(row) if kept else {}
            self._store.require_unlocked()
            self._store.seal(changed, kind, entry.public, select_secrets(stored, kept) | entry.secrets)
            self._store.register_key()
            changes |= {column: getattr(changed, column) for column in SEALED_COLUMNS}
        elif entry.public != row.public:
            changes |= {"public": entry.public, "detail": after_edit(kind, row, entry.public)}
        if "public" in changes:  # what a test depends on; a new name or expiry date leaves the verdict as it is
            changes |= {
                "content_version": row.version + 1,
                "status": (Outcome.STALE if row.verdict else Outcome.UNTESTED).value,
            }
        return changes

    def _require_free_name(self, name: str, other_than: int | None = None) -> None:
        taken = select(Credential.id).where(Credential.name_key == name.casefold(), Credential.id != (other_than or 0))
        if self._store.session.scalar(taken) is not None:
            raise InvalidFields(_NAME_TAKEN)

    def _reload(self, public_id: str) -> Record:
        self._store.session.expire_all()
        return to_record(self._store.row(public_id), self._store.keyring.key_ids)


class _NewRow(SimpleNamespace):
    """The columns of a row that is to be stored. No object of the ORM: that takes longer to make than to store.

    It could enter no session, which would keep its sealed value within reach of a list.
    """

    def __repr__(self) -> str:
        return "<a new row>"


def _new_row(kind: type[CredentialType], entry: ValidEntry) -> Credential:
    moment = utc_now()
    row = _NewRow(**dict.fromkeys(CredentialColumns.__annotations__))
    vars(row).update(
        public_id=new_public_id(),
        kind=kind.slug,
        name=entry.name,
        name_key=entry.name.casefold(),
        created_at=moment,
        updated_at=moment,
        version=1,
        content_version=1,
        expires_at=entry.expires_at,
        expiry_from_provider=False,
        status=Outcome.UNTESTED.value,
    )
    return cast("Credential", row)


def _changed_words(changes: Mapping[str, object]) -> str:
    """What an edit changed, for the audit log: no value."""
    content = {"sealed": "secret or destination"} if "sealed" in changes else {"public": "fields"}
    words = {"name": "name", **content, "expires_at": "expiry date"}
    return "changed: " + ", ".join(word for column, word in words.items() if column in changes)


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


@contextmanager
def _name_conflict_as_field_error() -> Iterator[None]:
    """Two writers may both find a name free; the database then tells the second one."""
    try:
        yield
    except IntegrityError as clash:
        if "name_key" not in str(clash.orig):
            raise
        raise InvalidFields(_NAME_TAKEN) from None
