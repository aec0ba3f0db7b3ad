"""Who acts, for the audit log: the web layer and the commands say it once, and no use case needs a parameter for it."""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple


class Actor(NamedTuple):
    """The name of a user, or words such as "command line"; `address` is the IP address of the client, or ""."""

    name: str
    address: str = ""


COMMAND_LINE = Actor("command line")
HOST_APPLICATION = "host application"  # its users are not known here
NOBODY = "not signed in"
OWN_WORK = Actor("credstore")  # what credstore does by itself, such as erasing what was kept for its time

SCHEDULE = Actor("schedule")  # tests on a schedule
PROGRAM = Actor("program")  # one that has credstore in its own process and calls the vault

# What no user may be called: an entry would name the wrong one.
_WORDS = {COMMAND_LINE.name, HOST_APPLICATION, NOBODY, OWN_WORK.name, SCHEDULE.name, PROGRAM.name}
_TOKEN = "token "  # noqa: S105 - how the names of machine tokens begin

_acting: ContextVar[Actor | None] = ContextVar("credstore_actor", default=None)


def is_reserved(name: str) -> bool:
    """Whether the audit log uses this name for something that is no user, in any form in which it looks the same."""
    words = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
    return words in _WORDS or f"{words} ".startswith(_TOKEN)


def current_actor() -> Actor:
    """Who acts here. A new thread begins with nobody known: give it the actor with `acting_as`."""
    return _acting.get() or PROGRAM


def set_actor(actor: Actor | None) -> None:
    """From here on in this context this one acts; None: nobody is known any more."""
    _acting.set(actor)


@contextmanager
def acting_as(actor: Actor) -> Iterator[None]:
    """Inside the block this one acts."""
    token = _acting.set(actor)
    try:
        yield
    finally:
        _acting.reset(token)
