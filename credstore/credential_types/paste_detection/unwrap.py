"""Finds the key in a pasted text: removes quotes, "Bearer", the name of a .env line, a curl command and the like.

It never raises, and its notes never repeat the text: any part of it may be the secret.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from credstore.credential_types.paste_detection import curl

SPACE = "Dropped the space or line break around it."
INVISIBLE = "Dropped characters that cannot be seen."
QUOTES = "Dropped the quotes around it."
BEARER = "Dropped the “Bearer” before it."
HEADER = "Dropped the name of the header before it."
LINE = "Took the value out of a line of the form NAME=value."
CURL = "Took the key out of a curl command."
TELEGRAM = "Took the bot token out of a URL of Telegram's."
NOTES = (SPACE, INVISIBLE, QUOTES, BEARER, HEADER, LINE, CURL, TELEGRAM)

# Direction overrides are not among them: `field_validation` refuses a key that has one.
_ZERO_WIDTH = frozenset("\u00ad\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff")
_QUOTES = "\"'`´“”„‟‘’‚‛«»‹›"  # noqa: RUF001 - what word processors and chat programs make of quotes
_LINE = re.compile(r"(?:export\s+|set\s+|\$env:)?([A-Za-z_]\w{2,63})\s*=\s*([^=\s].*)\Z", re.IGNORECASE | re.ASCII)
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
# Characters. A longer text is no key with something around it, and stays as it is.
MAX_LENGTH = 20_000
MOST_LAYERS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Unwrapped:
    """`value` is the key, `notes` say what was removed, `found` has values for `base_url` and `organization_id`."""

    value: str = field(repr=False)
    notes: tuple[str, ...] = ()
    found: dict[str, str] = field(default_factory=dict)


def unwrap(text: str) -> Unwrapped:
    """The key in this text. It is idempotent: `unwrap(unwrap(text).value)` has the same value."""
    inner, notes, found = text, list[str](), dict[str, str]()
    if len(text) > MAX_LENGTH:
        return Unwrapped(value=text)
    for _ in range(MOST_LAYERS):
        before = inner
        for step, note in _STEPS:
            shorter = step(inner, found)
            if len(shorter) < len(inner):
                inner = shorter
                notes += [note] if note not in notes else []
        if inner == before:
            return Unwrapped(value=inner, notes=tuple(notes), found=found)
    return Unwrapped(value=text)


def _space(text: str, _found: dict[str, str]) -> str:
    return text.strip()


def _invisible(text: str, _found: dict[str, str]) -> str:
    if text.isascii():
        return text
    return "".join(char for char in text if char not in _ZERO_WIDTH)


def _curl(text: str, found: dict[str, str]) -> str:
    command = curl.parse_curl(text)
    if command is None:
        return text
    for name, value in command.found.items():
        found.setdefault(name, value)
    return command.key


def _telegram(text: str, _found: dict[str, str]) -> str:
    url = _TELEGRAM.match(text)
    return f"{url[1]}:{url[2]}" if url else text


def _lines(text: str, found: dict[str, str]) -> str:
    """The value of the first NAME=value line whose name is that of a secret, when all lines have that form."""
    lines = [line for line in map(str.strip, text.splitlines()) if line and not line.startswith("#")]
    pairs = [(match[1], _value(match[2])) for line in lines if (match := _LINE.match(line))]
    if len(pairs) != len(lines):
        return text
    secrets: list[str] = []
    for name, value in pairs:
        about = next((field_name for field_name, pattern in _FOUND_NAMES if pattern.search(name)), "")
        if about:
            curl.keep_if_valid(found, about, value)
        elif value and _SECRET_NAME.search(name):
            secrets.append(value)
    return secrets[0] if secrets else text


def _value(text: str) -> str:
    """The text after the equals sign, without quotes and without a comment."""
    quoted, closed, _ = text[1:].partition(text[0])
    if text[0] in "'\"" and closed:
        return quoted
    return text.partition(" #")[0].rstrip("; \t")


def _header(text: str, _found: dict[str, str]) -> str:
    return _HEADER.sub("", text, count=1) if _HEADER.match(text) else text


def _bearer(text: str, _found: dict[str, str]) -> str:
    return _BEARER.sub("", text, count=1) if _BEARER.match(text) else text


def _quotes(text: str, _found: dict[str, str]) -> str:
    inner = text.rstrip(",;") if text[:1] in _QUOTES else text
    while len(inner) > 1 and inner[0] in _QUOTES and inner[-1] in _QUOTES:
        inner = inner[1:-1]
    return inner if len(inner) < len(text.rstrip(",;")) else text


_STEPS: tuple[tuple[Callable[[str, dict[str, str]], str], str], ...] = (
    (_invisible, INVISIBLE),
    (_space, SPACE),
    (_curl, CURL),
    (_telegram, TELEGRAM),
    (_lines, LINE),
    (_header, HEADER),
    (_bearer, BEARER),
    (_quotes, QUOTES),
)
