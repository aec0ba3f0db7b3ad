"""How heavy the page is: what a browser loads to show a full list."""

import gzip
import re

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import OpenPage
from tests.browser.live_site import LiveSite

pytestmark = pytest.mark.browser

MOST_BYTES = 15_000  # gzipped, all together
MOST_HTML = 45_000  # fifty rows as they are sent


def weigh(body: bytes) -> int:
    return len(gzip.compress(body, 9))


def test_a_full_page_weighs_at_most_15_kilobytes_in_all(site: LiveSite, open_page: OpenPage) -> None:
    site.fifty()
    tab: Page = open_page(None)
    loaded: dict[str, int] = {}
    tab.on("response", lambda answer: loaded.update({re.sub(r".*/", "", answer.url): weigh(answer.body())}))
    tab.goto(site.url, wait_until="networkidle")
    assert tab.locator("tbody tr").count() == 50
    assert sorted(name.split("?")[0] for name in loaded) == [
        *("credentials", "credstore.css", "credstore.js", "icon-alert.svg", "icon.svg", "icons.svg")
    ]
    assert sum(loaded.values()) <= MOST_BYTES, (sum(loaded.values()), loaded)
    rows = tab.request.get(site.url).body().partition(b"<tbody>")[2].partition(b"</tbody>")[0]
    assert rows.count(b"<tr") == 50
    assert len(rows) <= MOST_HTML, len(rows)
