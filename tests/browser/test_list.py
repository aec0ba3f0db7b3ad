"""The table: its columns, its pages, and search and filter that live in the URL."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.live_site import LiveSite, words

pytestmark = pytest.mark.browser


@pytest.mark.spec("The main view is a paginated table with the following columns:")
@pytest.mark.spec("Actions Test button (LLM only) and delete button")
@pytest.mark.spec('Detail Provider type for LLM credentials (e.g., "openai_compatible")')
def test_the_columns_what_stands_in_them_and_where_a_badge_is(site: LiveSite, open_page: OpenPage) -> None:
    site.bots(1)
    site.llm("Venice", "https://api.venice.ai/api/v1", provider="openai_compatible")
    tab = open_page()
    headers = ["Name", "Type", "Detail", "Status", "Created", "Used by", "Actions"]
    assert words(tab.locator("thead th").all_text_contents())[1:] == headers
    llm, bot = tab.locator("tbody tr").all()
    expect(llm.locator("[data-kind]")).to_have_text("LLM")
    assert words(llm.locator("td:nth-child(4) span").all_text_contents()) == [
        "openai_compatible",
        "https://api.venice.ai/api/v1",
    ]
    expect(llm.get_by_role("button", name="Test Venice")).to_be_visible()
    expect(llm.get_by_role("link", name="Delete Venice")).to_be_visible()
    expect(bot.get_by_role("button", name="Test Bot 001")).to_be_visible()  # each of the four types has a test
    expect(bot.get_by_role("link", name="Delete Bot 001")).to_be_visible()
    site.clear()
    a_badge_of_an_expiry_stands_beside_the_name_or_below_it(site, tab)


def next_and_previous_and_where_one_is(site: LiveSite, tab: Page) -> None:
    """Of 103 credentials."""
    pages = tab.get_by_role("navigation", name="Pages")
    expect(pages).to_contain_text("Showing 1\N{EN DASH}50 of 103")
    assert tab.locator("tbody tr").count() == 50
    expect(pages.get_by_role("link", name="Previous")).to_have_count(0)
    table, bar = tab.locator("table").bounding_box(), pages.bounding_box()
    assert table
    assert bar
    assert bar["y"] >= table["y"] + table["height"]

    pages.get_by_role("link", name="Next").click()
    expect(tab).to_have_url(f"{site.url}?page=2")
    expect(pages).to_contain_text("Showing 51\N{EN DASH}100 of 103")
    pages.get_by_role("link", name="3").click()
    expect(pages).to_contain_text("Showing 101\N{EN DASH}103 of 103")
    expect(pages.get_by_role("link", name="3")).to_have_attribute("aria-current", "page")
    expect(pages.get_by_role("link", name="Next")).to_have_count(0)
    pages.get_by_role("link", name="Previous").click()
    expect(pages).to_contain_text("Showing 51\N{EN DASH}100 of 103")


def search_and_filter_are_in_the_url_and_stay_together(site: LiveSite, tab: Page) -> None:
    """Of 103 credentials 61 are called Support, and 60 of these are bots."""
    tab.get_by_role("searchbox", name="Search by name").fill("support")
    tab.keyboard.press("Enter")
    expect(tab).to_have_url(f"{site.url}?q=support")
    expect(tab.get_by_text("Showing 1\N{EN DASH}50 of 61")).to_be_visible()
    tab.get_by_role("link", name="Telegram 60").click()
    expect(tab.get_by_text("Showing 1\N{EN DASH}50 of 60")).to_be_visible()
    tab.get_by_role("link", name="Next").click()
    assert sorted(tab.url.partition("?")[2].split("&")) == ["page=2", "q=support", "type=telegram"]
    expect(tab.get_by_text("Showing 51\N{EN DASH}60 of 60")).to_be_visible()
    tab.get_by_role("searchbox").fill("nobody is called so")
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("heading", name="Nothing matches")).to_be_visible()
    tab.get_by_role("link", name="Show all credentials").click()
    expect(tab.get_by_text("Showing 1\N{EN DASH}50 of 103")).to_be_visible()


@pytest.mark.spec("Credentials are paginated with 50 items per page.")
@pytest.mark.spec("Navigation controls appear at the bottom.")
def test_search_and_filter_are_in_the_url_and_one_goes_from_page_to_page(site: LiveSite, open_page: OpenPage) -> None:
    site.bots(60, "Support {:03}")
    site.bots(42, "Sales {:03}")
    site.llm("Support model", "https://api.example.com/v1")
    tab = open_page()
    search_and_filter_are_in_the_url_and_stay_together(site, tab)
    expect(tab).to_have_url(site.url)
    next_and_previous_and_where_one_is(site, tab)


def a_badge_of_an_expiry_stands_beside_the_name_or_below_it(site: LiveSite, tab: Page) -> None:
    """Beside it the row stays as high as one without a badge, and a long name has two lines at the most.

    In a window where both do not stand on one line, the name is not cut for the badge below it.
    """
    with site.vault() as vault:
        vault.create("git", "Website deployment", {"extra_config": '{"token": "x"}'}, expires="2020-12-28")
    for name, end in (("Model", "2020-12-28"), ("A model " * 20, "2020-12-28"), ("Other", "")):
        with site.vault() as vault:
            vault.create("llm", name, {"provider_type": "openai", "api_key": "sk-test-0123456789"}, expires=end)
    tab.goto(site.url)
    heights = [row.bounding_box()["height"] for row in tab.locator("tbody tr").all()]  # type: ignore[index]
    other, long, short, _ = heights
    assert short == pytest.approx(other, abs=1)
    assert long <= 52
    tab.set_viewport_size({"width": 960, "height": 800})
    link = tab.get_by_role("link", name="Website deployment", exact=True)
    assert link.evaluate("(it) => it.scrollHeight <= it.clientHeight")
