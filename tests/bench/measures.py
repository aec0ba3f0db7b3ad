"""Everything that is measured on one database of one size."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.bench import serving
from tests.bench.api import measure_api
from tests.bench.changes import measure_creates, measure_deletes
from tests.bench.client import Client
from tests.bench.comparison import Comparer
from tests.bench.data import fill
from tests.bench.figures import Figure, times
from tests.bench.pages import measure_pages
from tests.bench.processes import memory_mib
from tests.bench.resolves import measure_resolves
from tests.fixtures.serving import Server

ADMIN = ("ann", "correct horse battery staple")


@dataclass(frozen=True)
class Effort:
    """How often things are measured; medians are shown."""

    rounds: int = 11
    turn_seconds: float = 0.2
    starts: int = 3
    deletes: int = 3


REST_SECONDS = 1  # the last deletion gives back what it held a moment after its answer
THOROUGH, QUICK = Effort(), Effort(rounds=2, turn_seconds=0.03, starts=1, deletes=1)


def measure(home: Path, database_url: str, rows: int, effort: Effort) -> Iterator[Figure]:
    """Fill an empty database with `rows` credentials, start both servers and yield every figure.

    `database_url` "" is SQLite in `home`, a folder that does not exist yet.
    """
    server, bare_home = serving.installation(home / "credstore", database_url), home / "bare"
    fill(server, rows, ADMIN)
    starts = []
    for _ in range(effort.starts - 1):
        with serving.both_servers(server, bare_home) as running:
            starts.append(running)
    with serving.both_servers(server, bare_home) as running:
        starts.append(running)
        client, bare = Client(server), Client(running.bare)
        client.sign_in(*ADMIN)
        _warm_up(client)
        comparer = Comparer(client, bare, effort.rounds, effort.turn_seconds)
        own = comparer.bare_seconds()
        yield Figure("the bare view itself", own, f"{own * 1000:.2f} ms")
        yield from measure_pages(client, comparer, rows)
        yield from measure_resolves(server, effort.rounds)
        yield from measure_api(server, client, comparer)
        yield from measure_creates(client, comparer)
        yield from measure_deletes(server, client, comparer, effort.deletes)
        time.sleep(REST_SECONDS)
        yield from _memory(server, running.bare)
        client.close()  # a server that stops waits for open connections
        bare.close()
    seconds = median(start.start_seconds for start in starts)
    ratio = median(start.start_seconds / start.bare_start_seconds for start in starts)
    yield Figure("cold start", seconds, f"{seconds:.3g} s ({times(ratio)})")


def _warm_up(client: Client) -> None:
    """Let each worker have answered: a new connection may go to any of them."""
    for _ in range(8):
        client.close()
        client.get("/credentials")


def _memory(server: Server, bare: Server) -> Iterator[Figure]:
    assert server.process
    assert bare.process
    for line, kind in (("memory, sum of RSS", "Rss"), ("memory, sum of PSS", "Pss")):
        ours, other = memory_mib(server.process.pid, kind), memory_mib(bare.process.pid, kind)
        yield Figure(line, ours, f"{ours:.0f} MiB ({times(ours / other)})")
