"""Quiet hours: read strictly, over midnight, by the clock of their zone, also when that clock is changed."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credstore.quiet_hours import QuietHours

ZONES = ("UTC", "Europe/Zurich", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe")
moments = st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))
times = st.times().map(lambda found: found.replace(second=0, microsecond=0))


@given(start=times, end=times, zone=st.sampled_from(ZONES), moment=moments)
def test_the_end_is_the_first_moment_that_is_not_quiet(start: time, end: time, zone: str, moment: datetime) -> None:
    if start == end:
        return
    quiet = QuietHours.parse(f"{start:%H:%M}-{end:%H:%M} {zone}")
    clock = moment.astimezone(ZoneInfo(zone)).time()
    inside = start <= clock < end if start < end else not end <= clock < start
    until = quiet.until(moment)
    assert (until is not None) is inside
    if until is not None:
        assert moment < until + timedelta(hours=1), "a clock that is set back repeats an hour at the most"
        assert until - moment <= timedelta(hours=25)
        assert until.astimezone(ZoneInfo(zone)).strftime("%H:%M") == f"{end:%H:%M}" or "gap" in _kind(until, end, zone)


def _kind(until: datetime, end: time, zone: str) -> str:
    """ "gap" where the clock of the zone jumps over that time."""
    local = datetime.combine(until.astimezone(ZoneInfo(zone)).date(), end, ZoneInfo(zone))
    return "gap" if local.astimezone(UTC).astimezone(ZoneInfo(zone)).time() != end else ""


@pytest.mark.parametrize(
    ("text", "at", "until"),
    [
        ("22-07", "2026-11-26T22:00", "2026-11-27T07:00"),
        ("22-07", "2026-11-27T06:59", "2026-11-27T07:00"),
        ("22-07", "2026-11-26T21:59", None),
        ("22-07", "2026-11-27T07:00", None),
        ("12:30-13:15", "2026-11-26T13:14", "2026-11-26T13:15"),
        ("22-07 Europe/Zurich", "2026-07-01T20:00", "2026-07-02T05:00"),
        ("22 - 7   Europe/Zurich", "2026-12-01T21:00", "2026-12-02T06:00"),
    ],
)
def test_examples(text: str, at: str, until: str | None) -> None:
    expected = datetime.fromisoformat(until).replace(tzinfo=UTC) if until else None
    assert QuietHours.parse(text).until(datetime.fromisoformat(at).replace(tzinfo=UTC)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "22", "22-", "-07", "24-07", "22-25", "22:60-07", "22-22", "07:00-7", "22-07 Mars/Base",
        "22-07 ../etc/passwd",         "22-07 Europe", "22-07 /etc/hosts", "22-07 UTC UTC", "٢٢-07", "22-07\n",
    ],
)  # fmt: skip
def test_malformed_hours_are_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - a parser of settings raises no other
        QuietHours.parse(text)
