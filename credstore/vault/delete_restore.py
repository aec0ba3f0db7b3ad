"""Deletes credentials in one transaction, restores them until they are erased, and lists what a deletion would take."""

import uuid
from collections.abc import Iterable

from sqlalchemy import delete, exists, insert, literal, select, update
from sqlalchemy.exc import IntegrityError

from credstore.credential_types import CREDENTIAL_TYPES
from credstore.database import in_list, write_transaction
from credstore.models import Credential, CredentialColumns, DeletedCredential, utc_now
from credstore.vault.purge import purge_deleted
from credstore.vault.records import NAME_LENGTH, Deletion, Summary
from credstore.vault.store import CredentialStore

ID_LENGTH = 36  # characters of a UUID
_COLUMNS = ("id", *CredentialColumns.__annotations__)


class DeleteRestore:
    """Deletes credentials, restores them, and erases deleted ones."""

    def __init__(self, store: CredentialStore) -> None:
        self._store = store

    def summaries(self, public_ids: Iterable[str]) -> list[Summary]:
        """Name what these ids stand for, newest first; unknown ids are left out."""
        rows = self._store.session.execute(
            select(Credential.public_id, Credential.name, Credential.kind)
            .where(in_list(self._store.session, Credential.public_id, _possible_ids(public_ids)))
            .order_by(Credential.id.desc())
        )
        kinds = {known.slug: known.label for known in CREDENTIAL_TYPES}
        return [
            Summary(public_id=public_id, name=name, kind=slug, kind_label=kinds.get(slug, slug))
            for public_id, name, slug in rows
        ]

    def delete(self, public_ids: Iterable[str]) -> Deletion:
        """Delete all of these in one transaction, or none. Ids that are gone already are counted, not errors.

        The rows move, still encrypted, to a table of their own; `restore` brings them back until they are erased.
        """
        asked, session = set(public_ids), self._store.session
        batch, moment = str(uuid.uuid4()), utc_now()
        columns = [getattr(Credential, name) for name in _COLUMNS]
        copied = select(DeletedCredential.id).where(DeletedCredential.batch == batch)
        with write_transaction(session, bulk=True):
            rows = select(*columns, literal(batch), literal(moment, type_=DeletedCredential.deleted_at.type))
            chosen = rows.where(in_list(session, Credential.public_id, _possible_ids(asked)))
            # PostgreSQL locks the rows, in one order: two deletions cannot wait for each other, and a deletion or an
            # edit of the same rows waits, then sees them gone.
            chosen = chosen.order_by(Credential.id).with_for_update()
            session.execute(insert(DeletedCredential).from_select([*_COLUMNS, "batch", "deleted_at"], chosen))
            # What was copied and no more: a row that came back meanwhile must not go without a copy.
            gone = delete(Credential).where(Credential.id.in_(copied))
            deleted = int(session.execute(gone.execution_options(synchronize_session=False)).rowcount)  # type: ignore[attr-defined]
        if self._store.keep_deleted_days:
            self._store.purge_if_due()
        else:
            purge_deleted(session)
        session.expire_all()
        return Deletion(batch=batch, deleted=deleted, missing=len(asked) - deleted)

    def restore(self, batch: str) -> int:
        """Bring back what one deletion took, under a free name where the old one is taken by now. Returns how many."""
        batch = batch.replace("\0", "")
        try:
            restored = self._restore(batch)
        except IntegrityError:  # a name was taken between our look and the move: look once more
            restored = self._restore(batch)
        self._store.session.expire_all()
        return restored

    def _restore(self, batch: str) -> int:
        mine = DeletedCredential.batch == batch
        with write_transaction(self._store.session, bulk=True):
            self._rename_taken(batch)
            columns = [getattr(DeletedCredential, name) for name in _COLUMNS]
            rows = select(*columns).where(mine).order_by(DeletedCredential.id).with_for_update()
            self._store.session.execute(insert(Credential).from_select(list(_COLUMNS), rows))
            gone = delete(DeletedCredential).where(mine).execution_options(synchronize_session=False)
            return int(self._store.session.execute(gone).rowcount)  # type: ignore[attr-defined]

    def _rename_taken(self, batch: str) -> None:
        taken = exists().where(Credential.name_key == DeletedCredential.name_key)
        rows = self._store.session.execute(
            select(DeletedCredential.id, DeletedCredential.name).where(DeletedCredential.batch == batch, taken)
        ).all()
        for row_id, name in rows:
            free = self._free_name(name)
            self._store.session.execute(
                update(DeletedCredential)
                .where(DeletedCredential.id == row_id)
                .values(name=free, name_key=free.casefold())
                .execution_options(synchronize_session=False)
            )

    def purge_deleted(self) -> int:
        """Erase every deleted credential for good, now. Returns how many."""
        return purge_deleted(self._store.session)

    def _free_name(self, name: str) -> str:
        number = 1
        while True:
            ending = " (restored)" if number == 1 else f" (restored {number})"
            candidate, number = name[: NAME_LENGTH - len(ending)] + ending, number + 1
            tables = (Credential.name_key, DeletedCredential.name_key)
            if not any(self._store.session.scalar(select(1).where(key == candidate.casefold())) for key in tables):
                return candidate


def _possible_ids(public_ids: Iterable[str]) -> list[str]:
    """What may be an id: PostgreSQL refuses to be asked for a text with NUL in it."""
    return [public_id for public_id in public_ids if len(public_id) == ID_LENGTH and "\0" not in public_id]
