"""How heavy the page is: what a browser loads to show a full list."""

import gzip
import re

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import OpenPage
from tests.browser.live_site import LiveSite

pytestmark = pytest.mark.browser

MOST_BYTES = 13_500  # gzipped, all together
MOST_HTML = 45_000  # fifty rows as they are sent, but for the names and details that they show


def weigh(body: bytes) -> int:
    return len(gzip.compress(body, 9))


def test_a_full_page_weighs_at_most_13_500_bytes_in_all(site: LiveSite, open_page: OpenPage) -> None:
    site.fifty()
    tab: Page = open_page(None)
    loaded: dict[str, int] = {}
    tab.on("response", lambda answer: loaded.update({re.sub(r".*/", "", answer.url): weigh(answer.body())}))
    tab.goto(site.url, wait_until="networkidle")
    assert tab.locator("tbody tr").count() == 50
    assert sorted(name.split("?")[0] for name in loaded) == [
        *("credentials", "credstore.css", "credstore.js", "icon.svg", "icons.svg")
    ]
    assert sum(loaded.values()) <= MOST_BYTES, loaded
    shown = "".join(tab.locator("tbody :is(th a, td:nth-child(4))").all_text_contents())
    assert len(tab.request.get(site.url).body()) - len(shown.encode()) <= MOST_HTML
