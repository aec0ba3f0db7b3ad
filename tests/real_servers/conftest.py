"""The real servers, each started once for the tests of its module."""

from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import pytest

from credstore.egress import OutboundClient, Policy
from credstore.probe import Probe, Verdict
from credstore.tester import Tester
from tests.git.backend import make_repositories
from tests.real_servers import starting

KEY = "sk-right-0123456789abcdefABCDEF"
USER, PASSWORD = "ann", "right-Pass-0123456789abcd"

RunTest = Callable[[Probe, Collection[str]], Verdict]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.real_server)


@pytest.fixture(scope="session")
def run_test() -> RunTest:
    """Runs a probe as the product does: the real tester, the real outbound client, every address judged."""
    tester = Tester(OutboundClient(Policy.parse([], loopback_open=True)), seconds=10)

    def run(probe: Probe, secrets: Collection[str]) -> Verdict:
        verdict = tester.run(probe, secrets)
        assert len(verdict.steps) <= 4, verdict.steps
        assert not any(secret in repr(verdict) for secret in secrets if secret)
        return verdict

    return run


@pytest.fixture(scope="module")
def litellm() -> Iterator[str]:
    with starting.litellm(KEY) as url:
        yield url


@pytest.fixture(scope="module")
def fastchat() -> Iterator[str]:
    with starting.fastchat(KEY) as url:
        yield url


@pytest.fixture(scope="module")
def httpbin() -> Iterator[str]:
    with starting.httpbin() as url:
        yield url


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_repositories(tmp_path_factory.mktemp("repositories"))


@pytest.fixture(scope="module")
def klaus(repositories: Path) -> Iterator[str]:
    with starting.klaus(repositories, user=USER, password=PASSWORD) as url:
        yield url


@pytest.fixture(scope="module")
def node_git_server(repositories: Path) -> Iterator[str]:
    with starting.node_git_server(repositories, user=USER, password=PASSWORD) as url:
        yield url
