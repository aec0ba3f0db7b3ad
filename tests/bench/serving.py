"""The two servers that are compared, under the same gunicorn configuration."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet

from tests.fixtures.serving import REPO, Server, serving

WORKERS, THREADS = 2, 16
OPTIONS = ("--workers", str(WORKERS), "--threads", str(THREADS))


def installation(home: Path, database_url: str) -> Server:
    """Where credstore keeps its data in this run; `database_url` "" is SQLite. Nothing runs yet."""
    home.mkdir(parents=True)
    env = {"FIELD_ENCRYPTION_KEY": Fernet.generate_key().decode(), "SECRET_KEY": "a secret key of the benchmark alone"}
    return Server(home, env=env | ({"DATABASE_URL": database_url} if database_url else {}))


@dataclass(frozen=True)
class Running:
    """The bare view's server, and the seconds that each took from the start of its process to a first /healthz."""

    bare: Server
    start_seconds: float
    bare_start_seconds: float


@contextmanager
def both_servers(server: Server, home: Path) -> Iterator[Running]:
    """`credstore serve` and the bare view (with `home` as its folder) until the end of the block."""
    home.mkdir(exist_ok=True)
    bare = Server(home)
    options = ["--worker-class", "gthread", "--no-control-socket", "--bind", f"127.0.0.1:{bare.port}", *OPTIONS]
    started = time.perf_counter()
    with serving(server, *OPTIONS):
        first = time.perf_counter()
        try:
            bare.start([sys.executable, "-m", "gunicorn", *options, "tests.bench.bare_view:app"], REPO)
            yield Running(bare, first - started, time.perf_counter() - first)
        finally:
            bare.stop()
