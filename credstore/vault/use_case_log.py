"""Logs what was done with which credential: its id, never its name or a value, which people may paste a key into."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from credstore import log_lines

_log = logging.getLogger("credstore.vault")
P = ParamSpec("P")
R = TypeVar("R")


def logged(event: str, use_case: Callable[P, R], which: Callable[[Any], str]) -> Callable[P, R]:
    """`use_case`, which logs `event` when it is done, or that it was refused. `which` tells ids from its result."""

    @wraps(use_case)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            result = use_case(*args, **kwargs)
        except Exception as refusal:
            _log.info("%s: refused, %s", event, type(refusal).__name__, extra={"event": event})
            raise
        log_lines.write(_log, "%s: %s", event, which(result), event=event)
        return result

    return run


def public_id_of(record: Any) -> str:
    """The id of a record."""
    return str(record.public_id)
