"""Restores chosen deleted credentials in one transaction, or erases them. Needs no key: the rows move as they are."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from credstore.audit import Act, Subject, record_each
from credstore.database import AnySession, in_list, write_transaction
from credstore.errors import Refused, StorageBusy
from credstore.models import Credential, CredentialColumns, DeletedCredential
from credstore.vault.deleted_list import DeletedList, recoverable, taken_keys
from credstore.vault.deleted_records import DeletedRecord, Restoration
from credstore.vault.purge import erase_chosen
from credstore.vault.records import NAME_LENGTH
from credstore.vault.validation import clean_name

Result = TypeVar("Result")
_NAMED = (DeletedCredential.id, DeletedCredential.public_id, DeletedCredential.name)
MOST_LOOKS = 5  # for free names, before a restore gives up
ID_LENGTH = 36  # characters of a UUID
COLUMNS = ("id", *CredentialColumns.__annotations__)
NAME_IN_USE = "Another credential has this name. Choose a new one."
NAME_CHOSEN_TWICE = "Another one that you restore has this name. Choose a new one."


def while_names_are_taken(restore: Callable[[], Result]) -> Result:
    """What `restore` returns. It looks again where a name was taken between its look and the move.

    Raises StorageBusy where that happens each time.
    """
    for _ in range(MOST_LOOKS):
        with suppress(IntegrityError):
            return restore()
    raise StorageBusy("Others are taking these names just now. Nothing was restored; try again.")


class DeletedCredentials(DeletedList):
    """Lists deleted credentials, and restores and erases them by their ids."""

    def restore(self, public_ids: Iterable[str], names: Mapping[str, str] | None = None) -> Restoration:
        """Restore all of these in one transaction, or none. Ids that are not there any more are counted.

        `names` gives new names to some, by id. Where a name is taken or not acceptable nothing is restored, and the
        answer says for which and why.
        """
        asked, names = set(public_ids), names or {}
        done = while_names_are_taken(lambda: self._restore(asked, names))
        self._store.session.expire_all()
        return done

    def _restore(self, asked: set[str], names: Mapping[str, str]) -> Restoration:
        session = self._store.session
        with write_transaction(session, bulk=True):
            chosen = in_list(session, DeletedCredential.public_id, possible_ids(asked))
            columns = (*_NAMED, DeletedCredential.kind)
            found = select(*columns).where(chosen, recoverable(self._store))
            rows = session.execute(found.order_by(DeletedCredential.id).with_for_update()).all()
            wanted, refused = _wanted_names(session, rows, names)
            if refused:
                return Restoration(refused=refused)
            new = [(row.id, wanted[row.public_id]) for row in rows if wanted[row.public_id] != row.name]
            rename(session, [row_id for row_id, _ in new], [name for _, name in new])
            move_back(session, in_list(session, DeletedCredential.id, [row.id for row in rows]))
            moved = [Subject(row.public_id, row.kind) for row in rows]
            record_each(session, Act.RESTORE, moved)
        return Restoration(names=tuple(wanted.values()), missing=len(asked) - len(rows))

    def problems(self, records: Sequence[DeletedRecord]) -> dict[str, str]:
        """The sentence about each of these that could not be restored under its name, by id."""
        return _wanted_names(self._store.session, records, {})[1]

    def new_names(self, names: Sequence[str]) -> list[str]:
        """A free name for each of these, such as "OpenAI (restored)"."""
        return free_names(self._store.session, names)

    def erase(self, public_ids: Iterable[str]) -> int:
        """Erase these deleted credentials for good, now. Returns how many; unknown ids are left out."""
        return erase_chosen(self._store.session, possible_ids(set(public_ids)))


def _wanted_names(
    session: AnySession, rows: Sequence[Any], names: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """The name that each row is to have, and the sentence about each that it cannot have, by id."""
    wanted: dict[str, str] = {}
    refused: dict[str, str] = {}
    for row in rows:
        wanted[row.public_id] = row.name
        if row.public_id in names:
            try:
                wanted[row.public_id] = clean_name(names[row.public_id])
            except Refused as refusal:
                refused[row.public_id] = refusal.sentence
    taken = taken_keys(session, Credential, [name.casefold() for name in wanted.values()])
    chosen = set[str]()
    for public_id, name in wanted.items():
        key = name.casefold()
        if key in taken or key in chosen:
            refused.setdefault(public_id, NAME_IN_USE if key in taken else NAME_CHOSEN_TWICE)
        chosen.add(key)
    return wanted, refused


def move_back(session: AnySession, chosen: ColumnElement[bool]) -> int:
    """Inside a writing transaction: move deleted rows back among the stored ones. Returns how many."""
    columns = [getattr(DeletedCredential, name) for name in COLUMNS]
    rows = (
        select(*columns)
        .where(found_by_id(session, DeletedCredential, chosen))
        .order_by(DeletedCredential.id)
        .with_for_update()
    )
    session.execute(insert(Credential).from_select(list(COLUMNS), rows))
    gone = delete(DeletedCredential).where(chosen).execution_options(synchronize_session=False)
    return int(session.execute(gone).rowcount)  # type: ignore[attr-defined]


def found_by_id(
    session: AnySession, table: type[Credential | DeletedCredential], chosen: ColumnElement[bool]
) -> ColumnElement[bool]:
    """The condition for a statement in the order of `id`.

    By ids in a subquery SQLite reads the rows in order, and need not sort them whole. PostgreSQL would look each row up
    twice, and where they are many read the whole table twice.
    """
    return table.id.in_(select(table.id).where(chosen)) if session.connection().dialect.name == "sqlite" else chosen


def rename(session: AnySession, row_ids: Sequence[int], names: Sequence[str]) -> None:
    """Inside a writing transaction: give deleted rows other names."""
    for row_id, name in zip(row_ids, names, strict=True):
        session.execute(
            update(DeletedCredential)
            .where(DeletedCredential.id == row_id)
            .values(name=name, name_key=name.casefold())
            .execution_options(synchronize_session=False)
        )


def free_names(session: AnySession, names: Sequence[str]) -> list[str]:
    """For each name one like it that no stored and no deleted credential has; each only once."""
    numbers: list[int] = []
    seen = Counter[str]()
    for name in names:  # the second of one name begins with the second number
        seen[name.casefold()] += 1
        numbers.append(seen[name.casefold()])
    found: dict[int, str] = {}
    used = set[str]()
    while len(found) < len(names):
        tried = {at: _numbered(names[at], numbers[at]) for at in range(len(names)) if at not in found}
        keys = [candidate.casefold() for candidate in tried.values()]
        taken = taken_keys(session, Credential, keys) | taken_keys(session, DeletedCredential, keys)
        for at, candidate in tried.items():
            numbers[at] += 1
            if candidate.casefold() not in taken and candidate.casefold() not in used:
                found[at] = candidate
                used.add(candidate.casefold())
    return [found[at] for at in range(len(names))]


def _numbered(name: str, number: int) -> str:
    ending = " (restored)" if number == 1 else f" (restored {number})"
    return name[: NAME_LENGTH - len(ending)] + ending


def possible_ids(public_ids: Iterable[str]) -> list[str]:
    """What may be an id: PostgreSQL refuses to be asked for a text with NUL in it."""
    return [public_id for public_id in public_ids if len(public_id) == ID_LENGTH and "\0" not in public_id]
