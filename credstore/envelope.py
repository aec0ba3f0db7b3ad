"""Values encrypted to one public key: what `use` answers. Both the server and the client use it.

It is HPKE of RFC 9180 in its base mode, by the package `cryptography`: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and
AES-256-GCM. AES and not ChaCha20, because browsers and Node.js have no ChaCha20 in WebCrypto.

An envelope is bound to the token that asked for it, to the credential, to its version and to the nonce of the request:
these are the `info` of HPKE, which is not sent, so that it opens for nothing else. With a nonce that is new in each
request an answer that was recorded earlier does not open.
"""

import base64
import binascii
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from credstore.client_errors import EnvelopeRefused
from credstore.errors import Refused

SUITE_NAME = "HPKE-Base-X25519-HKDF-SHA256-AES-256-GCM"
KEY_BYTES = 32  # of a public or private key, and of the encapsulated key
PADDED_TO = 256  # bytes; the length of an envelope says little about the length of a secret
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """What an envelope is bound to: `token_id(token)`, the id of the credential, its version, and the nonce, if any."""

    token: str
    credential: str
    version: int
    nonce: str = ""

    def info(self) -> bytes:
        """The `info` of HPKE. No part can hold a line break, so that no two bindings have the same."""
        parts = (
            "credstore-use-1",
            self.token,
            self.credential,
            str(self.version),
            *([self.nonce] if self.nonce else []),
        )
        if any("\n" in part for part in parts):
            raise ValueError("A part of a binding has a line break.")
        return "\n".join(parts).encode()


def new_nonce() -> str:
    """22 characters with 128 random bits."""
    return secrets.token_urlsafe(16)


def token_id(token: str) -> str:
    """The SHA-256 of a machine token, in hex: names it without being it. Both sides compute it; it is not sent."""
    return hashlib.sha256(token.encode()).hexdigest()


def seal(content: Mapping[str, Any], public_key: bytes, binding: Binding) -> dict[str, Any]:
    """Encrypt what JSON can hold to a public key of 32 bytes. Raises Refused for a key that protects nothing."""
    plain = json.dumps(content, ensure_ascii=False).encode()
    plain += b" " * (-len(plain) % PADDED_TO)  # which JSON allows behind a text
    try:
        sealed = _SUITE.encrypt(plain, _key_of(public_key), binding.info())
    except ValueError:  # too short, or one of the few points with which every shared secret is zero
        raise Refused("This is no public key of X25519.") from None
    return {
        "suite": SUITE_NAME,
        "credential": binding.credential,
        "version": binding.version,
        "encapsulated_key": _to_base64(sealed[:KEY_BYTES]),
        "ciphertext": _to_base64(sealed[KEY_BYTES:]),
    }


@lru_cache(maxsize=256)
def _key_of(public_key: bytes) -> X25519PublicKey:
    """Kept, since a token asks again and again. Raises ValueError."""
    return X25519PublicKey.from_public_bytes(public_key)


def open_envelope(
    envelope: object, private_key: X25519PrivateKey, *, token: str, credential: str, nonce: str = ""
) -> dict[str, Any]:
    """What an envelope holds. `token` is the machine token that asked, `credential` the id that it asked for.

    `nonce` is that of the request, "" without one. Raises EnvelopeRefused where it is not for this key, token,
    credential or request, or was changed on its way.
    """
    if not isinstance(envelope, Mapping) or envelope.get("suite") != SUITE_NAME:
        raise EnvelopeRefused("The answer is not encrypted as this client expects it. Update the client.")
    version = envelope.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or envelope.get("credential") != credential:
        raise EnvelopeRefused("The answer is for another credential than the one that was asked for.")
    binding = Binding(token=token_id(token), credential=credential, version=version, nonce=nonce)
    try:
        sealed = b"".join(_from_base64(envelope.get(part)) for part in ("encapsulated_key", "ciphertext"))
        content = json.loads(_SUITE.decrypt(sealed, private_key, binding.info()))
    except (InvalidTag, ValueError):
        raise EnvelopeRefused(
            "The answer does not open with this private key: it is for another key, token, credential or request, or "
            "it was changed on its way."
        ) from None
    if not isinstance(content, dict):
        raise EnvelopeRefused("The answer holds no values.")
    return content


def read_public_key(text: str) -> bytes:
    """The 32 bytes of a public key in PEM or base64. Raises Refused with a sentence."""
    try:
        if "-----BEGIN" not in text:
            key: object = X25519PublicKey.from_public_bytes(_from_base64(text.strip()))
        else:
            key = load_pem_public_key(text.strip().encode())
        if isinstance(key, X25519PublicKey):
            _SUITE.encrypt(b"", key)  # raises where every shared secret would be zero
            return key.public_bytes_raw()
    except (ValueError, UnsupportedAlgorithm):
        raise Refused("This is no public key of X25519, in PEM or as 32 bytes in base64.") from None
    raise Refused("This is a public key, but not one of X25519.")


def read_private_key(text: str) -> X25519PrivateKey:
    """A private key in PEM without a passphrase, or base64. Raises Refused, whose sentence has nothing of it."""
    try:
        if "-----BEGIN" not in text:
            return X25519PrivateKey.from_private_bytes(_from_base64(text.strip()))
        key = load_pem_private_key(text.strip().encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # TypeError: it has a passphrase
        raise Refused("This is no private key of X25519, in PEM without a passphrase.") from None
    if not isinstance(key, X25519PrivateKey):
        raise Refused("This is a private key, but not one of X25519.")
    return key


def _to_base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _from_base64(text: object) -> bytes:
    """Raises ValueError."""
    if not isinstance(text, str):
        raise ValueError
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError from None
