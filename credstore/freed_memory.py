"""Gives memory that was freed back to the system, after a change of many rows: at once, and when the request is over.

What a request held itself is free only when it has ended. Much of it refers to each other, like a request and its form:
that is free after a collection.
"""

import gc
import threading
from contextlib import suppress

WAIT_SECONDS = 0.2
_lock = threading.Lock()
_waiting: list[threading.Timer] = []  # at most one: it is for all changes of its time


def return_memory() -> None:
    """Give back what is free now, and have the rest given back in a thread soon."""
    _trim()
    with _lock:
        if _waiting:
            return
        timer = threading.Timer(WAIT_SECONDS, _collect)
        timer.name, timer.daemon = "credstore-freed-memory", True
        _waiting.append(timer)
    timer.start()


def _collect() -> None:
    with _lock:
        _waiting.clear()
    gc.collect()
    _trim()


def _trim() -> None:
    """Only glibc has the function; see malloc_trim(3)."""
    import ctypes  # rarely needed

    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
