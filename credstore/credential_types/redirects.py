"""Describes where a redirect points, for the text of a verdict. Pure.

No redirect is followed. Its target may be hostile, or contain the key.
"""

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from credstore.errors import Refused
from credstore.probe import ProbeResponse
from credstore.redaction import foreign_text_redactor
from credstore.urls import DEFAULT_PORTS, canonical_url

SAME_HOST = "another page of the same host"
NOT_VALID = "an address that is not valid"
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,19}:")


def redirect_target(answer: ProbeResponse, secrets: Collection[str] = ()) -> str:
    """Scheme, host and port that the Location header names, like “http://sso.example:8080”, without path or query.

    Another scheme than http and https is told by its name. A target with a part of one of `secrets` is not named.
    """
    location = re.sub(r"[\t\r\n]", "", answer.headers.get("location", "")).strip()
    try:
        parts = urlsplit(location)
        named = bool(parts.netloc)
    except ValueError:
        return NOT_VALID
    if parts.scheme and parts.scheme not in DEFAULT_PORTS:
        target = f"a “{parts.scheme}:” address, which is not on the web"
        return _without_secrets(target, secrets) if _SCHEME.fullmatch(f"{parts.scheme}:") else NOT_VALID
    if not named:
        return SAME_HOST if location and not parts.scheme else NOT_VALID
    try:
        # User information would be dropped by every client, and may be anything.
        host = parts.netloc.rpartition("@")[2]
        target = canonical_url(f"{parts.scheme or 'https'}://{host}")
    except (ValueError, Refused):
        return NOT_VALID
    return _without_secrets(target if parts.scheme else target.partition("://")[2], secrets)


def _without_secrets(target: str, secrets: Collection[str]) -> str:
    clean = foreign_text_redactor(secrets)(target, len(target))
    return target if clean == target else "an address with a part of the key in it"
