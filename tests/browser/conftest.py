"""One real `credstore serve` for all browser tests, emptied before each; a browser that is signed in already."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.live_site import LiveSite, open_app
from tests.conftest import PASSWORD, USERNAME, close
from tests.fixtures.browsing import MakeContext, sign_in
from tests.fixtures.serving import Server, serving
from tests.provider import BEHAVIOURS, Call, Reply, openai

# A refusal by the Content-Security-Policy is an event first; the console error makes it a complaint of the `watch`.
REPORT = (
    "addEventListener('securitypolicyviolation', (e) => console.error(`CSP ${e.violatedDirective} ${e.blockedURI}`))"
)


OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    """`credstore serve` as users run it, with the administrator ann."""
    with serving(Server(tmp_path_factory.mktemp("site")), admin=(USERNAME, PASSWORD)) as server:
        app = open_app(server)
        yield LiveSite(server, app)
        close(app)


@pytest.fixture
def site(running: LiveSite) -> LiveSite:
    """The running site, without a single credential."""
    running.clear()
    return running


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """The provider's base path /gated behaves like OpenAI, but answers only once the gate is set."""
    opened = threading.Event()

    def gated(call: Call) -> Reply:
        while not (opened.wait(0.02) or call.provider.closing.is_set()):
            pass
        return openai(call)

    monkeypatch.setitem(BEHAVIOURS, "gated", gated)
    yield opened
    opened.set()


@pytest.fixture(scope="session")
def session_state(browser: Browser, running: LiveSite) -> Any:
    """The cookies of somebody who has signed in through the form."""
    context = browser.new_context()
    sign_in(context.new_page(), running.server)
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def open_page(browser_context: MakeContext, site: LiveSite, session_state: Any) -> OpenPage:
    """A factory: `open_page("?page=2", color_scheme="dark")` is a signed-in tab at that part of /credentials."""

    def make(where: str | None = "", **options: Any) -> Page:
        context = browser_context(storage_state=session_state, **options)
        context.add_init_script(REPORT)
        tab = context.new_page()
        if where is not None:
            tab.goto(site.url + where)
        return tab

    return make
