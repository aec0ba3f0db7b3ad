"""The keyring: encrypts and decrypts secrets (Fernet), and computes key ids and fingerprints. Never logs a value.

Fernet has no associated data, so the context (row, type, destination) is encrypted together with the secrets, and
`unseal` compares every item of it. A token that was moved to another row, or whose row has another destination now,
raises `Unreadable`.
"""

import base64
import hmac
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from credstore.encryption.token_conversion import TokenConversion
from credstore.errors import ConfigError, Tampered, Unreadable

GENERATE_COMMAND = "credstore keys generate"
_KEY_PATTERN = re.compile(r"[A-Za-z0-9_-]{43}=")
_CHECK_PLAINTEXT = b"credstore key check"
_JSON = json.JSONDecoder()

Context = Mapping[str, Any]


def generate_key() -> str:
    """A new random key in the form FIELD_ENCRYPTION_KEY takes (44 characters)."""
    return Fernet.generate_key().decode("ascii")


def key_id(key: str) -> str:
    """8 hex digits that name a key: the start of an HMAC-SHA256 under the key, which reveals nothing of it."""
    return _hmac(key, b"kid")[:8]


def _hmac(key: str, message: bytes) -> str:
    return hmac.digest(base64.urlsafe_b64decode(key), message, "sha256").hex()


def _json_object(plain: bytes) -> dict[str, Any]:
    try:
        found, _ = _JSON.raw_decode(plain.decode())  # what json.loads does besides takes as long again
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


class Keyring:
    """The configured keys: the first one encrypts, all of them decrypt. `source` says where they come from."""

    def __init__(self, text: str, source: str = "FIELD_ENCRYPTION_KEY") -> None:
        """Parse a comma-separated list of keys. Raises ConfigError, which names a key by its position only."""
        self.source = source
        keys = [key.strip() for key in text.split(",") if key.strip()]
        if not keys:
            raise ConfigError(f"FIELD_ENCRYPTION_KEY is not set. Make a key with: {GENERATE_COMMAND}")
        for position, key in enumerate(keys, start=1):
            # Fernet would silently drop quotes and other characters, so that two texts could be one key.
            if not _KEY_PATTERN.fullmatch(key):
                raise ConfigError(
                    f"Key {position} of {len(keys)} in {source} is malformed: a key is 43 letters, digits, "
                    f"“-” or “_” and then “=”, without quotes. Make one with: {GENERATE_COMMAND}"
                )
        self._keys = list(dict.fromkeys(keys))
        self.key_ids = tuple(key_id(key) for key in self._keys)
        self._by_id = {kid: Fernet(key) for kid, key in zip(self.key_ids, self._keys, strict=True)}
        self._fernet = MultiFernet(list(self._by_id.values()))
        self._fingerprint = HMAC(base64.urlsafe_b64decode(self._keys[0]), SHA256())
        self._fingerprint.update(b"fingerprint\0")

    def __repr__(self) -> str:
        return f"Keyring({', '.join(self.key_ids)})"

    def __reduce__(self) -> "tuple[type[Keyring], tuple[str]]":
        """A process that encrypts for this one gets the keys through a pipe."""
        return (Keyring, (",".join(self._keys),))

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
            payload = json.loads(self._fernet.decrypt(token).decode())  # type: ignore[arg-type]
        except (InvalidToken, TypeError, ValueError):
            raise Unreadable(
                "The stored value cannot be decrypted: it is damaged, or its key is not configured."
            ) from None
        secrets = payload.pop("secrets", None) if isinstance(payload, dict) else None
        if not isinstance(secrets, dict) or payload != context:
            raise Tampered(
                "The encrypted value does not belong to this row as it stands: the row was changed outside credstore."
            )
        return {str(name): str(value) for name, value in secrets.items()}

    def reseal(self, tokens: Iterable[str], kid: str) -> Iterator[tuple[str, dict[str, Any]] | None]:
        """Encrypt with the first key what each token encrypts, byte for byte; `kid` is the key that they name.

        The context is neither compared nor changed: a value that was moved to another row stays Tampered there.
        Gives the new token, and what it encrypts as a dict ({} where it is no JSON object); None where it does
        not open.
        """
        if kid not in self.key_ids:
            yield from (None for _ in tokens)
            return
        convert = TokenConversion(self._keys[self.key_ids.index(kid)], self._keys[0])
        for token in tokens:
            try:
                resealed, plain = convert(token)
            except (InvalidToken, TypeError, ValueError):
                yield None
            else:
                yield resealed, _json_object(plain)

    def open_with_first(self, token: str) -> dict[str, Any]:
        """What the first key alone decrypts, as a dict with the context and "secrets". Raises Unreadable."""
        try:
            return _json_object(self._by_id[self.key_id].decrypt(token))
        except (InvalidToken, TypeError, ValueError):
            raise Unreadable("The stored value does not open with the first key.") from None

    def open_with_any(self, token: str) -> dict[str, Any]:
        """As `open_with_first`, with whichever of the keys it is."""
        try:
            return _json_object(self._fernet.decrypt(token))
        except (InvalidToken, TypeError, ValueError):
            raise Unreadable("The stored value does not open with any of the keys.") from None

    def fingerprint(self, secret: str) -> str:
        """64 hex digits, equal for equal secrets under one key: an HMAC-SHA256, which reveals nothing else."""
        digest = self._fingerprint.copy()  # half of the time of hmac.digest
        digest.update(secret.encode())
        return digest.finalize().hex()

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
