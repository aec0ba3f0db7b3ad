"""The use cases of the keys: what each one encrypted, changing to the first one, proving it, and retiring one."""

from dataclasses import dataclass

from credstore.encryption.key_usage import KeyUse, use_of_key, used_key_ids
from credstore.vault.encryption_keys.last_rotation import LastRotation, read_last_rotation
from credstore.vault.encryption_keys.opening import Opening
from credstore.vault.encryption_keys.retirement import retire
from credstore.vault.encryption_keys.rotation import Rotation, Step
from credstore.vault.store import CredentialStore

__all__ = ["KeyStatus", "KeyUse", "Keys", "LastRotation", "Opening", "Rotation", "Step"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyStatus:
    """One key: `position` is its place among the configured ones, from 1; 0 where it is not configured."""

    use: KeyUse
    position: int


class Keys:
    """What the command `credstore keys` and the page of keys call."""

    def __init__(self, store: CredentialStore) -> None:
        self._store = store

    @property
    def source(self) -> str:
        """Where the configured keys come from, as the end of a sentence."""
        return self._store.keyring.source

    def status(self) -> list[KeyStatus]:
        """Every configured key in order, then those that rows need and that are missing. Needs no right key."""
        configured = self._store.keyring.key_ids
        others = sorted(used_key_ids(self._store.session) - set(configured))
        return [
            KeyStatus(
                use=use_of_key(self._store.session, key_id),
                position=configured.index(key_id) + 1 if key_id in configured else 0,
            )
            for key_id in (*configured, *others)
        ]

    def rotation(self, *, processes: int | None = None) -> Rotation:
        """A rotation to the first key, which its `run` carries out. `processes` None: as many as there are cores."""
        return Rotation(self._store, processes=processes)

    def opening(self, *, processes: int | None = None) -> Opening:
        """A check that the first key alone opens every row, which its `run` carries out."""
        return Opening(self._store, processes)

    def retire(self, key_id: str, *, lost: bool = False) -> KeyUse:
        """Forget a key that no row needs; see `retirement`. Returns what it had encrypted. Raises Refused."""
        return retire(self._store, key_id, lost=lost)

    def last_rotation(self) -> LastRotation | None:
        return read_last_rotation(self._store.session)
