"""Verifies that the configured keys are the keys of this database. Shows key ids only, never a key.

Each key that has encrypted a secret has a row in the table `key_check`: its id, and a constant text encrypted with it,
which only this key can decrypt.
"""

import logging
from dataclasses import dataclass

from sqlalchemy import select, update

from credstore.database import AnySession, insert
from credstore.encryption.keyring import Keyring
from credstore.errors import Locked
from credstore.models import KeyCheck, utc_now

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyState:
    """`configured` are the ids of the configured keys, `known` those that ever encrypted in this database."""

    configured: tuple[str, ...]
    known: tuple[str, ...]

    @property
    def locked(self) -> bool:
        """True when secrets were encrypted in this database, but by none of the configured keys."""
        return bool(self.known) and not set(self.configured) & set(self.known)


def read_key_state(session: AnySession, keyring: Keyring) -> KeyState:
    """Read the key ids of this database. One statement, without a write: it works on a read-only database too."""
    rows = session.execute(select(KeyCheck.key_id, KeyCheck.token).order_by(KeyCheck.created_at, KeyCheck.key_id)).all()
    for key_id, token in rows:
        if key_id in keyring.key_ids and not keyring.verifies_check_token(key_id, token):
            # The id is an HMAC of the key, so the key is right and the row is damaged; `register_key` repairs it.
            logger.warning("The key-check row of key %s is damaged; the next write of a secret repairs it.", key_id)
    return KeyState(configured=keyring.key_ids, known=tuple(key_id for key_id, _ in rows))


def require_unlocked(state: KeyState) -> None:
    """Raise Locked, naming the known and the configured key ids, when the state is locked."""
    if state.locked:
        raise Locked(
            f"The secrets here were encrypted with the key {' or '.join(state.known)}, but FIELD_ENCRYPTION_KEY holds "
            f"{', '.join(state.configured)}. Restore the right key and restart; until then nothing "
            "can be stored or tested."
        )


def register_key(session: AnySession, keyring: Keyring) -> bool:
    """Give the key that encrypts a valid row in `key_check`. Call it inside `database.write_transaction`.

    Returns True when it had one already, so that the caller need not check again. Raises Locked when another process,
    with other keys, has encrypted in this database first.
    """
    token = session.scalar(select(KeyCheck.token).where(KeyCheck.key_id == keyring.key_id))
    if token is not None and keyring.verifies_check_token(keyring.key_id, token):
        return True
    new_token = keyring.check_tokens()[keyring.key_id]
    if token is None:
        require_unlocked(read_key_state(session, keyring))
        row = insert(session, KeyCheck).values(key_id=keyring.key_id, token=new_token, created_at=utc_now())
        session.execute(row.on_conflict_do_nothing(index_elements=["key_id"]))
    else:
        session.execute(update(KeyCheck).where(KeyCheck.key_id == keyring.key_id).values(token=new_token))
    return False
