"""Checks what somebody typed for a new machine token: its name, its scopes, its end and its public key."""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from credstore.envelope import read_public_key
from credstore.errors import InvalidFields, Refused

# Each with what it permits, in the order in which they are shown.
SCOPES = {
    "read": "List and read credentials. No secret is part of an answer.",
    "write": "Create, change, delete and restore credentials; move their references.",
    "test": "Test credentials, stored ones and drafts.",
    "references": "Register which workflows use a credential.",
    "use": "Get the values of credentials, encrypted to the public key of the token.",
}
NAME_LENGTH = 100  # characters
LONGEST_DAYS = 3650
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """What a new token is to be. `scopes` are in the order of SCOPES."""

    name: str
    scopes: tuple[str, ...]
    expires_at: datetime | None
    public_key: bytes | None


def clean_new(*, name: str, scopes: Collection[str], expires: str, public_key: str, now: datetime) -> NewToken:
    """`expires` is like "90d" or "12h", or "never". Raises InvalidFields with every sentence at once."""
    # Here, since it brings every type, which listing and revoking tokens need not.
    from credstore.credential_types.paste_detection.secret_words import looks_like_a_secret

    wrong: dict[str, str] = {}
    name = unicodedata.normalize("NFC", name[: 4 * NAME_LENGTH].strip())
    if not name:
        wrong["name"] = "Give the token a name, so that you know later what uses it."
    elif len(name) > NAME_LENGTH or not name.isprintable():
        wrong["name"] = f"Use at most {NAME_LENGTH} printable characters."
    elif looks_like_a_secret(name):
        wrong["name"] = "This looks like a secret, and names are shown. Give the token another name."
    if not scopes or not set(scopes) <= set(SCOPES):
        wrong["scopes"] = f"Choose one or more of: {', '.join(SCOPES)}."
    expires_at = _end(expires, now, wrong)
    key = _public_key(public_key, wrong)
    if "use" in scopes and key is None and "public_key" not in wrong:
        wrong["public_key"] = "The scope “use” needs a public key: values are sent only encrypted to it."
    if wrong:
        raise InvalidFields(wrong)
    chosen = tuple(scope for scope in SCOPES if scope in scopes)
    return NewToken(name=name, scopes=chosen, expires_at=expires_at, public_key=key)


def _end(text: str, now: datetime, wrong: dict[str, str]) -> datetime | None:
    text = text.strip().lower()
    if text == "never":
        return None
    found = re.fullmatch(r"([0-9]{1,5})([dh])", text)
    lasts = int(found[1]) * _UNITS[found[2]] if found else timedelta(0)
    if not timedelta(0) < lasts <= timedelta(days=LONGEST_DAYS):
        wrong["expires"] = f"Write days or hours, like 90d or 12h, at most {LONGEST_DAYS}d; or never."
    return now + lasts


def _public_key(text: str, wrong: dict[str, str]) -> bytes | None:
    """The 32 bytes of an X25519 key, given as PEM or as base64; None for no text."""
    text = text.strip()
    if not text:
        return None
    if "PRIVATE KEY" in text:
        wrong["public_key"] = "This is a private key. Keep it, and give the public key that belongs to it."
        return None
    try:
        return read_public_key(text)
    except Refused as refusal:
        wrong["public_key"] = refusal.sentence
        return None
