"""Numbers for Prometheus. Until `enable` is called, counting does nothing and prometheus-client is not imported.

Labels come from fixed sets: routes, statuses, outcomes, types. Nothing that a client sends becomes a label.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from credstore.config import Config
from credstore.errors import ConfigError

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"  # prometheus-client adds up what all processes write there
_COUNTERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "requests": ("Requests answered", ("method", "route", "status")),
    "tests": ("Tests of stored credentials", ("outcome", "type")),
    "runs": ("Runs of many tests started", ()),
    "notices": ("Tries to send a notice", ("channel", "result")),
    "login_failures": ("Sign-ins refused", ()),
    "token_failures": ("Machine tokens refused", ("reason",)),
    "database_errors": ("Errors of the database", ()),
}
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)  # seconds
_counters: dict[str, Any] = {}
_latency: list[Any] = []


def require_client() -> None:
    """Raises ConfigError where prometheus-client is not installed."""
    if find_spec("prometheus_client") is None:
        raise ConfigError("CREDSTORE_METRICS needs prometheus-client. Install credstore[metrics].")


def prepare_folder(config: Config) -> None:
    """Before the workers start, where metrics are on: an empty folder in which they put their numbers together.

    Raises ConfigError.
    """
    if not config.metrics:
        return
    require_client()
    folder = _folder(config)
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(mode=0o700, parents=True)
    except OSError:
        raise ConfigError(f"The folder of the metrics cannot be made: {folder}") from None


def use_folder(config: Config) -> None:
    """In each worker, before `enable`: put the numbers into the folder that was prepared."""
    if config.metrics:
        os.environ[FOLDER_VARIABLE] = str(_folder(config))


def _folder(config: Config) -> Path:
    return config.data_dir.absolute() / "metrics"


def enable() -> None:
    """Count from now on. Raises ConfigError where prometheus-client is not installed."""
    require_client()
    from prometheus_client import Counter, Histogram

    if not _counters:
        for name, (about, labels) in _COUNTERS.items():
            _counters[name] = Counter(f"credstore_{name}", about, labels)
        _latency.append(Histogram("credstore_request_seconds", "Time of an answer", ("route",), buckets=_BUCKETS))


def count(name: str, *labels: str) -> None:
    """One more of `name`, one of `_COUNTERS`, with the values of its labels."""
    if counter := _counters.get(name):
        (counter.labels(*labels) if labels else counter).inc()


def observe_request(method: str, route: str, status: int, seconds: float) -> None:
    """One answered request. `route` is the template of the address."""
    count("requests", method, route, str(status))
    for histogram in _latency:
        histogram.labels(route).observe(seconds)


def exposition(credentials: Mapping[str, int]) -> tuple[bytes, str]:
    """The numbers of all processes and the content type. `credentials` are how many of each type are stored."""
    from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
    from prometheus_client.core import GaugeMetricFamily
    from prometheus_client.multiprocess import MultiProcessCollector

    class Stored:
        def collect(self) -> Iterator[GaugeMetricFamily]:
            family = GaugeMetricFamily("credstore_credentials", "Credentials stored", labels=["type"])
            for kind, number in credentials.items():
                family.add_metric([kind], number)
            yield family

    own = CollectorRegistry()
    own.register(Stored())
    shared = REGISTRY
    if os.environ.get(FOLDER_VARIABLE):
        shared = CollectorRegistry()
        MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    return generate_latest(shared) + generate_latest(own), CONTENT_TYPE_LATEST
