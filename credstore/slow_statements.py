"""Logs database statements that take long, with their text and without their values."""

import logging
import time
from typing import Any

from sqlalchemy import Connection, Engine, event

_log = logging.getLogger(__name__)
_LONGEST = 1_000  # characters of a statement


def log_slow_statements(engine: Engine, milliseconds: int) -> None:
    """Log each statement that takes `milliseconds` or more; nothing where that is 0.

    All values of credstore's statements are parameters, so that the text has none.
    """
    if not milliseconds:
        return

    def start(_connection: Connection, _cursor: Any, _statement: str, _values: Any, context: Any, _many: bool) -> None:
        context.credstore_started = time.perf_counter()

    def end(_connection: Connection, _cursor: Any, statement: str, _values: Any, context: Any, _many: bool) -> None:
        took = (time.perf_counter() - context.credstore_started) * 1000
        if took >= milliseconds:
            _log.warning("slow statement, %.0f ms: %s", took, " ".join(statement.split())[:_LONGEST])

    event.listen(engine, "before_cursor_execute", start)
    event.listen(engine, "after_cursor_execute", end)
