"""Finds the parts of a base URL that a person still has to replace, as in documentation and in our presets. Pure.

A key must never be sent there: anybody may register a name like `your-resource`.
"""

import re
from urllib.parse import unquote, urlsplit

from credstore.credential_types.llm.hosts import base_url_presets, host_of

_IN_BRACKETS = re.compile(r"<([^<>]+)>")


def _names() -> frozenset[str]:
    """What the presets call the parts to replace, without brackets: "resource-name"."""
    return frozenset(name for url, _ in base_url_presets() for name in _IN_BRACKETS.findall(url))


_STEMS = "|".join(sorted({re.escape(name.rpartition("-")[0]) for name in _names()}))
# <…>, {…}, $NAME or :name, also percent-encoded; and the words themselves, with or without "your".
_MARKED = re.compile(r"<.*>|\{.*\}|\$.+|:.+")
_WORDS = re.compile(rf"(?:your-?(?:own-)?)?(?:{_STEMS})-?(?:name|id)|your-?(?:{_STEMS})")


def part_to_replace(base_url: str) -> str:
    """The first label of the host or segment of the path that is a placeholder; "" when there is none.

    At a known host every part that begins with "your-" is one; elsewhere it may be a real name.
    """
    parts = urlsplit(base_url)
    known = host_of(base_url) is not None
    for part in (*(parts.hostname or "").split("."), *parts.path.split("/")):
        plain = unquote(part).lower().replace("_", "-")
        if _MARKED.fullmatch(plain) or _WORDS.fullmatch(plain) or (known and plain.startswith("your-")):
            return part
    return ""
