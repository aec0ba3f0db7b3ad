"""The example host application under gunicorn, below SCRIPT_NAME, its services, and a way to its database."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from pytest_httpserver import HTTPServer

from credstore.database import close_database
from credstore.vault import Record, Vault
from examples.workflow_runner.app import create_app
from examples.workflow_runner.models import db
from tests.fixtures.browsing import SharedTabs, Watch
from tests.fixtures.serving import REPO, Server

MOUNT = "/flows"  # as behind a reverse proxy
PASSWORD = "the password of ann"
KEYS = ("sk-old-0123456789abcdef", "sk-new-0123456789abcdef")
BOT = "123456789:AAbbccddeeffgghhii"


class ExampleServer(Server):
    """The example, started as its README says."""

    @property
    def root(self) -> str:
        return self.url + MOUNT

    @property
    def credentials(self) -> str:
        return f"{self.root}/settings/credentials"

    def healthy(self) -> bool:
        try:
            return self.get(f"{MOUNT}/sign-in")[0] == 200
        except OSError:
            return False

    def run_example(self) -> None:
        self.home.mkdir(exist_ok=True)
        options = ("--port", str(self.port), "--folder", str(self.home / "data"))
        self.start([sys.executable, "-m", "examples.workflow_runner", *options], REPO)


@dataclass
class Host:
    """The running example; `services` is a model and the Bot API, `app` the way to its database."""

    server: ExampleServer
    services: HTTPServer
    app: Flask

    @contextmanager
    def vault(self) -> Iterator[Vault]:
        with self.app.app_context():
            yield self.app.extensions["credstore"].vault
            db.session.remove()

    def model(self, name: str, key: str = KEYS[0]) -> Record:
        values = {"provider_type": "openai_compatible", "api_key": key, "base_url": self.services.url_for("/v1")}
        with self.vault() as vault:
            return vault.create("llm", name, values)

    def bot(self, name: str) -> Record:
        with self.vault() as vault:
            return vault.create("telegram", name, {"bot_token": BOT})

    def keys_that_came(self) -> list[str]:
        """The keys and tokens that the services got so far, the newest last."""
        asked = [request for request, _ in self.services.log]
        return [each.headers.get("Authorization", each.path).removeprefix("Bearer ") for each in asked]


@pytest.fixture(scope="session")
def services() -> Iterator[HTTPServer]:
    with HTTPServer() as server:
        answer = {"choices": [{"message": {"content": "Forty-two"}}]}
        server.expect_request("/v1/chat/completions", method="POST").respond_with_json(answer)
        server.expect_request(f"/bot{BOT}/sendMessage", method="POST").respond_with_json({"ok": True})
        yield server


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory, services: HTTPServer) -> Iterator[Host]:
    env = {"SCRIPT_NAME": MOUNT, "WORKFLOW_PASSWORD": PASSWORD, "TELEGRAM_API": services.url_for("").rstrip("/")}
    server = ExampleServer(tmp_path_factory.mktemp("example"), env=env)
    try:
        server.run_example()
        with pytest.MonkeyPatch.context() as patch:
            for name, key in json.loads((server.home / "data" / "keys.json").read_text()).items():
                patch.setenv(name, key)
            patch.setenv("CREDSTORE_DATA_DIR", str(server.data_dir))
            app = create_app()
        yield Host(server, services, app)
        with app.app_context():
            db.engine.dispose()
        close_database(app)
    finally:
        server.stop()


@pytest.fixture(scope="session")
def windows(browser: Browser) -> Iterator[SharedTabs]:
    shared = SharedTabs(browser)
    yield shared
    shared.close()


@pytest.fixture
def watch(windows: SharedTabs) -> Iterator[Watch]:
    """What the windows complain of during this test, which may allow something."""
    windows.watch.allowed.clear()
    yield windows.watch
    windows.watch.judge()


@pytest.fixture(scope="session")
def cookies_of_ann() -> dict[bool, Any]:
    """Those of the window with JavaScript and of the one without, once she has signed in there."""
    return {}


SignedIn = Callable[..., Page]


@pytest.fixture
def signed_in(host: Host, windows: SharedTabs, watch: Watch, cookies_of_ann: dict[bool, Any]) -> Iterator[SignedIn]:
    """A factory: `signed_in(java_script_enabled=False)` is the tab of ann at the list of workflows.

    A test has each of the two once: a second call would take the same tab. It has no cookie of another test.
    """

    def make(*, java_script_enabled: bool = True) -> Page:
        tab = windows.tab(java_script_enabled=java_script_enabled)
        if cookies := cookies_of_ann.get(java_script_enabled):
            tab.context.clear_cookies()
            tab.context.add_cookies(cookies)
            tab.goto(f"{host.server.root}/")
        else:
            sign_in_by_keyboard(tab, host)
            cookies_of_ann[java_script_enabled] = tab.context.cookies()
        expect(tab).to_have_url(f"{host.server.root}/")
        return tab

    yield make
    for tab in windows.made.values():
        tab.goto("about:blank")
        tab.set_viewport_size({"width": 1280, "height": 800})
        tab.emulate_media(color_scheme="light")


def sign_in_by_keyboard(tab: Page, host: Host) -> None:
    tab.goto(f"{host.server.root}/")
    tab.get_by_label("Username").focus()
    tab.keyboard.type("ann")
    tab.keyboard.press("Tab")
    tab.keyboard.type(PASSWORD)
    tab.keyboard.press("Enter")
    tab.wait_for_url(f"{host.server.root}/")
