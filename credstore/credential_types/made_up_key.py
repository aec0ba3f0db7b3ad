"""Makes up keys: of the same shape as a given one, but not that one, for the control of a check."""

import secrets
import string

_PREFIX = 16  # no vendor's prefix ("sk-proj-", "sk-ant-api03-") needs more to keep a made-up key's shape


def made_up_key(key: str) -> str:
    """A key of the same shape that is not the key: the vendor's prefix stays, the characters after it do not."""
    cut = max(key.rfind(mark, 0, _PREFIX) for mark in "-_") + 1
    for start in (cut, 0):
        if any(char not in "-_." for char in key[start:]):
            while (fake := key[:start] + "".join(_random_like(char) for char in key[start:])) == key:
                continue
            return fake
    return key + "x"


def _random_like(char: str) -> str:
    for alphabet in (string.digits, string.ascii_lowercase, string.ascii_uppercase):
        if char in alphabet:
            return secrets.choice(alphabet)
    return char if char in "-_." else secrets.choice(string.ascii_letters)
