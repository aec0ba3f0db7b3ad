"""Keeps what an edit replaces: the old content of a credential, encrypted as it was, until its time is over.

A content is the public values, the secrets that are encrypted for them, the expiry date and the verdict. There is one
replaced content of a credential at the most. It is found by the credential's `public_id`, so that it stays beside a
deleted credential, comes back with Undo, and is erased with it. It is only ever moved or erased whole.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import undefer

from credstore.credential_types import CredentialType
from credstore.database import AnySession, insert
from credstore.models import Credential, utc_now
from credstore.replaced_secret_model import ReplacedSecret
from credstore.vault.store import CredentialStore, stored_secret_names

_CONTENT_COLUMNS = tuple(name for name in ReplacedSecret.__annotations__ if name not in {"public_id", "replaced_at"})


def keep_or_erase(
    store: CredentialStore, row: Credential, kind: type[CredentialType], changes: Mapping[str, Any]
) -> bool:
    """Inside the transaction of an edit that makes `changes`: keep the old content of `row` if its secret is replaced.

    Nothing is replaced where the secret and its destination stay: by a new name, expiry date or test method, or by the
    same secret typed again. A secret that is removed is not kept, nor is the one before it. Returns whether a stored
    secret was erased.
    """
    held = stored_secret_names(row, kind)
    if "sealed" not in changes or not held:
        return False
    if held - set(changes["secret_names"].split()):
        erase(store.session, row.public_id)
        return True
    if _same_secret(row, kind, held, changes):
        return False
    if store.keep_replaced_hours:
        return put(store.session, row)
    erase(store.session, row.public_id)
    return True


def _same_secret(row: Credential, kind: type[CredentialType], held: set[str], changes: Mapping[str, Any]) -> bool:
    same_place = kind.sealed_context(changes["public"]) == kind.sealed_context(row.public)
    # The fingerprint is that of the main secret: it says nothing of a second one.
    same_value = row.fingerprint is not None and row.fingerprint == changes["fingerprint"]
    return same_place and same_value and len(kind.secret_fields()) == 1 and len(held) == 1


def put(session: AnySession, row: Credential) -> bool:
    """Make the content of `row`, as it was loaded with its sealed value, the replaced one, as of now.

    Returns whether another one made room for it.
    """
    content = {name: getattr(row, name) for name in _CONTENT_COLUMNS}
    mine = ReplacedSecret.public_id == row.public_id
    another = session.scalar(select(ReplacedSecret.public_id).where(mine)) is not None
    statement = insert(session, ReplacedSecret).values(public_id=row.public_id, replaced_at=utc_now(), **content)
    fresh = {name: statement.excluded[name] for name in ("replaced_at", *_CONTENT_COLUMNS)}
    session.execute(statement.on_conflict_do_update(index_elements=["public_id"], set_=fresh))
    return another


def erase(session: AnySession, public_id: str) -> None:
    mine = delete(ReplacedSecret).where(ReplacedSecret.public_id == public_id)
    session.execute(mine.execution_options(synchronize_session=False))


def find(store: CredentialStore, public_id: str, *, with_sealed: bool = False) -> ReplacedSecret | None:
    """The replaced content of a credential; None where there is none or its time is over, erased already or not."""
    statement = select(ReplacedSecret).where(ReplacedSecret.public_id == public_id)
    if with_sealed:
        statement = statement.options(undefer(ReplacedSecret.sealed))
    found = store.session.scalar(statement.execution_options(populate_existing=True))
    return found if found is not None and utc_now() < kept_until(store, found) else None


def kept_until(store: CredentialStore, replaced: ReplacedSecret) -> datetime:
    try:
        return replaced.replaced_at + timedelta(hours=store.keep_replaced_hours)
    except OverflowError:  # a date that only a changed database has
        return replaced.replaced_at
