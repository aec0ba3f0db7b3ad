"""Rules for new usernames, and the form in which all are compared, so that two which look the same are one."""

import re
import unicodedata

from sqlalchemy import select

from credstore.audit import is_reserved
from credstore.database import AnySession
from credstore.models import Admin

MAX_USERNAME = 150
MAX_KEY = 600
# Printable by their category, though nothing of them is seen (Unicode's Default_Ignorable_Code_Point).
_UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_WORD = re.compile(r"[^\W\d_]+")
# Many of their letters look like those of another one of these alphabets.
_ALPHABETS = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC"})


def username_problem(username: str, *, exists: bool = False) -> str | None:
    """A sentence that says why this username cannot be used, or None.

    `exists`: it is one that was given before some names were refused, maybe.
    """
    if not username.strip():
        return "Enter a username."
    if not username_key(username):
        return f"Use at most {MAX_USERNAME} printable characters."
    if not exists and is_reserved(username):
        return "The audit log uses this name for something else. Choose another."
    if not exists and mixes_alphabets(username):
        return "Write each word with the letters of one alphabet. Other names look alike."
    return None


def username_key(username: str) -> str:
    """The form in which usernames are compared: NFKC, case-folded, one space between words, nothing that is not seen.

    "" for what cannot be a username.
    """
    name = _composed(username)
    folded = unicodedata.normalize("NFKC", name).casefold()
    key = " ".join(unicodedata.normalize("NFKC", _UNSEEN.sub("", folded)).split())
    # A key that is too long looks like no other name: there is none of that length.
    return key if len(key) <= MAX_KEY else _former_key(username)


def stored_key(session: AnySession, username: str) -> str:
    """The key of the row of this user, and that of a new user where there is no row.

    Rows from before the comparison in NFKC keep the key that they have, so that their users can still sign in.
    """
    key, former = username_key(username), _former_key(username)
    if key == former:
        return key
    return session.scalar(select(Admin.username_key).where(Admin.username_key == former)) or key


def mixes_alphabets(username: str) -> bool:
    """Whether a word has letters of two alphabets that look alike, such as a Cyrillic “а” in a Latin name."""  # noqa: RUF002 - it is the example
    words = _WORD.findall(unicodedata.normalize("NFKC", _composed(username)))
    return any(len({_alphabet(letter) for letter in word} & _ALPHABETS) > 1 for word in words)


def _alphabet(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0]


def _former_key(username: str) -> str:
    key = unicodedata.normalize("NFC", _composed(username).casefold())
    return key if len(key) <= MAX_KEY else ""


def _composed(username: str) -> str:
    """The name, trimmed and in NFC, "" where it is too long or cannot be shown."""
    if len(username) > MAX_KEY:  # checked first: the time to normalize a text grows with the square of its length
        return ""
    name = unicodedata.normalize("NFC", username.strip())
    return name if len(name) <= MAX_USERNAME and name.isprintable() else ""
