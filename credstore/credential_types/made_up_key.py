"""Generates made-up keys, which a provider must refuse: the control of a test."""

import secrets
import string

_PREFIX = 16  # characters; vendors' prefixes ("sk-proj-", "sk-ant-api03-") are shorter


def made_up_key(key: str) -> str:
    """A random key of the same shape as `key`, and different from it. It keeps the vendor's prefix."""
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
