"""The keyring: encrypts and decrypts secrets (Fernet), and computes key ids and fingerprints. Never logs a value.

Fernet has no associated data, so the context (row, type, destination) is encrypted together with the secrets, and
`unseal` compares every item of it. A token that was moved to another row, or whose row has another destination now,
raises `Unreadable`.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from credstore.errors import ConfigError, Tampered, Unreadable

GENERATE_COMMAND = "credstore keys generate"
_KEY_PATTERN = re.compile(r"[A-Za-z0-9_-]{43}=")
_CHECK_PLAINTEXT = b"credstore key check"

Context = Mapping[str, Any]


def generate_key() -> str:
    """A new random key in the form FIELD_ENCRYPTION_KEY takes (44 characters)."""
    return Fernet.generate_key().decode("ascii")


def key_id(key: str) -> str:
    """8 hex digits that name a key: the start of an HMAC-SHA256 under the key, which reveals nothing of it."""
    return _hmac(key, b"kid")[:8]


def _hmac(key: str, message: bytes) -> str:
    return hmac.new(base64.urlsafe_b64decode(key), message, hashlib.sha256).hexdigest()


class Keyring:
    """The keys of FIELD_ENCRYPTION_KEY: the first one encrypts, all of them decrypt."""

    def __init__(self, text: str) -> None:
        """Parse a comma-separated list of keys. Raises ConfigError, which names a key by its position only."""
        keys = [key.strip() for key in text.split(",") if key.strip()]
        if not keys:
            raise ConfigError(f"FIELD_ENCRYPTION_KEY is not set. Make a key with: {GENERATE_COMMAND}")
        for position, key in enumerate(keys, start=1):
            # Fernet would silently drop quotes and other characters, so that two texts could be one key.
            if not _KEY_PATTERN.fullmatch(key):
                raise ConfigError(
                    f"Key {position} of {len(keys)} in FIELD_ENCRYPTION_KEY is malformed: a key is 43 letters, digits, "
                    f"“-” or “_” and then “=”, without quotes. Make one with: {GENERATE_COMMAND}"
                )
        self._keys = list(dict.fromkeys(keys))
        self._fernet = MultiFernet([Fernet(key) for key in self._keys])
        self.key_ids = tuple(key_id(key) for key in self._keys)

    def __repr__(self) -> str:
        return f"Keyring({', '.join(self.key_ids)})"

    @property
    def key_id(self) -> str:
        """The id of the key that encrypts."""
        return self.key_ids[0]

    def seal(self, context: Context, secrets: Mapping[str, str]) -> str:
        """Encrypt `secrets` together with their context. Returns a Fernet token."""
        return self._fernet.encrypt(json.dumps({**context, "secrets": dict(secrets)}).encode()).decode("ascii")

    def unseal(self, token: object, context: Context) -> dict[str, str]:
        """Decrypt and compare every item of the context. Never shows a value in an error.

        Raises Unreadable when no key decrypts it (it may be damaged, or its key may be missing), and Tampered when a
        key does, but what it encrypts does not belong to this context.
        """
        try:
            payload = json.loads(self._fernet.decrypt(token))  # type: ignore[arg-type]
        except (InvalidToken, TypeError, ValueError):
            raise Unreadable(
                "The stored value cannot be decrypted: it is damaged, or its key is not configured."
            ) from None
        secrets = payload.pop("secrets", None) if isinstance(payload, dict) else None
        if not isinstance(secrets, dict) or payload != dict(context):
            raise Tampered(
                "The encrypted value does not belong to this row as it stands: the row was changed outside credstore."
            )
        return {str(name): str(value) for name, value in secrets.items()}

    def fingerprint(self, secret: str) -> str:
        """64 hex digits, equal for equal secrets under one key: an HMAC-SHA256, which reveals nothing else."""
        return _hmac(self._keys[0], b"fingerprint\0" + secret.encode())

    def check_tokens(self) -> dict[str, str]:
        """By key id, a token of a constant. It is stored, and `verifies_check_token` checks it later."""
        return {
            kid: Fernet(key).encrypt(_CHECK_PLAINTEXT).decode()
            for kid, key in zip(self.key_ids, self._keys, strict=True)
        }

    def verifies_check_token(self, kid: str, token: str) -> bool:
        """Whether `token` is a check token of the configured key with the id `kid`."""
        for known, key in zip(self.key_ids, self._keys, strict=True):
            if known == kid:
                try:
                    return Fernet(key).decrypt(token) == _CHECK_PLAINTEXT
                except (InvalidToken, TypeError, ValueError):
                    return False
        return False
