"""Deletes credentials in one transaction, restores them until they are erased, and lists what a deletion would take."""

import uuid
from collections.abc import Callable, Iterable
from contextlib import nullcontext

from sqlalchemy import String, delete, insert, literal, select
from sqlalchemy.exc import IntegrityError

from credstore.audit import Act, record_each
from credstore.credential_types import CREDENTIAL_TYPES
from credstore.database import in_list, write_transaction
from credstore.errors import Conflict
from credstore.models import Credential, DeletedCredential, utc_now
from credstore.row_counts import counted_in_one_statement
from credstore.vault.deleted_list import taken_keys
from credstore.vault.dependents import Dependents, find_dependents, refuse_in_use
from credstore.vault.purge import purge_deleted, subjects
from credstore.vault.records import Deletion, Summary
from credstore.vault.restore_chosen import COLUMNS, free_names, move_back, possible_ids, rename
from credstore.vault.store import CHANGED_MEANWHILE, CredentialStore

MANY = 200  # deleted rows from which on the counts are corrected by one statement
BY_LENGTH = 150  # characters of the name of an administrator
_ADDED = ("batch", "deleted_at", "deleted_by")


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
        batch = str(uuid.uuid4())
        copied = select(DeletedCredential.id).where(DeletedCredential.batch == batch)
        with write_transaction(session, bulk=True):
            self._lock_and_copy(asked, batch, by)
            self._refuse_other_versions(batch, may_be)
            if not force:
                self._refuse_in_use(batch, agreed)
            # What was copied and no more: a row that came back meanwhile must not go without a copy.
            gone = delete(Credential).where(Credential.id.in_(copied)).execution_options(synchronize_session=False)
            many = len(asked) > MANY
            with counted_in_one_statement(session.connection(), batch) if many else nullcontext():
                deleted = int(session.execute(gone).rowcount)  # type: ignore[attr-defined]
            one = select(DeletedCredential.name).where(DeletedCredential.batch == batch)
            name = session.scalar(one) if deleted == 1 else None
            record_each(session, Act.DELETE, subjects(session, DeletedCredential.batch == batch, lock=False))
        if self._store.keep_deleted_days:
            self._store.purge_if_due()
        else:
            purge_deleted(session)
        session.expire_all()
        return Deletion(batch=batch, deleted=deleted, missing=len(asked) - deleted, name=name or "")

    def _lock_and_copy(self, public_ids: Iterable[str], batch: str, by: str) -> None:
        session, moment = self._store.session, literal(utc_now(), type_=DeletedCredential.deleted_at.type)
        columns = [getattr(Credential, name) for name in COLUMNS]
        rows = select(*columns, literal(batch), moment, literal(by[:BY_LENGTH] or None, type_=String))
        # By ids in a subquery: SQLite then reads the rows in order, and need not sort them whole.
        ids = select(Credential.id).where(in_list(session, Credential.public_id, possible_ids(public_ids)))
        # PostgreSQL locks the rows, in one order: two deletions cannot wait for each other, and a deletion or an edit
        # of the same rows waits, then sees them gone.
        chosen = rows.where(Credential.id.in_(ids)).order_by(Credential.id).with_for_update()
        session.execute(insert(DeletedCredential).from_select([*COLUMNS, *_ADDED], chosen))

    def _refuse_other_versions(self, batch: str, may_be: Callable[[int], bool] | None) -> None:
        """Inside the deletion, when the rows are locked and copied: raises Conflict."""
        if may_be is None:
            return
        found = self._store.session.scalars(select(DeletedCredential.version).where(DeletedCredential.batch == batch))
        if not all(map(may_be, found)):
            raise Conflict(CHANGED_MEANWHILE)

    def _refuse_in_use(self, batch: str, agreed: str) -> None:
        """Inside the deletion, when the rows are locked and copied: raises InUse."""
        mine = (DeletedCredential.batch == batch, DeletedCredential.used_by > 0)
        used = self._store.session.scalars(select(DeletedCredential.public_id).where(*mine)).all()
        refuse_in_use(find_dependents(self._store.session, used), agreed=agreed)

    def restore(self, batch: str) -> int:
        """Bring back what one deletion took, under a free name where the old one is taken by now. Returns how many."""
        return len(self.restore_batch(batch))

    def restore_batch(self, batch: str) -> tuple[str, ...]:
        """As `restore`; returns the ids of what came back."""
        batch = batch.replace("\0", "")
        try:
            restored = self._restore(batch)
        except IntegrityError:  # a name was taken between our look and the move: look once more
            restored = self._restore(batch)
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
