"""Fixtures of the egress tests: hostile servers that end with the test, and a client with a short deadline."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from credstore.egress import OutboundClient, Policy
from credstore.probe import ProbeRequest, ProbeResponse
from tests.egress.certificates import Issue, new_authority
from tests.egress.hostile import Behave, Hostile

Serve = Callable[..., Hostile]
Get = Callable[..., ProbeResponse]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A factory of running servers."""
    with ExitStack() as running:

        def start(behave: Behave, **options: object) -> Hostile:
            return running.enter_context(Hostile(behave, **options))

        yield start


@pytest.fixture
def authority(tmp_path: Path) -> tuple[Path, Issue]:
    """The file of a root certificate, and a function that issues server contexts under it."""
    return new_authority(tmp_path)


@pytest.fixture
def get() -> Get:
    """Send one GET (or POST, with `json`) through a client for which loopback is open."""

    def send(url: str, *, seconds: float = 2.0, client: OutboundClient | None = None, **parts: object) -> ProbeResponse:
        client = client or OutboundClient(Policy.parse([], loopback_open=True))
        method = "POST" if "json" in parts else "GET"
        request = ProbeRequest(purpose="the test asks", method=method, url=url, **parts)
        return client.send(request, deadline=time.monotonic() + seconds)

    return send
