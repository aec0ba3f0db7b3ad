"""Turns the process of `credstore serve` into gunicorn's arbiter: see `server_main`, which this does not import."""

import json
import os
import sys
from collections.abc import Mapping
from typing import Any, NoReturn

from credstore.config import Config


def serving_options(config: Config) -> dict[str, Any]:
    """What the arbiter needs of a Config, which it does not read itself."""
    return {name: getattr(config, name) for name in ("log_format", "log_level", "head_seconds", "body_seconds")}


def replace_process(settings: Mapping[str, Any], **options: Any) -> NoReturn:
    """Become the server: same process id, environment and streams, none of this process's memory.

    The arguments are those of `GunicornServer`. No secret is among them: others on this machine can read the arguments
    of a process.
    """
    if sys.stdout:  # it may be closed
        sys.stdout.flush()
    # Threads that each have an arena of their own make a process larger than what it uses (mallopt(3)).
    os.environ.setdefault("MALLOC_ARENA_MAX", "1")
    # Without the columns of each instruction, which only a printed traceback shows, code takes less memory.
    command = [sys.executable, "-P", "-X", "no_debug_ranges", "-m", "credstore.server_main"]
    given = json.dumps(options | {"settings": dict(settings)}, default=str)
    os.execv(sys.executable, [*command, given])  # noqa: S606 - no shell is wanted
