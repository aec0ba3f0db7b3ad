"""Whether a text that is no secret field looks like a secret, like a key in the place of a name in a file. Pure."""

import re

from credstore.credential_types.paste_detection.key_prefixes import owner_of_key

MOST_CHARACTERS = 1000  # of a text that are looked at
_RUN = re.compile(r"[A-Za-z0-9+/=_-]{32,}")
_MIXED = (re.compile("[a-z]"), re.compile("[A-Z]"), re.compile("[0-9]"))
_LOGIN = re.compile(r"://[^/@\s]*@")


def looks_like_a_secret(text: str) -> bool:
    """Whether a part of the text begins as a known key does, is long and random, or is a URL with a login.

    No name of a variable mixes small and capital letters and digits for so long.
    """
    text = text[:MOST_CHARACTERS]
    random = any(all(kind.search(run) for kind in _MIXED) for run in _RUN.findall(text))
    return random or bool(_LOGIN.search(text)) or any(map(owner_of_key, text.split()))
