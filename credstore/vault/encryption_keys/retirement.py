"""Forgets a key that no row needs any more, or notes that a key is lost and its rows with it."""

from sqlalchemy import delete, select

from credstore.audit import Act, record
from credstore.database import insert, write_transaction
from credstore.encryption.key_usage import KeyUse, use_of_key
from credstore.encryption.keyring import Keyring
from credstore.errors import Refused
from credstore.models import KeyCheck, utc_now
from credstore.vault.store import CredentialStore


def retire(store: CredentialStore, key_id: str, *, lost: bool) -> KeyUse:
    """Remove the key from the database's list of keys. The key itself stays where it is configured.

    With `lost`, a key that is not configured and that rows still need is given up instead: those rows stay, unreadable,
    and credstore starts without it. Raises Refused, naming how many rows need the key.
    """
    session = store.session
    if key_id == store.keyring.key_id:
        raise Refused(f"The key {key_id} encrypts new secrets. Put another key first in {store.keyring.source}.")
    with write_transaction(session):
        use = use_of_key(session, key_id)
        known = session.scalar(select(KeyCheck.key_id).where(KeyCheck.key_id == key_id))
        if not use.total:
            if known is None:
                raise Refused(f"No key {key_id} has encrypted anything here. credstore keys status lists the keys.")
            session.execute(delete(KeyCheck).where(KeyCheck.key_id == key_id))
        elif lost and key_id not in store.keyring.key_ids:
            row = insert(session, KeyCheck).values(key_id=key_id, token="", created_at=utc_now(), lost_at=utc_now())
            session.execute(
                row.on_conflict_do_update(index_elements=["key_id"], set_={"lost_at": row.excluded.lost_at})
            )
        else:
            raise Refused(_refusal(use, store.keyring))
        record(session, Act.KEY_RETIRED, result=f"key {key_id}{', lost' if use.total else ''}", count=use.total)
    return use


def _refusal(use: KeyUse, keyring: Keyring) -> str:
    need = f"The key {use.key_id} is still needed: it encrypted {use.words}."
    if use.key_id in keyring.key_ids:
        return f"{need} Run: credstore keys rotate"
    return (
        f"{need} It is not configured. Put it behind the first key in {keyring.source} and run: credstore keys rotate. "
        f"If it is lost for good: credstore keys retire {use.key_id} --lost"
    )
