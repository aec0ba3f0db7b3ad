"""Decides whether the configured keys are this database's keys. Only key ids are ever shown."""

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
    """`given` are the ids of the configured keys, `expected` those that ever sealed in this database."""

    configured: tuple[str, ...]
    known: tuple[str, ...]

    @property
    def locked(self) -> bool:
        """True when secrets were sealed here, and none of the configured keys is among the keys that did."""
        return bool(self.known) and not set(self.configured) & set(self.known)


def read_key_state(session: AnySession, keyring: Keyring) -> KeyState:
    """One statement; no writing, so that it works on a read-only database too."""
    rows = session.execute(select(KeyCheck.key_id, KeyCheck.token).order_by(KeyCheck.created_at, KeyCheck.key_id)).all()
    for key_id, token in rows:
        if key_id in keyring.key_ids and not keyring.verifies_check_token(key_id, token):
            # The id is itself a MAC of the key, so the key is right and the row is damaged; `remember` mends it.
            logger.warning("The key-check row of key %s is damaged; the next write of a secret repairs it.", key_id)
    return KeyState(configured=keyring.key_ids, known=tuple(key_id for key_id, _ in rows))


def require_unlocked(state: KeyState) -> None:
    """Raise Locked, naming the keys wanted and given, unless the state is open."""
    if state.locked:
        raise Locked(
            f"The secrets here were encrypted with the key {' or '.join(state.known)}, but FIELD_ENCRYPTION_KEY holds "
            f"{', '.join(state.configured)}. Restore the right key and restart; until then nothing "
            "can be stored or tested."
        )


def register_key(session: AnySession, keyring: Keyring) -> bool:
    """Inside a writing transaction: see to it that the encryption key has a sound key-check row.

    True when it had one already, so that the caller need not ask again. Raises Locked when another process, with keys
    of its own, was the first to encrypt here.
    """
    token = session.scalar(select(KeyCheck.token).where(KeyCheck.key_id == keyring.key_id))
    if token is not None and keyring.verifies_check_token(keyring.key_id, token):
        return True
    fresh = keyring.check_tokens()[keyring.key_id]
    if token is None:
        require_unlocked(read_key_state(session, keyring))
        row = insert(session, KeyCheck).values(key_id=keyring.key_id, token=fresh, created_at=utc_now())
        session.execute(row.on_conflict_do_nothing(index_elements=["key_id"]))
    else:
        session.execute(update(KeyCheck).where(KeyCheck.key_id == keyring.key_id).values(token=fresh))
    return False
