"""Hours of the day in which no notice is sent: "22-07", "22:30-06:45 Europe/Zurich". Without a time zone: UTC. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

_FORM = re.compile(
    r"([01]?[0-9]|2[0-3])(?::([0-5][0-9]))?\s*-\s*([01]?[0-9]|2[0-3])(?::([0-5][0-9]))?(?:\s+(\S+))?", re.ASCII
)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """From `start` until `end`, over midnight where `end` is the earlier one, by the clock of `zone`."""

    start: time
    end: time
    zone: tzinfo

    @classmethod
    def parse(cls, text: str) -> "QuietHours":
        """Raises ValueError where the text is malformed, is no time at all, or names no known time zone."""
        found = _FORM.fullmatch(text)
        if found is None:
            raise ValueError
        start, end = (time(int(found[hour]), int(found[hour + 1] or 0)) for hour in (1, 3))
        if start == end:
            raise ValueError
        return cls(start=start, end=end, zone=_zone(found[5] or "UTC"))

    def until(self, moment: datetime) -> datetime | None:
        """When the quiet hours around `moment` end, in UTC; None where it is not in them."""
        local = moment.astimezone(self.zone)
        clock = local.time()
        overnight = self.end < self.start
        quiet = clock >= self.start or clock < self.end if overnight else self.start <= clock < self.end
        if not quiet:
            return None
        day = local.date() + timedelta(days=1 if overnight and clock >= self.start else 0)
        return datetime.combine(day, self.end, self.zone).astimezone(UTC)


def _zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC  # also where the machine has no table of time zones
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # here, since hardly any start needs it

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError):  # OSError: the name of a folder of zones, like "Europe"
        raise ValueError from None
