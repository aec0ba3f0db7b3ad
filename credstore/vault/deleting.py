"""Use cases that remove: look at what would go, delete it in one transaction, undo, erase for good after a while."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from sqlalchemy import delete, exists, insert, literal, select, update

from credstore.database import writing
from credstore.kinds import by_slug
from credstore.models import Credential, DeletedCredential, PastVerdict, SealedRow, now
from credstore.vault.base import Room
from credstore.vault.record import NAME_LENGTH, Deletion, Summary

_CHUNK = 500  # ids in one statement; every database takes so many parameters
_COLUMNS = ("id", *SealedRow.__annotations__)


class Deleting(Room):
    def summaries(self, public_ids: Iterable[str]) -> list[Summary]:
        """Name what these ids stand for, newest first; unknown ids are left out."""
        found: dict[int, Summary] = {}
        for chunk in _chunks(public_ids):
            rows = self._session.execute(
                select(Credential.id, Credential.public_id, Credential.name, Credential.kind).where(
                    Credential.public_id.in_(chunk)
                )
            )
            for row_id, public_id, name, slug in rows:
                kind = by_slug(slug)
                found[row_id] = Summary(public_id=public_id, name=name, kind_label=kind.label if kind else slug)
        return [found[row_id] for row_id in sorted(found, reverse=True)]

    def delete(self, public_ids: Iterable[str]) -> Deletion:
        """Delete all of these in one transaction, or none. Ids that are gone already are counted, not errors.

        The rows move, still sealed, to a table of their own; `restore` brings them back until they are erased.
        """
        wanted = list(dict.fromkeys(public_ids))
        batch, moment, deleted = str(uuid.uuid4()), now(), 0
        columns = [getattr(Credential, name) for name in _COLUMNS]
        with writing(self._session):
            for chunk in _chunks(wanted):
                rows = select(*columns, literal(batch), literal(moment, type_=DeletedCredential.deleted_at.type))
                # PostgreSQL locks them: a second deletion or an edit of the same rows waits, then sees them gone.
                chosen = rows.where(Credential.public_id.in_(chunk)).order_by(Credential.id).with_for_update()
                target = [*_COLUMNS, "batch", "deleted_at"]
                self._session.execute(insert(DeletedCredential).from_select(target, chosen))
                gone = self._session.execute(
                    delete(Credential)
                    .where(Credential.public_id.in_(chunk))
                    .execution_options(synchronize_session=False)
                )
                deleted += gone.rowcount  # type: ignore[attr-defined]
            self._erase_old()
        self._session.expire_all()
        return Deletion(batch=batch, deleted=deleted, missing=len(wanted) - deleted)

    def restore(self, batch: str) -> int:
        """Bring back what one deletion took, under a free name where the old one is taken by now. Returns how many."""
        batch = batch.replace("\0", "")
        with writing(self._session):
            self._rename_taken(batch)
            columns = [getattr(DeletedCredential, name) for name in _COLUMNS]
            rows = select(*columns).where(DeletedCredential.batch == batch).with_for_update()
            self._session.execute(insert(Credential).from_select(list(_COLUMNS), rows))
            restored = self._session.execute(
                delete(DeletedCredential)
                .where(DeletedCredential.batch == batch)
                .execution_options(synchronize_session=False)
            )
        self._session.expire_all()
        return int(restored.rowcount)  # type: ignore[attr-defined]

    def _rename_taken(self, batch: str) -> None:
        taken = exists().where(Credential.name_key == DeletedCredential.name_key)
        rows = self._session.execute(
            select(DeletedCredential.id, DeletedCredential.name).where(DeletedCredential.batch == batch, taken)
        ).all()
        for row_id, name in rows:
            free = self._free_name(name)
            self._session.execute(
                update(DeletedCredential)
                .where(DeletedCredential.id == row_id)
                .values(name=free, name_key=free.casefold())
                .execution_options(synchronize_session=False)
            )

    def erase_deleted(self) -> int:
        """Erase every deleted credential for good, now. Returns how many."""
        with writing(self._session):
            return self._erase(timedelta(0))

    def _erase_old(self) -> None:
        self._erase(timedelta(days=self.keep_deleted_days))

    def _erase(self, age: timedelta) -> int:
        erased = self._session.execute(
            delete(DeletedCredential)
            .where(DeletedCredential.deleted_at <= now() - age)
            .execution_options(synchronize_session=False)
        )
        living = select(Credential.public_id).union(select(DeletedCredential.public_id))
        self._session.execute(
            delete(PastVerdict).where(PastVerdict.public_id.not_in(living)).execution_options(synchronize_session=False)
        )
        return int(erased.rowcount)  # type: ignore[attr-defined]

    def _free_name(self, name: str) -> str:
        number = 1
        while True:
            ending = " (restored)" if number == 1 else f" (restored {number})"
            candidate, number = name[: NAME_LENGTH - len(ending)] + ending, number + 1
            tables = (Credential.name_key, DeletedCredential.name_key)
            if not any(self._session.scalar(select(1).where(key == candidate.casefold())) for key in tables):
                return candidate


def _chunks(public_ids: Iterable[str]) -> Iterator[Sequence[str]]:
    ids = [public_id for public_id in public_ids if "\0" not in public_id]  # PostgreSQL refuses to be asked for one
    return (ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK))
