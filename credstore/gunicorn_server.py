"""Runs the application under gunicorn, without a configuration file.

The arbiter never imports the application: it would hold the memory of a third worker. The workers import it, while
a process of the first one prepares the start; see `server_start`.
"""

import gc
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.errors import HaltServer
from gunicorn.glogging import Logger

from credstore.log_lines import configure_logging, release_lines
from credstore.server_start import FAILED, PREPARED, REFUSED, ServerStart, StartingWorker


class GunicornServer(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn with gthread workers: a provider that does not respond holds one thread, not a worker.

    `settings` are those of `Config.from_env` that the command line gave. `locked` and `from_file` are of `ServerStart`,
    `serving` are those of `gunicorn_process.serving_options`.
    """

    def __init__(
        self,
        settings: Mapping[str, Any],
        *,
        workers: int,
        threads: int,
        locked: bool,
        from_file: Collection[str],
        serving: Mapping[str, Any],
    ) -> None:
        self._settings = settings
        self.start = ServerStart(self.read_config, locked=locked, from_file=from_file)
        host = f"[{settings['bind']}]" if ":" in settings["bind"] else settings["bind"]
        worker = {"start": self.start} | {name: serving[name] for name in ("head_seconds", "body_seconds")}
        self._options: dict[str, Any] = {
            "bind": f"{host}:{settings['port']}",
            "workers": workers,
            "threads": threads,
            "worker_class": type("Worker", (StartingWorker,), worker),
            "logger_class": type("ServerLog", (ServerLog,), {"lines": (serving["log_format"], serving["log_level"])}),
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

    def read_config(self) -> Any:
        """The settings of the environment and of the command line. Raises ConfigError."""
        from credstore.config import Config

        known = dict(self._settings)
        if "data_dir" in known:
            known["data_dir"] = Path(known["data_dir"])
        return Config.from_env(**known)

    def load(self) -> Any:
        """The application, in a worker."""
        from credstore import create_app, metrics

        config = self.read_config()
        metrics.use_folder(config)
        app = create_app(config)
        app.extensions["credstore"].start_watch(app)
        app.extensions["credstore"].runner.take_over_runs()
        gc.freeze()  # what is here stays: a full collection, in the middle of some request, need not look through it
        return app

    def run(self) -> None:
        """Serve until a signal ends it. Where the start is refused, that sentence is all that is written."""
        arbiter = os.getpid()
        try:
            StartingArbiter(self).run()
        finally:
            if os.getpid() == arbiter and self.start.outcome != REFUSED:  # workers end here, too
                release_lines()


class StartingArbiter(Arbiter):  # type: ignore[misc]
    """Writes its lines when the start is prepared. Exits with the outcome, a status, where it cannot be."""

    def manage_workers(self) -> None:
        outcome = self.app.start.outcome
        if outcome in {REFUSED, FAILED}:
            raise HaltServer("The start cannot be prepared.", outcome)
        super().manage_workers()
        if outcome == PREPARED:
            release_lines()

    def handle_usr2(self) -> None:
        """gunicorn would start itself again beside itself, with arguments that are gone."""
        self.log.warning("SIGUSR2 is ignored: restart credstore instead")


class ServerLog(Logger):  # type: ignore[misc]
    """gunicorn's own lines, in the form of credstore's."""

    lines = ("text", "info")

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        configure_logging(*self.lines)
