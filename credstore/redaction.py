"""Removes secrets from texts before they are stored or shown: in clear, URL-encoded, in base64, and parts of them.

A provider's text that repeats a secret in a way that cannot be cut out, as with spaces or HTML entities, is withheld.
A text is redacted before it is shortened: a shortened text could end with a part of a secret that no pattern matches.
"""

import re
import unicodedata
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Collection
from urllib.parse import quote, quote_plus

from credstore.encoded_secrets import echo_detector, more_encoded_forms

# A shorter text would also match ordinary words, and is no secret.
SHORTEST_SECRET = 4
MASK = "[secret]"
WITHHELD = "[withheld: it repeats a part of the secret]"
LONGEST_TEXT = 10_000  # characters of a provider's text that are read; at most 300 are shown
SHARED_LENGTH = 6  # so many equal characters in a row count as a part of the secret
LONG_SECRET = 200  # characters; in a private key almost any six characters occur somewhere
SHARED_LENGTH_OF_LONG = 10
SHOWN_ENDING = 4  # as in "the key ending in WXYZ"

_REMOVED = "\0"  # where a secret was; no text has it after `_one_line`
_WORD = re.compile(r"""[^\s"'`<>(){}\[\],;:=|]+""")
_MASKED = re.compile(r"[*•·#]{2,}|…|\.{2,}|[xX]{4,}")


def redactor(secrets: Collection[str], mask: str = MASK) -> Callable[[str], str]:
    """A function that replaces each secret, in clear or in a usual coding, by `mask`."""
    forms = _forms_to_remove(secrets)
    if not forms:
        return lambda text: text
    # Longest first: of a secret that begins with another one, the rest would stay.
    alternatives = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
    lowered = {form.lower() for form in forms} if all(map(str.isascii, forms)) else set[str]()

    def redact(text: str) -> str:
        # Most texts hold no secret, and the pattern takes longer to compile than the rest of a test to compute. This is
        # the same only in ASCII: with IGNORECASE four other letters (U+0130, U+0131, U+017F, U+212A) match i, s and k.
        if lowered and text.isascii():
            small = text.lower()
            if not any(form in small for form in lowered):
                return text
        # In upper and lower case: what was part of a host name comes back in lower case.
        return re.sub(alternatives, lambda _: mask, text, flags=re.IGNORECASE)

    return redact


def secret_finder(secrets: Collection[str]) -> Callable[[str], bool]:
    """A function: whether a text holds one of these secrets, in clear or in a usual coding, in upper or lower case.

    It finds what `redactor` would replace, without the pattern, which takes longer to compile than a create takes.
    """
    shortest = min((len(secret) for secret in secrets if len(secret) >= SHORTEST_SECRET), default=0)
    forms: set[str] = set()

    def holds_secret(text: str) -> bool:
        folded = text.casefold()
        if not shortest or len(folded) < shortest:  # no form is shorter than its secret
            return False
        if not forms:  # made for a longer text alone: most names are shorter than a key
            forms.update(form.casefold() for form in _forms_to_remove(secrets))
        return any(form in folded for form in forms)

    return holds_secret


def foreign_text_redactor(secrets: Collection[str]) -> Callable[[str, int], str]:
    """A function for texts of a provider: it returns one printable line of at most the given length, without secrets.

    Providers repeat parts of a key ("sk-proj-****WXYZ"), so every word that shares a part with a secret is masked too.
    What still repeats a secret then, in whatever coding, is not shown at all.
    """
    repeats = echo_detector(secrets)
    redact = redactor(secrets, _REMOVED)
    long = [secret.casefold() for secret in secrets if len(secret) >= SHARED_LENGTH + 2]
    forms = {
        form.casefold() for secret in secrets if len(secret) >= SHARED_LENGTH + 2 for form in _encoded_forms(secret)
    }
    parts: dict[int, set[str]] = {SHARED_LENGTH: set(), SHARED_LENGTH_OF_LONG: set()}
    for form in forms:
        size = SHARED_LENGTH if len(form) <= LONG_SECRET else SHARED_LENGTH_OF_LONG
        parts[size] |= {form[at : at + size] for at in range(len(form) - size + 1)}

    def drop_shared(run: re.Match[str]) -> str:
        text = run[0].casefold()
        shared = any(
            text[at : at + size] in known for size, known in parts.items() for at in range(len(text) - size + 1)
        )
        # What is joined to a removed secret is a part of it too, for instance the ends of its base64.
        return _REMOVED if _REMOVED in text or shared else run[0]

    def drop_ends(run: re.Match[str]) -> str:
        return _REMOVED if any(_shows_part_of(run[0].casefold(), secret) for secret in long) else run[0]

    def clean(text: str, longest: int) -> str:
        line = _WORD.sub(drop_shared, redact(_one_line(text)))
        # Before the ends go: of a secret in groups of four, they are what makes the rest long enough to be found.
        line = WITHHELD if repeats(line.replace(_REMOVED, " ")) else _WORD.sub(drop_ends, line).replace(_REMOVED, MASK)
        return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"

    return clean


def _shows_part_of(run: str, secret: str) -> bool:
    """Whether this word is the end of the secret, or its start or end with the rest masked."""
    end = run.rstrip(".!?")
    if len(end) >= SHOWN_ENDING and secret.endswith(end):
        return True
    masks = list(_MASKED.finditer(run))
    if not masks:
        return False
    head, tail = run[: masks[0].start()], run[masks[-1].end() :].rstrip(".!?")
    return (len(head) > 2 and secret.startswith(head)) or (len(tail) > 1 and secret.endswith(tail))


def _one_line(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        # The cut may be inside a secret: only the text before the last space is kept.
        text = text[:LONGEST_TEXT].rpartition(" ")[0]
    # Invisible characters inside a secret would keep the patterns from matching it.
    seen = (char for char in text if unicodedata.category(char) not in {"Cf", "Cs", "Co", "Cn"})
    return " ".join("".join(char if char.isprintable() else " " for char in seen).split())


def _forms_to_remove(secrets: Collection[str]) -> set[str]:
    return {form for secret in secrets if len(secret) >= SHORTEST_SECRET for form in _encoded_forms(secret)}


def _encoded_forms(secret: str) -> set[str]:
    """The secret in clear, percent-encoded (upper and lower case hex) and in base64."""
    raw = secret.encode("utf-8", "surrogatepass")
    quoted = {quote(raw), quote(raw, safe=""), quote_plus(raw)}
    quoted |= {re.sub(r"%[0-9A-F]{2}", lambda code: code[0].lower(), form) for form in quoted}
    coded = {b64encode(raw).decode("ascii"), urlsafe_b64encode(raw).decode("ascii")}
    coded |= {form.rstrip("=") for form in coded}
    return {secret} | quoted | coded | _inside_base64(raw) | more_encoded_forms(raw)


def _inside_base64(raw: bytes) -> set[str]:
    """The secret in the base64 of a longer text ("user:secret"), without the characters that depend on the rest."""
    if len(raw) < 2 * SHARED_LENGTH:
        return set()
    shifted = (code(b"\0" * shift + raw) for shift in (1, 2) for code in (b64encode, urlsafe_b64encode))
    return {form.decode("ascii").rstrip("=")[4:-1] for form in shifted}
