"""Keeps `used_by` of a credential equal to what the table of references says, in the transaction that changes it.

Whoever changes references locks the credential first: a deletion waits for that lock, and so sees the new count.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import Row, distinct, func, select, update

from credstore.database import AnySession, in_list
from credstore.models import Credential, DeletedCredential
from credstore.reference_models import CredentialReference

_TRIES = 3  # a credential may be deleted and restored while one waits for its lock


def lock(session: AnySession, public_ids: Collection[str]) -> set[str]:
    """Inside a writing transaction: lock these credentials, deleted ones too, in one order. Returns those there are."""
    found = set[str]()
    for table in (Credential, DeletedCredential) * _TRIES:
        rest = sorted(set(public_ids) - found)
        if not rest:
            break
        found |= {row.public_id for row in _locked(session, table, rest)}
    return found


def lock_stored(session: AnySession, public_ids: Collection[str]) -> dict[str, str]:
    """Inside a writing transaction: lock these credentials where they are not deleted. Returns their types by id."""
    return {row.public_id: row.kind for row in _locked(session, Credential, public_ids)}


def _locked(
    session: AnySession, table: type[Credential | DeletedCredential], public_ids: Collection[str]
) -> Sequence[Row[str, str]]:
    """By ids, in whose order they are locked: PostgreSQL would else walk the whole table in that order."""
    ids = session.scalars(select(table.id).where(in_list(session, table.public_id, sorted(public_ids)))).all()
    rows = select(table.public_id, table.kind).where(in_list(session, table.id, ids))
    return session.execute(rows.order_by(table.id).with_for_update()).all()


def recount(session: AnySession, public_ids: Collection[str]) -> None:
    """Inside a writing transaction that has locked these credentials: count their consumers anew."""
    for table in (Credential, DeletedCredential):
        consumers = (
            select(func.nullif(func.count(distinct(CredentialReference.consumer)), 0))
            .where(CredentialReference.public_id == table.public_id)
            .scalar_subquery()
        )
        rows = update(table).where(in_list(session, table.public_id, sorted(public_ids)))
        session.execute(rows.values(used_by=consumers).execution_options(synchronize_session=False))
