"""What the processes of a rotation and of `keys verify` do with a batch. Needs no database and no credential types."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from credstore.encryption.keyring import Keyring
from credstore.errors import Unreadable

SealedItems = tuple[str, Sequence[str]]  # the id of a key, and tokens that it encrypted
Resealed = tuple[str, str | None]  # the new token, and the fingerprint of the main secret


@dataclass(frozen=True, slots=True)
class Reencrypt:
    """`secret_fields` are the names of the secret fields by type: the first that has a value is the main secret."""

    keyring: Keyring
    secret_fields: Mapping[str, Sequence[str]]

    def __call__(self, items: SealedItems) -> list[Resealed | None]:
        """For each token the same value under the first key; None where it does not open."""
        key_id, tokens = items
        return [
            None if found is None else (found[0], self._fingerprint(found[1]))
            for found in self.keyring.reseal(tokens, key_id)
        ]

    def _fingerprint(self, payload: dict[str, Any]) -> str | None:
        secrets = payload.get("secrets")
        if not isinstance(secrets, dict):
            return None
        names = self.secret_fields.get(str(payload.get("kind")), ())
        main = next((str(secrets[name]) for name in names if name in secrets), "")
        return self.keyring.fingerprint(main) if main else None


@dataclass(frozen=True, slots=True)
class OpenWithFirst:
    """Opens tokens with the first key alone. No secret leaves the process: only what they are bound to, and names."""

    keyring: Keyring

    def __call__(self, tokens: list[str]) -> list[tuple[dict[str, Any], list[str]] | None]:
        """For each token its context and the names of its secrets; None where it does not open."""
        return [self._open(token) for token in tokens]

    def _open(self, token: str) -> tuple[dict[str, Any], list[str]] | None:
        try:
            context = self._content(token)
        except Unreadable:
            return None
        secrets = context.pop("secrets", None)
        return context, sorted(map(str, secrets)) if isinstance(secrets, dict) else []

    def _content(self, token: str) -> dict[str, Any]:
        return self.keyring.open_with_first(token)


class OpenWithAny(OpenWithFirst):
    """The same with whichever of the keys it is."""

    def _content(self, token: str) -> dict[str, Any]:
        return self.keyring.open_with_any(token)
