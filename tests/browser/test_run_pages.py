"""The list of runs, the pages of one, and the banner, with runs that are stored as they would be."""

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import insert, update

from credstore.database import write_transaction
from credstore.models import db, utc_now
from credstore.run_models import TestRun, TestRunCount
from tests.browser.conftest import OpenPage
from tests.browser.live_site import BOT, LiveSite
from tests.browser.run_states import store_run
from tests.browser.test_keyboard import tab_to

pytestmark = pytest.mark.browser


def test_a_run_is_reached_by_keyboard_and_copied_a_long_one_has_pages_and_the_banner_announces_only_the_end(
    site: LiveSite, open_page: OpenPage
) -> None:
    site.bots(1)
    run = store_run(site, ["verified", "rejected"], by="bob")
    store_run(site, ["verified"], minutes=9)
    tab = open_page(permissions=["clipboard-read", "clipboard-write"])
    tab_to(tab, tab.get_by_role("link", name="Runs", exact=True))
    tab.keyboard.press("Enter")
    expect(tab).to_have_url(f"{site.server.url}/runs")
    newest = tab.locator(".runs li").first
    expect(newest).to_contain_text("Tested 2 of 2 1 verified, 1 rejected")
    expect(newest).to_contain_text("LLM credentials with “team” in the name · by bob · took 84 s")
    assert [row.get_attribute("data-mark") for row in tab.locator(".runs li").all()] == ["fail", "pass"]
    tab_to(tab, newest.get_by_role("link"))
    tab.keyboard.press("Enter")
    expect(tab).to_have_url(run)

    tab.get_by_role("navigation", name="Filter").get_by_role("link", name="Failed 1").click()
    expect(tab).to_have_url(f"{run}?show=failed")
    tab.get_by_role("button", name="Copy link to this run").click()
    expect(tab.locator("#live")).to_have_text("Copied")
    copied = tab.evaluate("navigator.clipboard.readText()")
    assert copied == run
    tab.goto(copied)
    expect(tab.get_by_role("heading", level=1)).to_have_text("Tested 2 of 2")

    read_a_long_run(site, tab)

    site.clear_behind(tab)
    see_progress_in_the_banner(site, tab)


def read_a_long_run(site: LiveSite, tab: Page) -> None:
    """In pages, and by group."""
    tab.goto(store_run(site, ["verified"] * 60 + ["rejected"] * 2))
    rows, pages = tab.locator(".results li"), tab.get_by_role("navigation", name="Pages")
    assert [row.get_attribute("data-mark") for row in rows.all()[:3]] == ["fail", "fail", "pass"]
    expect(rows).to_have_count(50)
    pages.get_by_role("link", name="Next").click()
    expect(rows).to_have_count(12)
    expect(tab.get_by_role("heading", level=2)).to_have_text("60 passed")
    pages.get_by_role("link", name="Previous").click()
    expect(rows).to_have_count(50)
    tab.get_by_role("navigation", name="Filter").get_by_role("link", name="Failed 2").click()
    expect(rows).to_have_count(2)
    expect(tab.locator(".chips [aria-current]")).to_have_text("Failed 2")
    expect(pages).to_have_count(0)


def see_progress_in_the_banner(site: LiveSite, tab: Page) -> None:
    """Progress is not announced, the end is."""
    site.bots(1)
    run_id = store_run(site, ["verified", "", ""], "running").rpartition("/")[2]
    tab.goto(site.url)
    banner = tab.get_by_role("region", name="Test run")
    expect(banner).to_contain_text("Testing 1 of 3")
    with site.app.app_context(), write_transaction(db.session):
        db.session.execute(insert(TestRunCount).values(run_id=run_id, outcome="rejected", total=1))
    expect(banner).to_contain_text("Testing 2 of 3 1 verified, 1 rejected")
    expect(tab.locator("#live")).to_be_empty()
    with site.app.app_context(), write_transaction(db.session):
        db.session.execute(update(TestRun).where(TestRun.id == run_id).values(ended_at=utc_now(), cancelled=True))
    expect(banner).to_contain_text("Cancelled 2 of 3")
    expect(tab.locator("#live")).to_have_text("Cancelled: 2 of 3. 1 verified, 1 rejected, 1 not tested.")
    assert BOT not in tab.content()


def test_without_javascript_the_banner_is_a_link_and_a_long_run_is_read_in_pages(
    site: LiveSite, open_page: OpenPage
) -> None:
    site.bots(1)
    run = store_run(site, ["verified", "", ""], "running")
    tab = open_page(java_script_enabled=False)
    banner = tab.get_by_role("region", name="Test run")
    expect(banner).to_contain_text("Testing 1 of 3")
    banner.get_by_role("link", name="See the run").click()
    expect(tab).to_have_url(run)
    expect(tab).to_have_title("(1/3) Test run · credstore")

    site.clear_behind(tab)
    read_a_long_run(site, tab)
