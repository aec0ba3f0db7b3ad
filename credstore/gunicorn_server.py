"""Runs the application under gunicorn, without a configuration file."""

from collections.abc import Callable
from typing import Any

from gunicorn.app.base import BaseApplication

from credstore import create_app
from credstore.config import Config


class GunicornServer(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn with gthread workers: a provider that does not respond holds one thread, not a worker.

    `when_ready` is called once, when the server listens.
    """

    def __init__(self, config: Config, *, workers: int, threads: int, when_ready: Callable[[], None]) -> None:
        self._config = config
        host = f"[{config.bind}]" if ":" in config.bind else config.bind
        self._options: dict[str, Any] = {
            "bind": f"{host}:{config.port}",
            "workers": workers,
            "threads": threads,
            "worker_class": "gthread",
            "when_ready": lambda _arbiter: when_ready(),
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
        return create_app(self._config)
