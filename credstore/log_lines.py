"""The lines of the log, as text or as JSON, each with the id of the request that it belongs to.

The text of an exception is never written: a library may have quoted a secret in it. Its type and its place are.
"""

import json
import logging
import os
import re
import sys
import time
import traceback
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, TextIO

request_id: ContextVar[str] = ContextVar("credstore_request_id", default="")

LOGGERS = ("credstore", "gunicorn.error")
_HANDLER = "credstore"
_held: list[tuple[logging.Handler, logging.LogRecord]] | None = None  # lines that wait; None where none shall
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")  # a line feed is for stacks; see TextLine
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
_encode = json.JSONEncoder(default=lambda value: type(value).__name__).encode  # made once: it takes longer than a line


class JsonLine(logging.Formatter):
    """One JSON object: time, level, logger, message, request_id, and the fields that were given as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _moment(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
        }
        if found := request_id.get():
            line["request_id"] = found
        line |= _fields(record)
        if record.exc_info:
            line["stack"] = stack_without_text(record.exc_info)
        return _encode(line)


class TextLine(logging.Formatter):
    """One line for people; what follows a line feed in a message is indented, so that it cannot look like a line."""

    def format(self, record: logging.LogRecord) -> str:
        text = record.getMessage()
        more = "".join(f" {name}={value}" for name, value in _fields(record).items() if f"{value}" not in text)
        if record.exc_info:
            more += "\n" + stack_without_text(record.exc_info)
        start = f"{_moment(record)} {record.levelname} {record.name} [{request_id.get() or '-'}] "
        return start + _CONTROL.sub(" ", (text + more).rstrip()).replace("\n", "\n    ")


def configure_logging(log_format: str, log_level: str) -> None:
    """Send credstore's and gunicorn's lines to stderr in this form. Called again, it replaces what it did before."""
    for name in LOGGERS:
        logger = logging.getLogger(name)
        for handler in list(logger.handlers):
            if handler.get_name() == _HANDLER or getattr(handler, "_gunicorn", False):
                logger.removeHandler(handler)
        handler = _StderrHandler()
        handler.set_name(_HANDLER)
        handler.setFormatter(JsonLine() if log_format == "json" else TextLine())
        logger.addHandler(handler)
        logger.setLevel(log_level.upper())


def hold_lines() -> None:
    """From now on, keep the lines of this process and of those that it forks, until each calls `release_lines`."""
    global _held  # noqa: PLW0603 - a process has one log
    _held = []


def release_lines() -> None:
    """Write the lines that were held in this process, and hold no more."""
    global _held
    held, _held = _held or [], None
    for handler, record in held:
        if record.process == os.getpid():  # not those of the process that it was forked from
            handler.handle(record)


def write(logger: logging.Logger, text: str, *values: object, **fields: object) -> None:
    """A line of the level info, for what happens in each request: `logger.info` with `extra`, in less time.

    A logger would look for the line of the source, which takes longer than all else and is not written.
    """
    if logger.isEnabledFor(logging.INFO):
        record = logging.LogRecord(logger.name, logging.INFO, __file__, 0, text, values, None)
        vars(record).update(fields)
        logger.handle(record)


def stack_without_text(exc_info: Any) -> str:
    """The frames and the exception's type, without its text."""
    kind, _, trace = exc_info if isinstance(exc_info, tuple) else sys.exc_info()
    frames = "".join(traceback.format_list(traceback.extract_tb(trace)))
    return f"{frames}{kind.__name__ if kind else ''}"


class _StderrHandler(logging.StreamHandler[TextIO]):
    """Writes to what sys.stderr is at that moment."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    def emit(self, record: logging.LogRecord) -> None:
        if _held is None:
            super().emit(record)
        else:
            _held.append((self, record))

    @property
    def stream(self) -> TextIO:  # type: ignore[override]  # a plain attribute in the base class
        return sys.stderr


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _OWN and not name.startswith("_")}


def _moment(record: logging.LogRecord) -> str:
    return f"{_second(int(record.created))}.{int(record.msecs):03d}Z"


@lru_cache(maxsize=4)  # a second has many lines
def _second(moment: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment))
