"""Rules for passwords, and argon2id hashes. Never keeps a password or repeats it in a message."""

import unicodedata
from functools import cache
from itertools import pairwise
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from credstore.access_errors import Throttled
from credstore.accounts.usernames import username_key

MIN_CHARACTERS = 15
MAX_BYTES = 1024
LONGEST_REPEATED = 8  # characters of a text that is repeated
MOST_IN_ORDER = 0.8  # the share of characters that may follow the one before: "123456789012345" starts again once
HASHES_AT_ONCE = 4
NO_PASSWORD = ""  # stands in place of a hash, for users whom the OpenID Connect provider signs in
_WAIT_SECONDS = 10

_hasher = PasswordHasher()
# One hash takes 64 MiB: without a limit, many sign-ins at once would take all memory.
_slots = BoundedSemaphore(HASHES_AT_ONCE)


def password_problem(username: str, password: str) -> str | None:
    """A sentence that says why this password cannot be used, or None."""
    if not _is_text(password):
        return "This password holds characters that are not valid text. Choose another."
    if len(password) < MIN_CHARACTERS:
        return f"This is too short: use at least {MIN_CHARACTERS} characters."
    if len(password.encode()) > MAX_BYTES:
        return f"Use at most {MAX_BYTES} bytes."
    if username_key(password) == username_key(username) != "":
        return "Choose a password that differs from the username."
    if _is_repetitive(password):
        return "This repeats or counts up a few characters, which is guessed first. Choose some words of your own."
    return None


def _is_repetitive(password: str) -> bool:
    """Whether it is one short text again and again, or characters that follow each other in the alphabet or as digits.

    NIST SP 800-63B, section 3.1.1.2, has such passwords refused.
    """
    text = password.casefold()
    again = any(text[size:] == text[:-size] for size in range(1, LONGEST_REPEATED + 1))
    steps = [ord(after) - ord(before) for before, after in pairwise(text)]
    return again or sum(step in {-1, 0, 1} for step in steps) >= len(steps) * MOST_IN_ORDER


def hash_password(password: str) -> str:
    """The argon2id hash of a password that `password_problem` accepts. Raises Throttled while too many hashes run."""
    with _HashSlot():
        return _hasher.hash(normalized(password))


def verify(stored: str | None, password: str) -> bool:
    """Whether `password` matches the hash `stored`. Takes the same time when `stored` is None or NO_PASSWORD.

    Raises Throttled while too many hashes run.
    """
    dummy = _dummy_hash()  # in either case, so that the time of its first computation reveals nothing
    usable = _is_text(password) and len(password.encode()) <= MAX_BYTES
    with _HashSlot():
        try:
            matches = _hasher.verify(stored or dummy, normalized(password) if usable else "")
        except (VerificationError, InvalidHashError):
            return False
    return matches and usable and bool(stored)


def needs_rehash(stored: str) -> bool:
    """Whether the hash was made with other argon2 parameters than the current ones."""
    return _hasher.check_needs_rehash(stored)


class _HashSlot:
    """A slot of the HASHES_AT_ONCE. The wait for one is bounded, so that many sign-ins cannot hold every thread."""

    def __enter__(self) -> None:
        if not _slots.acquire(timeout=_WAIT_SECONDS):
            raise Throttled("Too many people are signing in at once. Wait a few seconds, then try again.", 5)

    def __exit__(self, *_: object) -> None:
        _slots.release()


@cache
def _dummy_hash() -> str:
    return hash_password("no account has this password")


def normalized(password: str) -> str:
    """The form that is hashed (NFKC): typed on another keyboard, the same password may arrive in another one.

    NIST SP 800-63B, section 5.1.1.2.
    """
    return unicodedata.normalize("NFKC", password)


def _is_text(password: str) -> bool:
    try:
        password.encode()
    except UnicodeEncodeError:
        return False
    return True
