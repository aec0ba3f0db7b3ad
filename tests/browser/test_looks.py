"""Checks of the appearance by tools: axe in light and dark, narrow windows, contrast modes, the strict CSP."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import axe_faults
from tests.browser.conftest import OpenPage
from tests.browser.live_site import LiveSite
from tests.browser.page_states import PAGE_STATES, furnish
from tests.fixtures.browsing import MakeContext, Watch

pytestmark = pytest.mark.browser

WIDER = """() => document.documentElement.scrollWidth > document.documentElement.clientWidth
  && ['wider', ...[...document.body.querySelectorAll('*')].filter((it) => it.getBoundingClientRect().right > innerWidth)
    .map((it) => it.outerHTML.slice(0, 60))]"""
SMALL_TARGETS = """() => [...document.querySelectorAll('a[href], button, input, select, textarea, label')]
  .filter((it) => !it.closest('p, .sr, .skip') && !it.matches('.sr, .skip, [type=hidden], .kind > input'))
  .filter((it) => !(document.querySelector('dialog[open]') && !it.closest('dialog')))
  .filter((it) => it.tagName !== 'LABEL' || it.querySelector('input'))
  .filter((it) => !it.closest('label') || it.tagName === 'LABEL')
  .map((it) => [it.outerHTML.slice(0, 90), it.getBoundingClientRect()])
  .filter(([, box]) => box.width && (box.width < 24 || box.height < 24))
  .map(([html, box]) => `${html} ${box.width}x${box.height}`)"""


def walk(site: LiveSite, tab: Page, stranger: Page) -> Iterator[tuple[str, Page]]:
    """Go to every place; yields (name, page)."""
    tab.goto(site.url)
    expect(tab.get_by_role("heading", name="No credentials yet")).to_be_visible()
    yield "empty", tab
    furnish(site)
    for place in PAGE_STATES:
        here = tab if place.signed_in else stranger
        place.go(here, site)
        yield place.name, here


@pytest.fixture
def stranger(browser_context: MakeContext, watch: Watch) -> Page:
    """Somebody who has not signed in."""
    watch.allow_status(400, 403, 404)
    return browser_context().new_page()


def test_axe_finds_nothing_in_light_and_dark_nor_anything_inline(
    site: LiveSite, open_page: OpenPage, stranger: Page
) -> None:
    """What the CSP would block is reported by the watch; here it is not even there."""
    found: list[str] = []
    for name, tab in walk(site, open_page(None), stranger):
        found += [f"{name}: {fault}" for fault in axe_faults(tab)]
        inline = re.findall(r"<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*\ssrc=)", tab.content())
        found += [f"{name}: inline {what}" for what in inline]
        tokens = tab.locator("[name=csrf_token]").evaluate_all("(all) => all.map((input) => input.value)")
        # A dialog's form came with a page of its own, but of the same session.
        if len(tokens) > 2 or ("dialog" not in name and len(set(tokens)) > 1):
            found.append(f"{name}: {len(set(tokens))} CSRF values")
    assert not found, "\n".join(found)


def test_narrow_windows_scroll_only_downwards_and_are_made_for_fingers(
    site: LiveSite, open_page: OpenPage, stranger: Page
) -> None:
    found: list[str] = []
    for name, tab in walk(site, open_page(None, has_touch=True, is_mobile=True), stranger):
        for width in (390, 320):
            tab.set_viewport_size({"width": width, "height": 700})
            if culprits := tab.evaluate(WIDER):
                found.append(f"{name}: the page is wider than {width} px: {culprits[:4]}")
            found += [f"{name} at {width} px: small target {target}" for target in tab.evaluate(SMALL_TARGETS)]
            dialog = tab.locator("dialog[open]")
            if dialog.count():
                expect(dialog.locator(".buttons > *").first).to_be_in_viewport()  # sticky, whatever the height
    assert not found, "\n".join(found)


def test_everything_can_be_done_at_320_pixels(site: LiveSite, open_page: OpenPage) -> None:
    site.bots(2)
    site.llm("Model", "https://api.example.com/v1")
    tab = open_page(viewport={"width": 320, "height": 640}, has_touch=True, is_mobile=True)
    expect(tab.locator("tbody tr").first.get_by_text("openai", exact=True)).to_be_visible()
    for name in ("Test Model", "Sign out"):
        expect(tab.get_by_role("button", name=name)).to_be_visible()
    tab.get_by_role("checkbox", name="Select all on this page").tap()
    tab.get_by_role("button", name="Delete Selected (3)").tap()
    tab.get_by_role("button", name="Delete 3 credentials").tap()
    tab.get_by_role("button", name="Undo").tap()
    tab.get_by_role("link", name="Edit Model").tap()
    tab.get_by_role("dialog").get_by_label("Name").fill("Renamed")
    tab.get_by_role("button", name="Save", exact=True).tap()
    expect(tab.locator(".message").get_by_text("Renamed is saved.")).to_be_visible()


def test_forced_colours_and_reduced_motion(site: LiveSite, open_page: OpenPage) -> None:
    """The chosen type and the current filter differ by more than a background; the spinner hardly moves."""
    site.llm("Model", "https://api.example.com/v1")
    tab = open_page(forced_colors="active", reduced_motion="reduce")
    expect(tab.locator(".chips [aria-current]")).to_have_css("outline-style", "solid")
    button = tab.get_by_role("button", name="Test Model")
    button.evaluate("(button) => { button.ariaBusy = 'true' }")
    assert button.evaluate("(button) => getComputedStyle(button, '::after').animationDuration") == "3s"
    tab.get_by_role("link", name="Add Credential").click()
    expect(tab.locator(".kind > input:checked + label")).to_have_css("outline-style", "solid")


def test_the_watch_would_tell_what_the_csp_blocks(open_page: OpenPage, watch: Watch) -> None:
    tab = open_page()
    tab.evaluate("document.body.append(Object.assign(document.createElement('script'), { textContent: 'bad = 1' }))")
    tab.evaluate("document.body.setAttribute('style', 'color: red')")
    tab.wait_for_timeout(100)
    complaints = " ".join(watch.complaints)
    assert "CSP script-src" in complaints, complaints
    assert "CSP style-src" in complaints, complaints
    watch.allow("CSP ", "Content Security Policy")
