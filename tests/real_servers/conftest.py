"""The real servers, each started once for the tests of its module."""

import re
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from credstore.egress import OutboundClient, Policy
from credstore.probe import Probe, Verdict
from credstore.tester import Tester
from tests.fixtures.browsing import SharedTabs
from tests.git.backend import make_repositories
from tests.real_servers import starting

KEY = "sk-right-0123456789abcdefABCDEF"
USER, PASSWORD = "ann", "right-Pass-0123456789abcd"

RunTest = Callable[[Probe, Collection[str]], Verdict]
Visit = Callable[..., Page]


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


@pytest.fixture(scope="module")
def windows(browser: Browser) -> Iterator[SharedTabs]:
    """For all tests of a module. An OpenID Connect provider's pages want a font from the Internet, and have no icon."""
    shared = SharedTabs(browser)
    shared.watch.allow_status(400, 401, 403, 404)
    for script in (True, False):
        context = shared.tab(java_script_enabled=script).context
        context.route(re.compile("^https:"), lambda route: route.fulfill(status=200, content_type="text/css", body=""))
    yield shared
    shared.close()


@pytest.fixture
def visit(windows: SharedTabs) -> Iterator[Visit]:
    """A factory: a tab without a cookie, so that nobody is signed in, here or at the provider.

    A test has each of the two once: a second call would take the same tab.
    """

    def make(*, java_script_enabled: bool = True) -> Page:
        tab = windows.tab(java_script_enabled=java_script_enabled)
        tab.goto("about:blank")
        tab.context.clear_cookies()
        return tab

    yield make
    for tab in windows.made.values():
        for opened in tab.context.pages:
            if opened is not tab:
                opened.close()
        tab.goto("about:blank")
    windows.watch.judge()
