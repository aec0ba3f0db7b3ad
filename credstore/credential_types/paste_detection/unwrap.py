"""Finds the key in a pasted text: removes quotes, "Bearer", the name of a .env line, a curl command and the like.

It never raises, and its notes never repeat the text: any part of it may be the secret.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from credstore.credential_types.paste_detection import curl
from credstore.credential_types.paste_detection.env_lines import LINE_SEPARATOR, is_joined, parse_env_lines

SPACE = "Dropped the space or line break around it."
INVISIBLE = "Dropped characters that cannot be seen."
QUOTES = "Dropped the quotes around it."
BEARER = "Dropped the “Bearer” before it."
HEADER = "Dropped the name of the header before it."
LINE = "Took the value out of a line of the form NAME=value."
FIRST = "There were several keys in it; took the first."
CURL = "Took the key out of a curl command."
TELEGRAM = "Took the bot token out of a URL of Telegram's."
NOTES = (SPACE, INVISIBLE, QUOTES, BEARER, HEADER, LINE, FIRST, CURL, TELEGRAM)

# Direction overrides are not among them: `field_validation` refuses a key that has one.
_ZERO_WIDTH = frozenset("\u00ad\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff")
_QUOTES = "\"'`´“”„‟‘’‚‛«»‹›"  # noqa: RUF001 - what word processors and chat programs make of quotes
_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASS", re.IGNORECASE)
_FOUND_NAMES = (
    ("base_url", re.compile(r"_(?:BASE_URL|API_BASE|API_URL|BASE|ENDPOINT)\Z", re.IGNORECASE)),
    ("organization_id", re.compile(r"_ORG(?:ANIZATION)?(?:_ID)?\Z", re.IGNORECASE)),
)
_HEADER_NAME = r"(?:authorization|(?:x-)?(?:[a-z]{1,20}-)?api-key|private-token)"
_HEADER = re.compile(rf"(?:['\"]?{_HEADER_NAME}['\"]?\s*:\s*)+", re.IGNORECASE)
_BEARER = re.compile(r"(?:bearer[\s:]+)+", re.IGNORECASE)
_TELEGRAM = re.compile(
    r"https?://[^\s/]+/(?:file/)?bot(\d{3,20})(?::|%3A)([\w-]{10,})(?:/\S*)?\Z", re.ASCII | re.IGNORECASE
)
# No step takes anything off a text of these characters alone, as most keys are.
_BARE = re.compile(r"[\w.-]+", re.ASCII)
# Characters. A longer text is no key with something around it, and stays as it is.
MAX_LENGTH = 20_000
MOST_LAYERS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Unwrapped:
    """`value` is the key, `notes` say what was removed, `found` has values for `base_url` and `organization_id`."""

    value: str = field(repr=False)
    notes: tuple[str, ...] = ()
    found: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class _Seen:
    """What the steps have found so far. The notes are the keys of a dict, which keeps their order."""

    wanted: str
    notes: dict[str, None] = field(default_factory=dict)
    found: dict[str, str] = field(default_factory=dict)


def unwrap(text: str, wanted: str = "") -> Unwrapped:
    """The key in this text. It is idempotent: `unwrap(unwrap(text).value)` has the same value.

    Of several NAME=value lines, one whose name has `wanted`, the name of a field like `bot_token`, is preferred.
    """
    if len(text) > MAX_LENGTH or _BARE.fullmatch(text):
        return Unwrapped(value=text)
    inner, seen = text.replace(LINE_SEPARATOR, "\n"), _Seen(wanted=wanted.upper())
    for _ in range(MOST_LAYERS):
        before = inner
        for step, note in _STEPS:
            shorter = step(inner, seen)
            if len(shorter) < len(inner):
                inner = shorter
                seen.notes.setdefault(note)
        if inner == before:
            return Unwrapped(value=inner, notes=tuple(seen.notes), found=seen.found)
    return Unwrapped(value=text)


def _space(text: str, _seen: _Seen) -> str:
    return text.strip()


def _invisible(text: str, _seen: _Seen) -> str:
    if text.isascii():
        return text
    return "".join(char for char in text if char not in _ZERO_WIDTH)


def _curl(text: str, seen: _Seen) -> str:
    command = curl.parse_curl(text)
    if command is None:
        return text
    for name, value in command.found.items():
        seen.found.setdefault(name, value)
    return command.key


def _telegram(text: str, _seen: _Seen) -> str:
    url = _TELEGRAM.match(text)
    return f"{url[1]}:{url[2]}" if url else text


def _lines(text: str, seen: _Seen) -> str:
    """The value of the first NAME=value line whose name is that of a secret, when all lines have that form."""
    pairs = parse_env_lines(text)
    secrets: list[tuple[str, str]] = []
    for name, value in pairs or ():
        about = next((field_name for field_name, pattern in _FOUND_NAMES if pattern.search(name)), "")
        if about:
            curl.keep_if_valid(seen.found, about, value)
        elif value and _SECRET_NAME.search(name) and not is_joined(value):
            secrets.append((name.upper(), value))
    preferred = [pair for pair in secrets if seen.wanted and seen.wanted in pair[0]] or secrets
    if len(preferred) > 1:
        seen.notes.setdefault(FIRST)
    return preferred[0][1] if preferred else text


def _header(text: str, _seen: _Seen) -> str:
    return _HEADER.sub("", text, count=1) if _HEADER.match(text) else text


def _bearer(text: str, _seen: _Seen) -> str:
    return _BEARER.sub("", text, count=1) if _BEARER.match(text) else text


def _quotes(text: str, _seen: _Seen) -> str:
    inner = text.rstrip(",;") if text[:1] in _QUOTES else text
    while len(inner) > 1 and inner[0] in _QUOTES and inner[-1] in _QUOTES:
        inner = inner[1:-1]
    return inner if len(inner) < len(text.rstrip(",;")) else text


_STEPS: tuple[tuple[Callable[[str, _Seen], str], str], ...] = (
    (_invisible, INVISIBLE),
    (_space, SPACE),
    (_curl, CURL),
    (_telegram, TELEGRAM),
    (_lines, LINE),
    (_header, HEADER),
    (_bearer, BEARER),
    (_quotes, QUOTES),
)
