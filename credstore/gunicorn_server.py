"""Runs the application under gunicorn, without a configuration file, in a process of its own.

`replace_process` turns the command's process into gunicorn's arbiter, which never imports the application: it would
hold the memory of a third worker. The workers import it.
"""

import gc
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from credstore.log_lines import configure_logging
from credstore.slow_requests import ReadingWorker


class GunicornServer(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn with gthread workers: a provider that does not respond holds one thread, not a worker.

    `settings` are those of `Config.from_env` that the command line gave; `announcement` is printed when it listens.
    `serving` are those of `serving_options`.
    """

    def __init__(
        self, settings: Mapping[str, Any], *, workers: int, threads: int, announcement: str, serving: Mapping[str, Any]
    ) -> None:
        self._settings = settings
        host = f"[{settings['bind']}]" if ":" in settings["bind"] else settings["bind"]
        self._options: dict[str, Any] = {
            "bind": f"{host}:{settings['port']}",
            "workers": workers,
            "threads": threads,
            "worker_class": type("Worker", (ReadingWorker,), _deadlines(serving)),
            "logger_class": type("ServerLog", (ServerLog,), {"lines": (serving["log_format"], serving["log_level"])}),
            "when_ready": lambda _arbiter: _say(announcement),
            "proc_name": "credstore",
            # Only CREDSTORE_PROXY_HOPS decides which proxies are trusted.
            "forwarded_allow_ips": "",
            "control_socket_disable": True,
            "graceful_timeout": 15,
            # A long search and fifty selected ids make a long URL.
            "limit_request_line": 8190,
        }
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        from credstore import create_app
        from credstore.config import Config

        known = dict(self._settings)
        if "data_dir" in known:
            known["data_dir"] = Path(known["data_dir"])
        app = create_app(Config.from_env(**known))
        app.extensions["credstore"].start_watch(app)
        app.extensions["credstore"].runner.take_over_runs()
        gc.freeze()  # what is here stays: a full collection, in the middle of some request, need not look through it
        return app


class ServerLog(Logger):  # type: ignore[misc]
    """gunicorn's own lines, in the form of credstore's."""

    lines = ("text", "info")

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        configure_logging(*self.lines)


def _deadlines(serving: Mapping[str, Any]) -> dict[str, Any]:
    return {name: serving[name] for name in ("head_seconds", "body_seconds")}


def serving_options(config: Any) -> dict[str, Any]:
    """What the arbiter needs of a Config, which it does not read itself."""
    return {name: getattr(config, name) for name in ("log_format", "log_level", "head_seconds", "body_seconds")}


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def replace_process(
    settings: Mapping[str, Any], *, workers: int, threads: int, announcement: str, serving: Mapping[str, Any]
) -> NoReturn:
    """Become the server: same process id, environment and streams, none of this process's memory."""
    reading, writing = os.pipe()  # not an argument, which others on this machine could read: it holds the set-up URL
    os.write(writing, announcement.encode())
    os.close(writing)
    os.set_inheritable(reading, True)
    options = {"settings": dict(settings), "workers": workers, "threads": threads, "announcement": reading}
    options["serving"] = dict(serving)
    sys.stdout.flush()
    # Threads that each have an arena of their own make a process larger than what it uses (mallopt(3)).
    os.environ.setdefault("MALLOC_ARENA_MAX", "1")
    # Without the columns of each instruction, which only a printed traceback shows, code takes less memory.
    flags = ["-P", "-X", "no_debug_ranges"]
    os.execv(sys.executable, [sys.executable, *flags, "-m", __name__, json.dumps(options, default=str)])  # noqa: S606


def main() -> None:
    """Serve with the options of `replace_process`."""
    options = json.loads(sys.argv[1])
    with os.fdopen(options.pop("announcement"), encoding="utf-8") as pipe:
        announcement = pipe.read()
    sys.argv[1:] = []  # gunicorn would take them for its own
    GunicornServer(options.pop("settings"), announcement=announcement, **options).run()


if __name__ == "__main__":
    main()
