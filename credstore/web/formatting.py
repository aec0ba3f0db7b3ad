"""Dates, ages and plurals as a person reads them."""

from datetime import UTC, date, datetime
from functools import lru_cache

EXPIRES_SOON_DAYS = 14
_STEPS = ((60, "min", 60), (3600, "h", 24), (86_400, "d", 60))


def relative_time(then: datetime, now: datetime | None = None) -> str:
    """How long ago, in the largest unit that fits: "just now", "5 min ago", "3 h ago", "12 d ago", or the day."""
    seconds = ((now or datetime.now(UTC)) - then).total_seconds()
    if seconds < _STEPS[0][0]:
        return "just now"
    for unit, word, most in _STEPS:
        if seconds < unit * most:
            return f"{int(seconds // unit)} {word} ago"
    return format_day(then)


def time_left(until: datetime, now: datetime | None = None) -> str:
    """How long something is still kept: "29 d left", "3 h left", "under 1 h left"."""
    seconds = (until - (now or datetime.now(UTC))).total_seconds()
    if seconds >= 86_400:
        return f"{round(seconds / 86_400)} d left"
    return f"{int(seconds // 3600)} h left" if seconds >= 3600 else "under 1 h left"


def format_day(then: datetime) -> str:
    return _format_date(then.date())


@lru_cache(maxsize=1024)
def _format_date(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def format_datetime(then: datetime) -> str:
    return f"{then.day} {then:%b %Y, %H:%M} UTC"


def with_noun(number: int, one: str, many: str = "") -> str:
    """A number with its noun: "1 credential", "1,284 credentials"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def shorten_middle(text: str, most: int) -> str:
    """A text of at most so many characters: where it is longer, its start and its end."""
    end = most // 3
    return text if len(text) <= most else f"{text[: most - end - 1]}…{text[-end:]}"


def expiry_label(then: datetime, now: datetime | None = None) -> tuple[str, str]:
    """When a credential expires: "over", "soon" (within 14 days) or "later", and the words ("ends in 9 d")."""
    left = then - (now or datetime.now(UTC))
    if left.total_seconds() <= 0:
        return "over", f"ended {format_day(then)}"
    if left.days < EXPIRES_SOON_DAYS:
        return "soon", f"ends in {left.days} d" if left.days else "ends today"
    return "later", f"ends {format_day(then)}"
