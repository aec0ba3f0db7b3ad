"""The text of a machine token: `crs_`, 32 random characters of base62, and a checksum of six characters.

Scanners for leaked secrets find it by its form; the checksum (CRC32, as in GitHub's tokens) tells a token from a text
that only looks like one, without a look into the database.
"""

import hashlib
import re
import secrets
import string
import zlib

PREFIX = "crs_"
RANDOM_CHARACTERS = 32  # of 62: 190 bits
CHECKSUM_CHARACTERS = 6
SHOWN_CHARACTERS = len(PREFIX) + 4
_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_FORM = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{RANDOM_CHARACTERS + CHECKSUM_CHARACTERS}}}")


def new_token() -> str:
    """A new random token."""
    begin = PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(RANDOM_CHARACTERS))
    return begin + checksum(begin)


def is_token(text: str) -> bool:
    """Whether the form and the checksum are those of a token."""
    begin, end = text[:-CHECKSUM_CHARACTERS], text[-CHECKSUM_CHARACTERS:]
    return bool(_FORM.fullmatch(text)) and end == checksum(begin)


def checksum(begin: str) -> str:
    """The CRC32 of the text before it, in base62, with leading zeros."""
    number, digits = zlib.crc32(begin.encode()), ""
    while number:
        number, digit = divmod(number, 62)
        digits = _ALPHABET[digit] + digits
    return digits.rjust(CHECKSUM_CHARACTERS, "0")


def token_hash(token: str) -> str:
    """The SHA-256 in hex. A slow hash guards passwords, which can be guessed; 190 random bits cannot."""
    return hashlib.sha256(token.encode()).hexdigest()


def shown(token: str) -> str:
    """The beginning of a token, which says nothing of the rest."""
    return token[:SHOWN_CHARACTERS]
