"""The Status column, sorting by the headers and filtering by status: by mouse, by keyboard, without JavaScript."""

import re

import pytest
from playwright.sync_api import Page, expect

from credstore.probe import Outcome
from tests.browser.conftest import OpenPage
from tests.browser.live_site import LiveSite, verdict, words
from tests.provider import Provider

pytestmark = pytest.mark.browser

URL = "https://api.example.com/v1"


@pytest.fixture
def judged(site: LiveSite) -> LiveSite:
    """Newest first: bravo (rejected), Delta (not tested), alpha (verified), charlie (not tested)."""
    site.bots(1, "charlie")
    site.judged(site.llm("alpha", URL), verdict(Outcome.VERIFIED, URL))
    site.bots(1, "Delta")
    site.judged(site.llm("bravo", URL), verdict(Outcome.REJECTED, URL))
    return site


def names(tab: Page) -> list[str]:
    return words(tab.locator("tbody th").all_text_contents())


def expect_names(tab: Page, expected: list[str]) -> None:
    expect(tab.locator("tbody th")).to_have_text(expected)


def header(tab: Page, name: str) -> str | None:
    return tab.get_by_role("columnheader", name=name).get_attribute("aria-sort")


def a_header_sorts_and_turns_the_order_around(judged: LiveSite, tab: Page) -> None:
    assert header(tab, "Created") == "descending"
    tab.get_by_role("link", name="Name", exact=True).click()
    expect_names(tab, ["alpha", "bravo", "charlie", "Delta"])
    assert header(tab, "Name") == "ascending"
    assert header(tab, "Created") is None
    tab.get_by_role("link", name="Name", exact=True).click()
    expect_names(tab, ["Delta", "charlie", "bravo", "alpha"])
    assert header(tab, "Name") == "descending"
    expect(tab).to_have_url(f"{judged.url}?sort=-name")


def one_sorts_and_filters_by_keyboard(judged: LiveSite, tab: Page) -> None:
    tab.get_by_role("link", name="Status", exact=True).focus()
    tab.keyboard.press("Enter")
    expect(tab).to_have_url(f"{judged.url}?sort=status")
    expect_names(tab, ["bravo", "Delta", "charlie", "alpha"])
    tab.get_by_role("link", name="Not tested 2").focus()
    tab.keyboard.press("Enter")
    expect(tab.get_by_text("Showing 1\N{EN DASH}2 of 2")).to_be_visible()
    expect_names(tab, ["Delta", "charlie"])
    chosen = tab.get_by_role("navigation", name="Filter by status").locator("[aria-current]")
    expect(chosen).to_contain_text("Not tested 2")
    tab.reload()  # all of it is in the address
    expect_names(tab, ["Delta", "charlie"])
    chosen.focus()
    tab.keyboard.press("Enter")
    expect_names(tab, ["bravo", "Delta", "charlie", "alpha"])


def not_tested_stands_in_the_row_in_quiet_words(tab: Page, width: int) -> None:
    tab.set_viewport_size({"width": width, "height": 800})
    tab.mouse.move(0, 0)
    expect(tab.get_by_role("tooltip")).to_have_count(0)
    untested = tab.get_by_role("row", name="charlie").get_by_role("link", name="Not tested")
    color = "(it) => getComputedStyle(it).color"
    assert untested.evaluate(color) == tab.locator(".chips a:not([aria-current])").first.evaluate(color), width
    assert untested.inner_text() == "Not tested", width
    assert untested.evaluate("(it) => getComputedStyle(it).fontSize") == "13px", width
    untested.hover()
    expect(tab.get_by_role("tooltip")).to_contain_text("Press Test before a workflow relies on it.")
    expect(tab.get_by_role("row", name="alpha").locator(".verdict")).to_have_text("Verified just now")


def test_one_sorts_and_filters_by_mouse_and_by_keyboard(judged: LiveSite, open_page: OpenPage) -> None:
    tab = open_page()
    for width in (1280, 390):
        not_tested_stands_in_the_row_in_quiet_words(tab, width)
    tab.set_viewport_size({"width": 1280, "height": 800})
    a_header_sorts_and_turns_the_order_around(judged, tab)
    one_sorts_and_filters_by_keyboard(judged, tab)


def test_counts_follow_tests_in_rows(site: LiveSite, open_page: OpenPage, provider: Provider) -> None:
    for name in ("one", "two", "three"):
        site.llm(name, provider.url("/openai/v1"), provider.key)
    tab = open_page("?q=t")  # of a search too: two and three
    counts = tab.get_by_role("navigation", name="Filter by status")
    expect(counts).to_contain_text("Not tested 2")
    for name in ("two", "three"):
        tab.get_by_role("button", name=f"Test {name}", exact=True).click()
    expect(counts.get_by_role("link")).to_have_text(["Verified 2", "Expiring", "Unused"])
    expect(tab.get_by_role("button", name="Test three", exact=True)).to_be_focused()
    counts.get_by_role("link", name="Verified 2").click()
    expect(tab).to_have_url(f"{site.url}?q=t&status=verified")
    assert names(tab) == ["three", "two"]


def rows_are_equally_high_however_long_their_status(site: LiveSite, tab: Page) -> None:
    """The details here have one line, so that the status alone could make a row higher."""
    for name, outcome, minutes in (
        ("bot", Outcome.NOT_REACHED, 0),
        ("bot 2", Outcome.NOT_REACHED, 2),
        ("bot 59", Outcome.NOT_REACHED, 59),
        ("trouble", Outcome.PROVIDER_TROUBLE, 59),
    ):
        record = site.bots(1, name)[0]
        site.judged(record, verdict(outcome, "https://api.telegram.org/bot"), minutes)
    site.bots(1, "untested")
    tab.goto(site.url)
    for width in (1000, 1280):
        tab.set_viewport_size({"width": width, "height": 800})
        status = tab.locator(".verdict", has_text="Not reached 2 min ago")
        expect(status).to_be_visible()
        rows = tab.locator("tbody tr")
        assert rows.evaluate_all("(rows) => rows.map((row) => row.getBoundingClientRect().height)") == [44] * 5, width
    expect(status).to_have_css("height", "28px")


def columns_stand_at_the_same_place_on_every_page(site: LiveSite, tab: Page) -> None:
    site.fifty()
    site.bots(3)
    tab.goto(site.url)
    lefts = "() => [...document.querySelectorAll('thead th')].map((th) => Math.round(th.getBoundingClientRect().left))"
    first = tab.evaluate(lefts)
    long = tab.locator("td:nth-child(4) span[title]").first
    assert re.fullmatch(r"https://gateway-\d+\.\S*…\S*/v1", long.inner_text())
    assert str(long.get_attribute("title")).endswith("/openai-compatible/v1")
    for where in ("?page=2", "?type=telegram", "?status=rejected"):
        tab.goto(site.url + where)
        assert tab.evaluate(lefts) == first, where


def test_rows_are_equally_high_and_columns_stand_at_the_same_place(site: LiveSite, open_page: OpenPage) -> None:
    tab = open_page(None, viewport={"width": 1280, "height": 800})
    rows_are_equally_high_however_long_their_status(site, tab)
    site.clear()
    columns_stand_at_the_same_place_on_every_page(site, tab)


def after_an_edit_one_is_back_at_the_row(site: LiveSite, tab: Page) -> None:
    """By keyboard, in a dialog, on the second page of a filtered and sorted list; twice, to the same address."""
    site.bots(70)
    tab.set_viewport_size({"width": 1280, "height": 500})
    tab.goto(f"{site.url}?type=telegram&sort=-name&page=2")
    shown = names(tab)
    for day in ("2031-01-01", "2031-01-02"):
        tab.get_by_role("link", name="Edit Bot 003").focus()
        tab.keyboard.press("Enter")
        tab.get_by_role("dialog").get_by_label("Expires").fill(day)
        tab.keyboard.press("Enter")
        expect(tab.locator(".message")).to_contain_text("Bot 003 is saved.")
        expect(tab.locator("dialog[open]")).to_have_count(0)
        expect(tab.locator("#changed")).to_be_focused()
        expect(tab.locator("tbody tr:target")).to_contain_text("Bot 003")
        expect(tab.locator("tbody tr:target")).to_be_in_viewport()
        expect_names(tab, shown)
        assert header(tab, "Name") == "descending"


def a_new_credential_is_marked_and_cancel_leads_back(site: LiveSite, tab: Page, *, javascript: bool) -> None:
    tab.goto(f"{site.url}?type=telegram&sort=name")
    tab.get_by_role("link", name="Add Credential").click()
    if not javascript:
        tab.get_by_role("link", name="Cancel").click()
        expect(tab).to_have_url(f"{site.url}?type=telegram&sort=name")
        tab.get_by_role("link", name="Add Credential").click()
    tab.locator(".card").get_by_label("Name").fill("Aaa bot")
    tab.get_by_label("Bot Token").fill("123456789:AAbbccddeeffgghhii")
    tab.locator(".buttons .primary").click()
    expect(tab.locator("tbody tr:target")).to_contain_text("Aaa bot")
    assert header(tab, "Name") == "ascending"


def test_a_new_credential_is_marked_and_after_an_edit_one_is_back_at_the_row(
    site: LiveSite, open_page: OpenPage
) -> None:
    site.bots(3)
    tab = open_page(None)
    a_new_credential_is_marked_and_cancel_leads_back(site, tab, javascript=True)
    site.clear()
    after_an_edit_one_is_back_at_the_row(site, tab)


def test_without_javascript_one_sorts_and_a_new_credential_is_marked(judged: LiveSite, open_page: OpenPage) -> None:
    tab = open_page(java_script_enabled=False)
    a_header_sorts_and_turns_the_order_around(judged, tab)
    a_new_credential_is_marked_and_cancel_leads_back(judged, tab, javascript=False)


def test_on_a_phone_one_can_sort_and_filter_too(judged: LiveSite, open_page: OpenPage) -> None:
    tab = open_page(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 844})
    tab.get_by_role("link", name="Name", exact=True).tap()
    expect_names(tab, ["alpha", "bravo", "charlie", "Delta"])
    tab.get_by_role("link", name="Rejected 1").tap()
    expect_names(tab, ["bravo"])
    tab.get_by_role("link", name=re.compile("Rejected just now")).tap()
    expect(tab.get_by_role("tooltip")).to_be_visible()
