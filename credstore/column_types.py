"""Column types: points in time in UTC, and JSON objects as text. A damaged value does not make its row unreadable."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator

EPOCH = datetime.fromtimestamp(0, UTC)


class UTCDateTime(TypeDecorator[datetime]):
    """A point in time, always UTC and aware; SQLite forgets the zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:
        inner = super().result_processor(dialect, coltype)

        def process(value: Any) -> datetime | None:
            try:
                return inner(value) if inner else value
            except (ValueError, TypeError):  # SQLite keeps any text; one damaged row must not end the whole list
                return EPOCH

        return process

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else _as_utc(value)


def parse_moment(value: Any) -> datetime | None:
    """The point in time of a column that was read without its type: text on SQLite. EPOCH where it is damaged."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return EPOCH
    return _as_utc(value) if isinstance(value, datetime) else None


def _as_utc(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class JsonObject(TypeDecorator[dict[str, Any]]):
    """A JSON object as text. A damaged one reads as empty: one bad row must not take the whole list with it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: dict[str, Any] | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else json.dumps(value, sort_keys=True)

    def process_result_value(self, value: str | None, dialect: Dialect) -> dict[str, Any] | None:  # noqa: ARG002
        return None if value is None else parse_json_object(value)


def parse_json_object(text: str) -> dict[str, Any]:
    """The JSON object; {} where it is damaged or none."""
    try:
        found = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
