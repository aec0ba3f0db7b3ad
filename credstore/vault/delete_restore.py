"""Deletes credentials in one transaction, restores them until they are erased, and lists what a deletion would take."""

import uuid
from collections.abc import Callable, Iterable
from contextlib import nullcontext

from sqlalchemy import select

from credstore.audit import Act, record_each
from credstore.block_counts import counted_at_once
from credstore.credential_types import CREDENTIAL_TYPES
from credstore.database import in_list, write_transaction
from credstore.errors import Conflict
from credstore.models import Credential, DeletedCredential, utc_now
from credstore.vault.deleted_list import taken_keys
from credstore.vault.dependents import Dependents, find_dependents, refuse_in_use
from credstore.vault.move_to_deleted import LockedRows, lock_rows, move_to_deleted
from credstore.vault.purge import purge_deleted, subjects
from credstore.vault.records import Deletion, Summary
from credstore.vault.restore_chosen import free_names, move_back, possible_ids, rename, while_names_are_taken
from credstore.vault.store import CHANGED_MEANWHILE, CredentialStore

MANY = 200  # deleted rows from which on the counts are corrected once for all, and memory is taken and given back
BY_LENGTH = 150  # characters of the name of an administrator


class DeleteRestore:
    """Deletes credentials, restores them, and erases deleted ones."""

    def __init__(self, store: CredentialStore) -> None:
        self._store = store

    def summaries(self, public_ids: Iterable[str]) -> list[Summary]:
        """Name what these ids stand for, newest first; unknown ids are left out."""
        rows = self._store.session.execute(
            select(Credential.public_id, Credential.name, Credential.kind)
            .where(in_list(self._store.session, Credential.public_id, possible_ids(public_ids)))
            .order_by(Credential.id.desc())
        )
        kinds = {known.slug: known.label for known in CREDENTIAL_TYPES}
        return [
            Summary(public_id=public_id, name=name, kind=slug, kind_label=kinds.get(slug, slug))
            for public_id, name, slug in rows
        ]

    def dependents(self, public_ids: Iterable[str]) -> Dependents:
        """Who uses these credentials; unknown ids and deleted credentials are left out."""
        session = self._store.session
        ids = in_list(session, Credential.public_id, possible_ids(set(public_ids)))
        # Told apart here: as a condition it would lead PostgreSQL through every row that is used.
        rows = session.execute(select(Credential.public_id, Credential.used_by).where(ids))
        return find_dependents(session, [row.public_id for row in rows if row.used_by])

    def delete(
        self,
        public_ids: Iterable[str],
        by: str = "",
        *,
        force: bool = False,
        agreed: str = "",
        may_be: Callable[[int], bool] | None = None,
    ) -> Deletion:
        """Delete all of these in one transaction, or none. Ids that are gone already are counted, not errors.

        The rows move, still encrypted, to a table of their own; `restore` brings them back until they are erased. `by`
        is the name of the person who deletes.

        Raises InUse where workflows use any of them: unless `force`, or `agreed` is the token of `dependents`, which
        says that a person has seen just these. Raises Conflict where one has a version of which `may_be` says no. Both
        are decided under the lock that a new reference, or an edit, would need too.
        """
        asked, session = set(public_ids), self._store.session
        batch, now = str(uuid.uuid4()), utc_now()
        added = {"batch": batch, "deleted_at": now, "deleted_by": by[:BY_LENGTH] or None}
        with write_transaction(session, bulk=len(asked) > MANY):
            rows = lock_rows(session, possible_ids(asked))
            if may_be is not None and not all(may_be(row.version) for row in rows):
                raise Conflict(CHANGED_MEANWHILE)
            if not force:
                used = [row.public_id for row in rows if row.used_by]
                refuse_in_use(find_dependents(session, used), agreed=agreed)
            name = self._name_of_one(rows)
            with counted_at_once(session.connection(), rows, now) if len(rows) > MANY else nullcontext():
                move_to_deleted(session, rows.ids, added)
            record_each(session, Act.DELETE, rows)
        if self._store.keep_deleted_days:
            self._store.purge_if_due()
        else:
            purge_deleted(session)
        session.expire_all()
        return Deletion(batch=batch, deleted=len(rows), missing=len(asked) - len(rows), name=name)

    def _name_of_one(self, rows: LockedRows) -> str:
        """Its name where it is one; "" else, since thousands of names would take memory for nothing."""
        if len(rows) != 1:
            return ""
        return str(self._store.session.scalar(select(Credential.name).where(Credential.id == rows.ids[0])))

    def restore(self, batch: str) -> int:
        """Bring back what one deletion took, under a free name where the old one is taken by now. Returns how many.

        Raises StorageBusy where others take the free names again and again.
        """
        return len(self.restore_batch(batch))

    def restore_batch(self, batch: str) -> tuple[str, ...]:
        """As `restore`; returns the ids of what came back."""
        batch = batch.replace("\0", "")
        restored = while_names_are_taken(lambda: self._restore(batch))
        self._store.session.expire_all()
        return restored

    def _restore(self, batch: str) -> tuple[str, ...]:
        mine, session = DeletedCredential.batch == batch, self._store.session
        with write_transaction(session, bulk=True):
            named = select(DeletedCredential.id, DeletedCredential.name, DeletedCredential.name_key).where(mine)
            found = session.execute(named).all()
            # By a list of names: joined, PostgreSQL would read the just emptied table once for each of them.
            taken = taken_keys(session, Credential, [row.name_key for row in found])
            rows = [row for row in found if row.name_key in taken]
            rename(session, [row.id for row in rows], free_names(session, [row.name for row in rows]))
            moved = subjects(session, mine)
            move_back(session, mine)
            record_each(session, Act.RESTORE, moved)
            return tuple(subject.public_id for subject in moved)

    def purge_deleted(self) -> int:
        """Erase every deleted credential for good, now. Returns how many."""
        return purge_deleted(self._store.session)
