"""Use cases that seal: create and edit. A stored secret stays with the destination that it was sealed for."""

import uuid
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from credstore.credential_types import Kind, by_slug
from credstore.database import writing
from credstore.encryption.key_check import remember
from credstore.errors import Conflict, InvalidFields, Unreadable
from credstore.models import Credential, now
from credstore.vault.records import Record, record
from credstore.vault.rows import Room, context, held_by, picked, refuse_moved
from credstore.vault.validation import checked, given, name_fault

_SEALING = ("public", "holds", "sealed", "key_id", "fingerprint")
_TAKEN = {"name": "Another credential has this name already. Choose a different one."}


class Writing(Room):
    def create(self, kind_slug: str, name: str, values: Mapping[str, str], *, expires: str = "") -> Record:
        """Seal and store a new credential. `expires` is a day as YYYY-MM-DD, or "".

        Raises InvalidFields with every sentence at once, or Locked.
        """
        self._require_open()
        kind = by_slug(kind_slug)
        if kind is None:
            raise InvalidFields(name_fault(name) | {"type": "Choose a type."})
        entry = checked(kind, name, values, expires=expires)
        row = Credential(public_id=str(uuid.uuid4()), kind=kind.slug, expires_at=entry.expires_at)
        with writing(self._session), _unique_name():
            self._refuse_taken(entry.name)
            row.name, row.name_key = entry.name, entry.name.casefold()
            self._seal(row, kind, entry.public, entry.secrets)
            remember(self._session, self._ring)
            self._session.add(row)
            self._session.flush()
        self._tidy()
        return self._fresh(row.public_id)

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
        """
        with writing(self._session), _unique_name():
            row = self._whole_row(public_id)
            if row.version != version:
                raise Conflict("Somebody else changed this credential after you opened it.")
            kind = by_slug(row.kind)
            if kind is None:
                raise Unreadable("This version of credstore does not know the type of this credential.")
            changes = self._changes(row, kind, name=name, values=values, remove=remove, expires=expires)
            if changes:
                changed = self._session.execute(
                    update(Credential)
                    .where(Credential.id == row.id, Credential.version == version)
                    .values(**changes, version=version + 1, updated_at=now())
                    .execution_options(synchronize_session=False)
                )
                if changed.rowcount != 1:  # type: ignore[attr-defined]
                    raise Conflict("Somebody else changed this credential after you opened it.")
        self._tidy()
        return self._fresh(public_id)

    def _changes(
        self,
        row: Credential,
        kind: type[Kind],
        *,
        name: str,
        values: Mapping[str, str],
        remove: Collection[str],
        expires: str | None,
    ) -> dict[str, object]:
        """The columns that differ after this edit; empty when nothing does."""
        held = held_by(row, kind)
        kept = held - given(kind, values) - set(remove)
        entry = checked(kind, name, values, kept=kept, expires=expires or "")
        moved = refuse_moved(kind, row, entry.public, kept)
        self._refuse_taken(entry.name, other_than=row.id)
        changes: dict[str, object] = {}
        if entry.name != row.name:
            changes |= {"name": entry.name, "name_key": entry.name.casefold()}
        if expires is not None and _day(entry.expires_at) != _day(row.expires_at):
            changes |= {"expires_at": entry.expires_at, "expiry_told": False}
        if entry.secrets or moved or kept != held:
            changed = Credential(public_id=row.public_id, kind=row.kind)
            stored = self._open(row) if kept else {}
            self._require_open()
            self._seal(changed, kind, entry.public, picked(stored, kept) | entry.secrets)
            remember(self._session, self._ring)
            return changes | {column: getattr(changed, column) for column in _SEALING}
        return changes | ({"public": entry.public} if entry.public != row.public else {})

    def _seal(self, row: Credential, kind: type[Kind], public: dict[str, str], secrets: Mapping[str, str]) -> None:
        row.public, row.holds = public, " ".join(sorted(secrets))
        row.sealed = self._ring.seal(context(kind, row.public_id, public), secrets)
        row.key_id = self._ring.key_id
        main = next((secrets[field.name] for field in kind.secrets() if field.name in secrets), None)
        row.fingerprint = self._ring.fingerprint(main) if main else None

    def _refuse_taken(self, name: str, other_than: int | None = None) -> None:
        taken = select(Credential.id).where(Credential.name_key == name.casefold(), Credential.id != (other_than or 0))
        if self._session.scalar(taken) is not None:
            raise InvalidFields(_TAKEN)

    def _fresh(self, public_id: str) -> Record:
        self._session.expire_all()
        return record(self._row(public_id), self._ring.key_ids)


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


@contextmanager
def _unique_name() -> Iterator[None]:
    """Two writers may both find a name free; the database then tells the second one."""
    try:
        yield
    except IntegrityError as clash:
        if "name_key" not in str(clash.orig):
            raise
        raise InvalidFields(_TAKEN) from None
