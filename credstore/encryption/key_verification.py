"""Verifies that the configured keys are the keys of this database. Shows key ids only, never a key.

Each key that has encrypted a secret has a row in the table `key_check`: its id, and a constant text encrypted with it,
which only this key can decrypt.
"""

import logging
from dataclasses import dataclass

from sqlalchemy import select, update

from credstore.database import FIRST_KEY, AnySession, insert, take_turns
from credstore.encryption.key_usage import use_of_missing_keys
from credstore.encryption.keyring import Keyring
from credstore.errors import ConfigError, Locked
from credstore.models import KeyCheck, utc_now

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyState:
    """`configured` are the ids of the configured keys, `known` those that encrypted in this database.

    Keys that were retired, or that somebody said are lost, are not among the known ones.
    """

    configured: tuple[str, ...]
    known: tuple[str, ...]

    @property
    def locked(self) -> bool:
        """True when secrets were encrypted in this database, but by none of the configured keys."""
        return bool(self.known) and not set(self.configured) & set(self.known)


def read_key_state(session: AnySession, keyring: Keyring) -> KeyState:
    """Read the key ids of this database. One statement, without a write: it works on a read-only database too."""
    columns = (KeyCheck.key_id, KeyCheck.token, KeyCheck.lost_at)
    rows = session.execute(select(*columns).order_by(KeyCheck.created_at, KeyCheck.key_id)).all()
    for key_id, token, _ in rows:
        if key_id in keyring.key_ids and not keyring.verifies_check_token(key_id, token):
            # The id is an HMAC of the key, so the key is right and the row is damaged; `register_key` repairs it.
            logger.warning("The key-check row of key %s is damaged; the next write of a secret repairs it.", key_id)
    return KeyState(configured=keyring.key_ids, known=tuple(key_id for key_id, _, lost in rows if not lost))


def require_unlocked(state: KeyState) -> None:
    """Raise Locked, naming the known and the configured key ids, when the state is locked."""
    if state.locked:
        raise Locked(
            f"The secrets here were encrypted with the key {' or '.join(state.known)}, but the configured key is "
            f"{', '.join(state.configured)}. Restore the right key and restart; until then nothing "
            "can be stored or tested."
        )


def require_needed_keys(session: AnySession, keyring: Keyring) -> str:
    """Raise ConfigError when rows need a key that is not configured, beside one that is: it was dropped too early.

    Where none of the configured keys is known, credstore starts locked; then this returns the sentence to print, which
    says how many rows are concerned. Otherwise "".
    """
    missing = use_of_missing_keys(session, keyring)
    if not missing:
        return ""
    needs = "; ".join(f"{use.key_id} encrypted {use.words}" for use in missing)
    if read_key_state(session, keyring).locked:
        return f"Locked: no configured key can decrypt what is stored. The key {needs}."
    raise ConfigError(
        f"A key that stored secrets still need is not in {keyring.source}: {needs}. Put it back, behind the first key, "
        f"and run: credstore keys rotate. If it is lost for good: credstore keys retire {missing[0].key_id} --lost"
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
        # Two servers with different keys at once: one is first, the other one is refused.
        take_turns(session, FIRST_KEY)
        require_unlocked(read_key_state(session, keyring))
        row = insert(session, KeyCheck).values(key_id=keyring.key_id, token=new_token, created_at=utc_now())
        session.execute(row.on_conflict_do_nothing(index_elements=["key_id"]))
    else:
        session.execute(update(KeyCheck).where(KeyCheck.key_id == keyring.key_id).values(token=new_token))
    return False
