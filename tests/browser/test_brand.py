"""The mark, the drawing of the empty list, and the icon of the tab that shows what goes on."""

import re
import threading

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.live_site import LiveSite
from tests.provider import Provider

pytestmark = pytest.mark.browser


def expect_icon(tab: Page, name: str) -> None:
    expect(tab.locator("link[rel=icon]")).to_have_attribute("href", re.compile(rf"/{name}\.svg"))


def test_the_mark_is_on_every_page_and_leads_to_the_list(site: LiveSite, open_page: OpenPage) -> None:
    tab = open_page("/new")
    brand = tab.get_by_role("link", name="credstore", exact=True)
    assert brand.locator("img").evaluate("(it) => it.complete && it.naturalWidth > 0")
    brand.click()
    expect(tab).to_have_url(site.url)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_empty_list_has_a_drawing_in_the_colours_of_the_page(
    site: LiveSite, open_page: OpenPage, scheme: str
) -> None:
    tab = open_page("", color_scheme=scheme)
    expect(tab.locator(".drawing")).to_be_visible()
    card = tab.locator(".drawing rect").nth(1)
    assert (
        card.evaluate("(it) => getComputedStyle(it).fill")
        == {
            "light": "rgb(255, 255, 255)",
            "dark": "rgb(23, 24, 27)",
        }[scheme]
    )
    site.bots(1)
    tab.reload()
    expect(tab.locator(".drawing")).to_have_count(0)


def test_the_icon_of_the_tab_follows_the_tests(
    site: LiveSite, open_page: OpenPage, provider: Provider, gate: threading.Event
) -> None:
    site.llm("Model", provider.url("/gated/v1"), key="sk-wrong-0123456789", provider="openai_compatible")
    tab = open_page()
    expect_icon(tab, "icon")
    tab.get_by_role("button", name="Test Model").click()
    expect_icon(tab, "icon-busy")
    gate.set()
    expect(tab.locator(".verdict")).to_contain_text("Rejected")
    expect_icon(tab, "icon-alert")
    tab.reload()
    expect_icon(tab, "icon-alert")
    for name in ("icon", "icon-busy", "icon-alert"):
        response = tab.request.get(f"{site.url}/static/{name}.svg")
        assert response.ok
        assert "svg" in response.headers["content-type"]
