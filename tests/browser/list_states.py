"""States of the list, and of the page of one result."""

from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from credstore.probe import Outcome
from tests.browser.live_site import BOT, LONG_URL, LiveSite, verdict
from tests.browser.own_site_states import go_to
from tests.browser.page_state import FEW, PageState


def _selected(tab: Page, site: LiveSite) -> None:
    tab.goto(site.url + FEW)
    for box in tab.locator("tbody input").all()[:3]:
        box.check()
    expect(tab.locator("#delete-selected")).to_be_visible()


def _reason(tab: Page, site: LiveSite) -> None:
    """The details of a result, as they show at the pointer."""
    tab.goto(site.url + FEW)
    tab.locator(".verdict[data-mark=fail]").first.hover()
    expect(tab.locator(".reason:visible").first).to_be_visible()


def _deleted(tab: Page, site: LiveSite) -> None:
    site.bots(1, "Bot of last week")
    tab.goto(f"{site.url}?type=telegram")
    tab.locator(".trash").first.click()
    tab.get_by_role("button", name="Delete credential").click()
    expect(tab.get_by_role("button", name="Undo")).to_be_visible()


def _rejected(tab: Page, site: LiveSite) -> None:
    tab.goto(site.url + "?q=Rejected")
    tab.locator("tbody th a").click()
    expect(tab.get_by_role("region", name="Rejected")).to_be_visible()


LIST_STATES = (
    PageState("list, no JavaScript", go_to(FEW), javascript=False),
    PageState("list, last page", go_to("?page=2")),
    PageState("list, expiring", go_to("?expiring=14&sort=expires")),
    PageState("list, selected", _selected),
    PageState("list, reason of a result", _reason),
    PageState("list, deleted with undo", _deleted),
    PageState("detail, rejected", _rejected),
)


def furnish_list_states(site: LiveSite) -> None:
    site.judged(site.llm("Rejected", LONG_URL.format(2)), verdict(Outcome.REJECTED, LONG_URL.format(2)))
    ends = (datetime.now(UTC) + timedelta(days=6)).date().isoformat()
    with site.vault() as vault:
        vault.create("telegram", "Bot with a token that ends soon", {"bot_token": BOT}, expires=ends)
