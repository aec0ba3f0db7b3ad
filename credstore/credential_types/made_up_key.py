"""Makes up keys: of the same form as a given one, but not that one, for the control of a check.

Only the tail differs. A server that looks at the prefix, the length, the alphabet or the parts of a key, and not at the
whole of it, then answers a made-up key as it answers the real one. A checksum inside of a key is not kept.
"""

import re
import secrets
import string
from collections.abc import Collection
from functools import cache

_LONGEST_TAIL = 12  # characters; enough that no made-up key is anybody's real one
_WORD = re.compile("[A-Za-z0-9]+")
_CLASSES = (string.digits, string.ascii_lowercase, string.ascii_uppercase)
# Alphabets that are kept, the narrowest first. A word in none of them keeps each character's class.
_ALPHABETS = (
    string.digits,
    string.digits + "abcdef",
    string.digits + "ABCDEF",
    "234567" + string.ascii_uppercase,
    "234567" + string.ascii_lowercase,
)


def made_up_key(key: str, *, other_than: Collection[str] = ()) -> str:
    """A key of the same form that is neither `key` nor one of `other_than`.

    Every separator stays, and each character that changes stays in its alphabet: a digit for a digit, a capital letter
    for a capital letter, a hexadecimal digit in a hexadecimal word.
    """
    places = {place: word[0] for word in _WORD.finditer(key) for place in range(*word.span())}
    if not places:
        return _longer(key, other_than)
    tail = [*places][-min(_LONGEST_TAIL, (len(places) + 1) // 2) :]
    if len(tail) > 2:
        tail = tail[:-1]  # the last character of base64 may stand for fewer bits: another one could be malformed
    alphabets = {word: _alphabet(word) for word in {places[place] for place in tail}}
    others = {place: _replacements(key[place], alphabets[places[place]]) for place in tail}
    while True:
        chars = list(key)
        for place in tail:
            chars[place] = secrets.choice(others[place])
        fake = "".join(chars)
        if fake not in other_than:
            return fake


def _longer(key: str, other_than: Collection[str]) -> str:
    """For a key without letters and digits, which has no character to change."""
    while (fake := key + secrets.choice(string.ascii_letters)) in other_than:
        continue
    return fake


def _alphabet(word: str) -> str:
    return next((known for known in _ALPHABETS if set(word) <= set(known)), "".join(_CLASSES))


@cache
def _replacements(char: str, alphabet: str) -> str:
    """The other characters of its class that the alphabet has; never none, for every class of each has several."""
    mine = next(chars for chars in _CLASSES if char in chars)
    return "".join(set(mine).intersection(alphabet) - {char})
