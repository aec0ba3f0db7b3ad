"""The mark, the drawing of the empty list, and the icon of the tab that shows what goes on."""

import re
import threading
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.live_site import LiveSite
from tests.provider import Provider

pytestmark = pytest.mark.browser

COLOURS: dict[Literal["light", "dark"], str] = {"light": "rgb(255, 255, 255)", "dark": "rgb(23, 24, 27)"}


def expect_icon(tab: Page, name: str) -> None:
    expect(tab.locator("link[rel=icon]")).to_have_attribute("href", re.compile(rf"/{name}\.svg"))


def test_the_mark_the_drawing_of_an_empty_list_and_the_icon_of_the_tab_that_follows_the_tests(
    site: LiveSite, open_page: OpenPage, provider: Provider, gate: threading.Event
) -> None:
    tab = open_page("/new")
    brand = tab.get_by_role("link", name="credstore", exact=True)
    assert brand.locator("img").evaluate("(it) => it.complete && it.naturalWidth > 0")
    brand.click()
    expect(tab).to_have_url(site.url)

    for scheme, colour in COLOURS.items():
        tab.emulate_media(color_scheme=scheme)
        expect(tab.locator(".drawing")).to_be_visible()
        card = tab.locator(".drawing rect").nth(1)
        assert card.evaluate("(it) => getComputedStyle(it).fill") == colour, scheme
    site.llm("Model", provider.url("/gated/v1"), key="sk-wrong-0123456789", provider="openai_compatible")
    tab.reload()
    for scheme in COLOURS:
        tab.emulate_media(color_scheme=scheme)
        expect(tab.locator(".drawing"), scheme).to_have_count(0)

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
        assert response.ok, name
        assert "svg" in response.headers["content-type"], name
