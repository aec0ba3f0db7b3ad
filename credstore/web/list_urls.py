"""The URL of the list, and what it says of the place in the list: page, search, filters and order."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import request, url_for

from credstore.vault import ListFilters, Record

PLACES = ("page", "after", "before")
FILTERS = ("q", "type", "expiring", "status", "unused", "sort")


def list_arguments() -> dict[str, Any]:
    """The page, search, filters and sort of the request's URL, to return to the same part of the list."""
    args = request.args
    return {name: args[name] for name in (*PLACES, *FILTERS) if args.get(name)} if args else {}


def list_query(arguments: Mapping[str, Any]) -> str:
    """The arguments that have a value, as a query: "?page=2&q=open+ai", or ""."""
    given = {name: value for name, value in arguments.items() if value}
    return f"?{urlencode(given)}" if given else ""


def list_url(changed: str | None = None) -> str:
    """The URL of the list, with the arguments of this request; at the row of the credential `changed`, if given."""
    return _at_row(list_arguments(), changed)


def list_url_of_new(record: Record, filters: ListFilters) -> str:
    """The URL of the list with a new credential in it.

    It has the filters of this request, unless they would hide it; newest first, it is on the first page.
    """
    hidden = (
        filters.kind not in {"", record.kind}
        or filters.search_key not in record.name.casefold()
        or filters.status not in {"", record.outcome}
        or not _expires_within(record, filters.expiring)
    )
    kept = {"sort"} if hidden else set(FILTERS if filters.sort == "" else (*PLACES, *FILTERS))
    arguments = {name: value for name, value in list_arguments().items() if name in kept}
    return _at_row(arguments, record.public_id)


def _expires_within(record: Record, days: int | None) -> bool:
    """Whether it expires in so many days. None is a list that is not limited to what expires."""
    if days is None:
        return True
    return record.expires_at is not None and record.expires_at <= datetime.now(UTC) + timedelta(days=days)


def _at_row(arguments: Mapping[str, Any], changed: str | None) -> str:
    return url_for("credstore.index", **arguments, changed=changed, _anchor="changed" if changed else None)
