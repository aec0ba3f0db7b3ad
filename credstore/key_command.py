"""Runs FIELD_ENCRYPTION_KEY_COMMAND: a program that prints the keys, so that they stay where a company keeps its keys.

It is run without a shell. Nothing that it prints becomes part of an error, except a line of its error output that
cannot hold a key.
"""

import os
import re
import selectors
import shlex
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from credstore.errors import ConfigError

VARIABLE = "FIELD_ENCRYPTION_KEY_COMMAND"
SECONDS = 30.0
MOST_OUTPUT = 10_000  # bytes; a key has 44
_LONGEST_SHOWN = 200
# A key is 43 such characters; a part of one, or its hexadecimal form, has a long run of them too.
# So do a password: letters and then a digit in one word, or what stands behind "password:" and its like.
_MAY_BE_SECRET = re.compile(
    r"[A-Za-z0-9+/_=-]{16,}|(?=\S{6})\S*[A-Za-z]\S*\d|(?:pass\w*|pwd|token|secret|key|pin)[\"']?\s*[:=]\s*\S",
    re.IGNORECASE,
)
_MOST_ERROR_OUTPUT = 4_000  # bytes; what comes before is dropped


def keys_of(plain: str, command: str) -> str:
    """The keys as they are set plainly, or what the command prints; "" where neither is set. Raises ConfigError."""
    if plain and command:
        raise ConfigError(f"Both FIELD_ENCRYPTION_KEY and {VARIABLE} are set. Keep one of them.")
    return keys_from_command(command) if command else plain


def source_of_keys(env: Mapping[str, str]) -> str:
    """Where the keys are set, as the end of a sentence: a variable, the file that one names, or the program."""
    if env.get(f"{VARIABLE}_FILE") or env.get(VARIABLE, "").strip():
        return f"what {VARIABLE} prints"
    file = env.get("FIELD_ENCRYPTION_KEY_FILE")
    return f"the file {file}" if file else "FIELD_ENCRYPTION_KEY"


def keys_from_command(command: str, *, seconds: float = SECONDS) -> str:
    """What the command prints: keys with commas between them, or one on each line. Raises ConfigError."""
    try:
        words = shlex.split(command)
    except ValueError:
        raise ConfigError(f"{VARIABLE} has a quotation mark without its partner.") from None
    try:
        process = _Program(words)
    except (OSError, ValueError, IndexError):  # the words may hold a secret; they are not repeated
        raise ConfigError(f"The program that {VARIABLE} names cannot be run. Give its whole path.") from None
    output, error = _read_and_end(process, seconds)
    if process.returncode:
        raise ConfigError(f"{VARIABLE} ended with the status {process.returncode}.{_shown(error, output)}")
    keys = ",".join(output.split())
    if not keys:
        raise ConfigError(f"{VARIABLE} printed nothing.{_shown(error, output)}")
    return keys


class _Program(subprocess.Popen[bytes]):
    """A program that runs, in a group of its own, so that what it has started ends with it."""

    def __init__(self, words: Sequence[str]) -> None:
        pipe = subprocess.PIPE
        try:
            super().__init__(words, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, start_new_session=True)
        except (SystemExit, KeyboardInterrupt):  # raised by a signal, maybe after the program was started
            if getattr(self, "pid", 0):
                self.end()
                self.close_pipes()
            raise

    def end(self) -> None:
        """Kill it and what it has started."""
        with suppress(ProcessLookupError):  # before `wait`, after which the number may be that of another group
            os.killpg(self.pid, signal.SIGKILL)
        self.wait()

    def close_pipes(self) -> None:
        for pipe in (getattr(self, "stdout", None), getattr(self, "stderr", None)):
            if pipe:
                pipe.close()


def _read_and_end(process: _Program, seconds: float) -> tuple[str, str]:
    """What it prints, and the end of its error output. Raises ConfigError after the time, or after too much.

    A process that it has started may keep the pipes open for ever: they are closed here, whoever else has them.
    """
    try:
        output, error = _read(process, time.monotonic() + seconds)
        process.wait(timeout=seconds)
    except BaseException as failure:  # also where this process is asked to end
        process.end()
        if not isinstance(failure, subprocess.TimeoutExpired):
            raise
        raise ConfigError(f"{VARIABLE} did not end within {seconds:g} seconds.") from None
    finally:
        process.close_pipes()
    return output.decode(errors="replace"), error.decode(errors="replace")


def _read(process: _Program, deadline: float) -> tuple[bytes, bytes]:
    """Raises TimeoutExpired or ConfigError."""
    output = error = b""
    with selectors.DefaultSelector() as open_pipes:
        for pipe in filter(None, (process.stdout, process.stderr)):
            open_pipes.register(pipe, selectors.EVENT_READ)
        while open_pipes.get_map():
            left = deadline - time.monotonic()
            ready = open_pipes.select(left) if left > 0 else []
            if not ready:
                raise subprocess.TimeoutExpired("", 0)
            for key, _ in ready:
                part = os.read(key.fd, 65_536)
                if not part:
                    open_pipes.unregister(key.fileobj)
                elif key.fileobj is process.stdout:
                    output += part
                else:
                    error = (error + part)[-_MOST_ERROR_OUTPUT:]
                if len(output) > MOST_OUTPUT:
                    raise ConfigError(f"{VARIABLE} prints too much; it must print the key and nothing else.")
    return output, error


def _shown(error: str, output: str) -> str:
    """The last line of the error output, as a sentence's end; less where it may hold a secret."""
    lines = ["".join(c for c in line if c.isprintable()).strip() for line in error.splitlines()]
    last = next((line for line in reversed(lines) if line), "")
    if not last:
        return ""
    words = re.split(r"[\s,]+", output)
    if _MAY_BE_SECRET.search(last) or any(word in last for word in words if len(word) > 3):
        return " Its error output is not shown, as it may hold a key."
    return f" It says: {last[:_LONGEST_SHOWN]}"
