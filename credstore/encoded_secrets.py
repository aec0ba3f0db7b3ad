"""Finds a secret that a text repeats in another encoding or spacing, where no pattern could cut it out. Pure.

Encodings: HTML entities, percent codes, `\\u`, `\\x` and `U+` escapes, each nested up to three times; hexadecimal,
decimal bytes, base32, base64 and the reversed secret; any of them with spaces or other separators in between.
"""

import html
import re
from base64 import b32encode, b64encode
from collections.abc import Callable, Collection
from urllib.parse import unquote

SHARED_LENGTH = 12  # letters and digits in a row that a text shares with a secret by no chance, spaces left out
_NESTED = 3
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")
_ESCAPE = re.compile(r"(?:\\+u|%u|U\+)\{?([0-9a-fA-F]{1,6})\}?|\\+x\{?([0-9a-fA-F]{2})\}?", re.ASCII)
_HEX_MARK = re.compile(r"\b0x|\\+x|%", re.IGNORECASE)


def echo_detector(secrets: Collection[str]) -> Callable[[str], bool]:
    """A function: whether a text repeats one of these secrets (of 8 characters or more) in another encoding."""
    parts: dict[int, set[str]] = {}
    for secret in secrets:
        for form in _squeezed_forms(secret) if len(secret) >= 8 else ():
            size = min(SHARED_LENGTH, len(form))
            parts.setdefault(size, set()).update(form[at : at + size] for at in range(len(form) - size + 1))

    def repeats(text: str) -> bool:
        return any(
            view[at : at + size] in known
            for view in _views(text)
            for size, known in parts.items()
            for at in range(len(view) - size + 1)
        )

    return repeats if parts else lambda _text: False


def more_encoded_forms(raw: bytes) -> set[str]:
    """The hexadecimal, base32 and reversed forms of a secret."""
    return {raw.hex(), raw.decode("utf-8", "replace")[::-1]} | _base32_forms(raw)


def _base32_forms(raw: bytes) -> set[str]:
    """The whole form, and how the secret looks in the base32 of a longer text, without the characters at the seams."""
    whole = {b32encode(raw).decode("ascii").rstrip("=")}
    if len(raw) < 12:
        return whole
    shifted = (b32encode(b"\0" * shift + raw).decode("ascii").rstrip("=") for shift in range(1, 5))
    return whole | {form[8:-1] for form in shifted}


def _squeezed_forms(secret: str) -> set[str]:
    raw = secret.encode("utf-8", "surrogatepass")
    forms = {secret, b64encode(raw).decode("ascii"), "".join(map(str, raw))} | more_encoded_forms(raw)
    # Two letters or digits left of a secret full of other characters would be found everywhere.
    return {squeezed for form in forms if len(squeezed := _squeeze(form)) >= 8}


def _squeeze(text: str) -> str:
    return _NOT_ALPHANUMERIC.sub("", text).casefold()


def _views(text: str) -> set[str]:
    """The text as it is, without the marks before hexadecimal bytes, and with its escapes resolved; all squeezed."""
    found = {_squeeze(text), _squeeze(_HEX_MARK.sub("", text))}
    for _ in range(_NESTED):
        text = _ESCAPE.sub(_character, unquote(html.unescape(text)))
        found.add(_squeeze(text))
        found.add(_squeeze(_HEX_MARK.sub("", text)))
    return found


def _character(escape: re.Match[str]) -> str:
    code = int(escape[1] or escape[2], 16)
    return chr(code) if code <= 0x10FFFF else ""
