"""Template filters and variables: dates, ages, plurals, and URLs of static files with a digest."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, current_app, url_for

from credstore.web import request_context
from credstore.web.views.credential_list import list_arguments

EXPIRES_SOON_DAYS = 14
_STEPS = ((60, "min", 60), (3600, "h", 24), (86_400, "d", 60))


def register(bp: Blueprint, *, everywhere: bool) -> None:
    bp.app_template_filter("credstore_relative_time")(relative_time)
    bp.app_template_filter("credstore_format_day")(format_day)
    bp.app_template_filter("credstore_format_datetime")(format_datetime)
    bp.app_template_filter("credstore_with_noun")(with_noun)
    bp.app_template_filter("credstore_expiry_label")(expiry_label)
    # Pages without a view of credstore, such as a 404, need them too; in a host application those are the host's.
    (bp.app_context_processor if everywhere else bp.context_processor)(template_variables)


def relative_time(then: datetime, now: datetime | None = None) -> str:
    """How long ago, in the largest unit that fits: "just now", "5 min ago", "3 h ago", "12 d ago", or the day."""
    seconds = ((now or datetime.now(UTC)) - then).total_seconds()
    if seconds < _STEPS[0][0]:
        return "just now"
    for unit, word, most in _STEPS:
        if seconds < unit * most:
            return f"{int(seconds // unit)} {word} ago"
    return format_day(then)


def format_day(then: datetime) -> str:
    return f"{then.day} {then:%b %Y}"


def format_datetime(then: datetime) -> str:
    return f"{then.day} {then:%b %Y, %H:%M} UTC"


def with_noun(number: int, one: str, many: str = "") -> str:
    """A number with its noun: "1 credential", "1,284 credentials"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def expiry_label(then: datetime, now: datetime | None = None) -> tuple[str, str]:
    """When a credential expires: "over", "soon" (within 14 days) or "later", and the words ("ends in 9 d")."""
    left = then - (now or datetime.now(UTC))
    if left.total_seconds() <= 0:
        return "over", f"ended {format_day(then)}"
    if left.days < EXPIRES_SOON_DAYS:
        return "soon", f"ends in {left.days} d" if left.days else "ends today"
    return "later", f"ends {format_day(then)}"


def template_variables() -> dict[str, Any]:
    """What every page of ours may use. `list_path` is the list's address; a credential's is below it."""
    static_path = url_for("credstore.static", filename="")  # once a page, not once a file
    return {
        "asset": partial(_asset, static_path, current_app.blueprints["credstore"].static_folder or ""),
        "list_arguments": list_arguments(),
        "list_path": url_for("credstore.index"),
        "list_query": list_query,
        "username": request_context.username(),
        "is_authorized": request_context.is_authorized(),
    }


def list_query(arguments: Mapping[str, Any]) -> str:
    """The arguments that have a value, as a query: "?page=2&q=open+ai", or ""."""
    given = {name: value for name, value in arguments.items() if value}
    return f"?{urlencode(given)}" if given else ""


def _asset(static_path: str, folder: str, name: str) -> str:
    return f"{static_path}{name}?v={_digest(folder, name)}"


@cache
def _digest(folder: str, name: str) -> str:
    return hashlib.sha256((Path(folder) / name).read_bytes()).hexdigest()[:12]
