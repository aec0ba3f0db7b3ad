"""Gives memory that was freed back to the system, after a change of many rows."""

from contextlib import suppress


def return_memory() -> None:
    """Only glibc has the function; see malloc_trim(3)."""
    import ctypes  # rarely needed

    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
