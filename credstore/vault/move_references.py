"""Moves every reference of a credential to another one of the same type, before the first one is deleted."""

from sqlalchemy import delete, distinct, exists, func, select, update
from sqlalchemy.orm import aliased

from credstore.audit import Act, Subject, record_each
from credstore.database import WITHOUT_SYNCHRONIZING, write_transaction
from credstore.errors import InvalidFields, NotFound, Refused
from credstore.models import Credential, utc_now
from credstore.public_ids import is_public_id
from credstore.reference_models import CredentialChange, CredentialReference
from credstore.vault.store import CredentialStore
from credstore.vault.used_by import lock_stored, recount
from credstore.vault.validation import clean_name

SUGGESTED = 50  # names


class MoveReferences:
    """Moves references."""

    def __init__(self, store: CredentialStore) -> None:
        self._store = store

    def move_targets(self, public_id: str) -> tuple[str, ...]:
        """The names of the newest other credentials of the same type, as suggestions. Raises NotFound."""
        kind = self._store.row(public_id).kind
        names = select(Credential.name).where(Credential.kind == kind, Credential.public_id != public_id)
        return tuple(self._store.session.scalars(names.order_by(Credential.id.desc()).limit(SUGGESTED)))

    def move_references_to(self, from_id: str, name: str) -> tuple[int, str]:
        """Move them to the credential of this name, in any case of letters. Returns how many consumers, and the name.

        Raises what `move_references` raises, and InvalidFields where there is no such name.
        """
        try:
            key = clean_name(name).casefold()
        except Refused:
            raise InvalidFields({"to": "Enter the name of another credential."}) from None
        columns = (Credential.public_id, Credential.name)
        found = self._store.session.execute(select(*columns).where(Credential.name_key == key)).first()
        if found is None:
            raise InvalidFields({"to": "There is no credential with this name."})
        return self.move_references(from_id, found.public_id), found.name

    def move_references(self, from_id: str, to_id: str) -> int:
        """Give every reference of a credential to another one of the same type, in one transaction.

        The consumers are told by the feed of changes. Returns how many consumers have moved. Raises NotFound, or
        InvalidFields with a sentence for `to`.
        """
        session = self._store.session
        with write_transaction(session):
            kinds = lock_stored(session, [each for each in (from_id, to_id) if is_public_id(each)])
            if from_id not in kinds or to_id not in kinds:
                raise NotFound
            if from_id == to_id:
                raise InvalidFields({"to": "Choose another credential than this one."})
            if kinds[from_id] != kinds[to_id]:
                raise InvalidFields({"to": "Choose a credential of the same type."})
            mine = CredentialReference.public_id == from_id
            consumers = int(session.scalar(select(func.count(distinct(CredentialReference.consumer))).where(mine)) or 0)
            if consumers:
                self._move(from_id, to_id)
                both = [Subject(each, kinds[each]) for each in (from_id, to_id)]
                record_each(session, Act.MOVE_REFERENCES, both, result=f"from {from_id} to {to_id}")
        session.expire_all()
        return consumers

    def _move(self, from_id: str, to_id: str) -> None:
        session, other = self._store.session, aliased(CredentialReference)
        mine = CredentialReference.public_id == from_id
        same_use = (other.consumer == CredentialReference.consumer, other.node == CredentialReference.node)
        twice = delete(CredentialReference).where(mine, exists().where(other.public_id == to_id, *same_use))
        session.execute(twice.execution_options(**WITHOUT_SYNCHRONIZING))
        moved = update(CredentialReference).where(mine).values(public_id=to_id, last_used_at=None)
        session.execute(moved.execution_options(**WITHOUT_SYNCHRONIZING))
        recount(session, [from_id, to_id])
        session.add(CredentialChange(action="moved", public_id=from_id, moved_to=to_id, changed_at=utc_now()))
