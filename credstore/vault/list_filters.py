"""What the search and the filters of the list mean, for everything that must mean the same by them."""

import unicodedata
from datetime import timedelta

from sqlalchemy import ColumnElement

from credstore.credential_types import by_slug
from credstore.models import Credential, utc_now

MAX_DAYS = 36_500


def clean_query(text: str) -> str:
    """The text to look for in names: composed, at most 255 characters, and none that PostgreSQL refuses."""
    return unicodedata.normalize("NFC", text[:1020]).replace("\0", "").strip()[:255]


def clean_kind(slug: str) -> str:
    """The slug of a type, or "" for what is none: that filters nothing."""
    return slug if by_slug(slug) else ""


def matching_condition(query: str, expiring: int | None) -> ColumnElement[bool]:
    """The rows whose name has a clean query in it, and that end within `expiring` days (None: whenever)."""
    named = Credential.name_key.contains(query.casefold(), autoescape=True)
    return named if expiring is None else named & ends_within(expiring)


def ends_within(days: int) -> ColumnElement[bool]:
    """The rows that end within so many days, or have ended."""
    return Credential.expires_at <= utc_now() + timedelta(days=min(max(days, 0), MAX_DAYS))
