"""Becomes another program that has secrets in its environment or behind a file descriptor.

The process is replaced (exec), so that nobody is in between: signals, the terminal, the process group and the exit
status are those of the program itself.
"""

import os
import signal
from collections.abc import Mapping, Sequence
from typing import NoReturn

import click

from credstore.errors import Refused

# Variables that hold more than the secrets that the program is given, or lead to more.
_KEYS = ("FIELD_ENCRYPTION_KEY", "FIELD_ENCRYPTION_KEY_COMMAND")
_OF_THE_SERVER = ("SECRET_KEY", "DATABASE_URL")


class NotStarted(click.ClickException):
    """The program was not started. The exit statuses are those of env(1) and timeout(1)."""

    exit_code = 125


class NotExecutable(NotStarted):
    exit_code = 126


class CommandNotFound(NotStarted):
    exit_code = 127


def child_environment(environment: Mapping[str, str], secrets: Mapping[str, str], *, local: bool) -> dict[str, str]:
    """The environment of the program: this one, without credstore's own settings, and with the secrets.

    `local` says that this process opens the database itself: SECRET_KEY and DATABASE_URL are credstore's then, else
    they may be the program's.
    """
    names = _KEYS + (_OF_THE_SERVER if local else ())
    own = {*names, *(f"{name}_FILE" for name in names)}
    kept = {name: text for name, text in environment.items() if name not in own and not name.startswith("CREDSTORE_")}
    return kept | dict(secrets)


def secret_descriptor(content: str) -> int:
    """A file descriptor that the program inherits and reads the text from, as from a file. It is on no disk.

    Where the system has no files in memory it is a pipe, which can be read once. Raises Refused where it is too small.
    """
    raw = content.encode()
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("credstore")
        with os.fdopen(os.dup(descriptor), "wb") as file:
            file.write(raw)
        os.lseek(descriptor, 0, os.SEEK_SET)
    else:
        descriptor, write_end = os.pipe()
        os.set_blocking(write_end, False)
        with os.fdopen(write_end, "wb", buffering=0) as pipe:
            if pipe.write(raw) != len(raw):
                raise Refused("This value is too long for a file descriptor on this system.")
    os.set_inheritable(descriptor, True)
    return descriptor


def become(command: Sequence[str], environment: Mapping[str, str], umask: int) -> NoReturn:
    """Replace this process by a program. Raises NotStarted."""
    os.umask(umask)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and what is ignored stays so after an exec
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvpe(command[0], list(command), dict(environment))  # noqa: S606 - what the caller asked for
    except (FileNotFoundError, NotADirectoryError):
        raise CommandNotFound(f"There is no command “{command[0]}”.") from None
    except OSError as refusal:
        raise NotExecutable(f"“{command[0]}” cannot be started: {os.strerror(refusal.errno or 0)}.") from None
