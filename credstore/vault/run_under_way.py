"""What makes a run of many tests one that is under way."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, bindparam

from credstore.column_types import UTCDateTime
from credstore.models import utc_now
from credstore.run_models import TestRun

# A run without a heartbeat for so long has lost its process; a test takes far less.
HEARTBEAT_TIMEOUT = timedelta(seconds=60)


def active_conditions() -> tuple[ColumnElement[bool], ...]:
    """What holds of a run that is under way. In a statement that is kept, the moment is that of each execution."""
    return (
        TestRun.ended_at.is_(None),
        TestRun.cancelled.is_(False),
        TestRun.heartbeat_at > bindparam("alive_since", callable_=_alive_since, type_=UTCDateTime()),
    )


def _alive_since() -> datetime:
    return utc_now() - HEARTBEAT_TIMEOUT
