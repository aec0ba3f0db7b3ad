"""HPKE of RFC 9180 in its base mode, for one message, written from the RFC alone: what credstore encrypts is that."""

import hashlib
import hmac
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEM_SUITE = b"KEM" + (0x0020).to_bytes(2, "big")  # DHKEM(X25519, HKDF-SHA256)
_VERSION = b"HPKE-v1"


@dataclass(frozen=True)
class Suite:
    """`aead_id` is 1 for AES-128-GCM and 2 for AES-256-GCM (section 7.3)."""

    aead_id: int

    @property
    def _id(self) -> bytes:
        return b"HPKE" + b"".join(number.to_bytes(2, "big") for number in (0x0020, 0x0001, self.aead_id))

    def open(
        self, enc: bytes, ciphertext: bytes, private_key: X25519PrivateKey, info: bytes, aad: bytes = b""
    ) -> bytes:
        """Section 6.1, `OpenBase`. Raises InvalidTag."""
        public = private_key.public_key().public_bytes_raw()
        shared = private_key.exchange(X25519PublicKey.from_public_bytes(enc))
        secret = _expand(_extract(b"", b"eae_prk", shared, _KEM_SUITE), b"shared_secret", enc + public, 32, _KEM_SUITE)
        hashes = [_extract(b"", label, text, self._id) for label, text in ((b"psk_id_hash", b""), (b"info_hash", info))]
        context = b"\0" + b"".join(hashes)
        secret = _extract(secret, b"secret", b"", self._id)
        key = _expand(secret, b"key", context, 16 * self.aead_id, self._id)
        nonce = _expand(secret, b"base_nonce", context, 12, self._id)
        return AESGCM(key).decrypt(nonce, ciphertext, aad)


def _extract(salt: bytes, label: bytes, text: bytes, suite: bytes) -> bytes:
    return hmac.digest(salt, _VERSION + suite + label + text, "sha256")


def _expand(key: bytes, label: bytes, info: bytes, length: int, suite: bytes) -> bytes:
    """HKDF-Expand of at most 32 bytes: one block."""
    assert length <= hashlib.sha256().digest_size
    return hmac.digest(key, length.to_bytes(2, "big") + _VERSION + suite + label + info + b"\1", "sha256")[:length]
