"""Runs of many tests: announced progress, cancel by keyboard, results, a page that refreshes without JavaScript."""

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import delete

from credstore.database import write_transaction
from credstore.models import db
from credstore.run_models import TestRun
from tests.browser.axe import axe_faults
from tests.browser.conftest import OpenPage
from tests.browser.live_site import LiveSite
from tests.browser.test_keyboard import tab_to
from tests.browser.test_looks import WIDER
from tests.fixtures.browsing import Watch
from tests.provider import Provider

pytestmark = pytest.mark.browser

WRONG = "sk-wrong-0123456789"
GATED, RIGHT = "gated " + "x" * 120, "right " + "word " * 39 + "word"
FOUR = (GATED, "wrong 1", "wrong 2", RIGHT)
RESULT_OF_FOUR = "2 verified, 2 rejected"


@pytest.fixture
def site(site: LiveSite, gate: threading.Event) -> Iterator[LiveSite]:
    """What still runs at the end finds nothing more to do."""
    yield site
    with site.app.app_context(), write_transaction(db.session):
        db.session.execute(delete(TestRun))
    gate.set()


def shelve(site: LiveSite, provider: Provider, *names: str) -> None:
    for name in names:
        key = WRONG if name.startswith("wrong") else provider.key
        site.llm(name, provider.url(f"/{'gated' if name.startswith('gated') else 'openai'}/v1"), key)


def test_all(tab: Page, count: int) -> Locator:
    tab.get_by_role("link", name="Test all").click()
    tab.get_by_role("dialog").get_by_role("button", name=f"Test {count} credential").click()
    return heading(tab)


test_all.__test__ = False  # type: ignore[attr-defined]  # what a person presses


def heading(tab: Page) -> Locator:
    expect(tab.get_by_role("progressbar", name="Tested")).to_be_visible()
    return tab.get_by_role("heading", level=1)


def start_over(tab: Page, site: LiveSite, gate: threading.Event) -> None:
    """Without a credential and without a run, and the gate is closed again."""
    site.clear_behind(tab)
    gate.clear()


def test_progress_is_shown_here_and_in_the_list_what_failed_is_tested_again_and_a_run_is_cancelled(
    site: LiveSite, open_page: OpenPage, provider: Provider, gate: threading.Event
) -> None:
    tab = open_page(None)
    see_progress(tab, site, provider, gate)
    repeat_what_failed(tab, by_keyboard=True)
    see_the_result_of_one(tab)
    start_over(tab, site, gate)
    see_progress_in_the_list(tab, site, provider, gate)
    start_over(tab, site, gate)
    cancel_by_keyboard(tab, site, provider, gate)


def see_progress(tab: Page, site: LiveSite, provider: Provider, gate: threading.Event) -> None:
    """It is announced, and each row gets its result; nowhere is a fault, or anything too wide at 390 pixels."""
    shelve(site, provider, *FOUR)
    tab.goto(site.url)
    tab.get_by_role("link", name="Test all").click()
    expect(tab.get_by_role("dialog")).to_be_visible()
    found = faults("dialog", tab)
    tab.get_by_role("dialog").get_by_role("button", name="Test 4 credentials").click()
    expect(heading(tab)).to_have_text("Testing 3 of 4")
    expect(tab.locator("#live")).to_have_attribute("aria-live", "polite")
    bar = tab.get_by_role("progressbar", name="Tested")
    expect(bar).to_have_js_property("value", 3)
    rows = tab.locator(".results li")
    expect(rows).to_contain_text(["wrong 2 Rejected", "wrong 1 Rejected", f"{RIGHT} Verified", f"{GATED} Waiting"])
    expect(tab).to_have_title("(3/4) Test run · credstore")
    found |= faults("running", tab)
    gate.set()
    expect(heading(tab)).to_have_text("Tested 4 of 4")
    expect(tab.locator("#live")).to_have_text(f"Tested: 4 of 4. {RESULT_OF_FOUR}.")
    expect(tab).to_have_title("Test run: 2 failed · credstore")
    expect(bar).to_have_js_property("value", 4)
    assert [row.get_attribute("data-mark") for row in rows.all()] == ["fail", "fail", "pass", "pass"]
    expect(rows.nth(0)).to_contain_text("refused this key")
    expect(tab.get_by_role("button", name="Cancel")).to_have_count(0)
    assert provider.key not in tab.content()
    found |= faults("done", tab)
    assert not any(found.values()), found


def see_the_result_of_one(tab: Page) -> None:
    tab.locator(".results li").nth(0).get_by_role("link", name="wrong 2").click()
    expect(tab.locator(".result")).to_have_attribute("data-mark", "fail")
    found = faults("panel", tab)
    assert not any(found.values()), found


def faults(state: str, tab: Page) -> dict[str, list[str]]:
    return {state: list(axe_faults(tab)), f"{state} at 390": narrow(tab)}


def narrow(tab: Page) -> list[str]:
    tab.set_viewport_size({"width": 390, "height": 700})
    wider = tab.evaluate(WIDER)
    tab.set_viewport_size({"width": 1280, "height": 800})
    return list(wider or [])


def repeat_what_failed(tab: Page, *, by_keyboard: bool) -> None:
    """Only that, from the page of a run; ends there again."""
    first = tab.url
    expect(tab.locator(".summary")).to_have_text(RESULT_OF_FOUR)
    again = tab.get_by_role("button", name="Test these 2 again")
    if by_keyboard:
        tab_to(tab, again)
        tab.keyboard.press("Enter")
    else:
        again.click()
    expect(tab.locator(".summary")).to_have_text("2 rejected", timeout=10_000)
    expect(tab.get_by_role("heading", level=1)).to_have_text("Tested 2 of 2", timeout=10_000)
    expect(tab.locator("main")).to_contain_text("Failed in an earlier run")
    assert tab.url != first
    tab.get_by_role("link", name="Test runs").click()
    expect(tab.locator(".runs li")).to_contain_text(["2 rejected", RESULT_OF_FOUR])
    tab.locator(".runs a").last.click()
    expect(tab).to_have_url(first)


def see_progress_in_the_list(tab: Page, site: LiveSite, provider: Provider, gate: threading.Event) -> None:
    """The list shows the run, which was begun on the page for it, quietly, and says its end."""
    shelve(site, provider, "gated", "wrong", "right")
    tab.goto(f"{site.url}/test")
    tab.get_by_role("main").get_by_role("button", name="Test 3 credentials").click()
    expect(heading(tab)).to_have_text("Testing 2 of 3")
    tab.get_by_role("link", name="Credentials", exact=True).click()
    banner = tab.get_by_role("region", name="Test run")
    expect(banner).to_contain_text("Testing 2 of 3 1 verified, 1 rejected")
    expect(banner.get_by_role("progressbar", name="Tested")).to_have_js_property("value", 2)
    link = banner.get_by_role("link", name="See the run")
    tab_to(tab, link)
    gate.set()
    expect(banner).to_contain_text("Tested 3 of 3 2 verified, 1 rejected")
    expect(tab.locator("#live")).to_have_text("Tested: 3 of 3. 2 verified, 1 rejected.")
    expect(link).to_be_focused()
    banner.get_by_role("link", name="Reload the list").click()
    expect(tab.get_by_role("row", name="right")).to_contain_text("Verified")
    expect(banner).to_have_count(0)


def cancel_by_keyboard(tab: Page, site: LiveSite, provider: Provider, gate: threading.Event) -> None:
    """The focus outlives the progress."""
    shelve(site, provider, "gated 1", "gated 2", "gated 3", "gated 4")
    sent = len(provider.asked("/gated"))
    tab.goto(site.url)
    link = tab.get_by_role("link", name="Test all")
    tab_to(tab, link)
    tab.keyboard.press("Enter")
    tab_to(tab, tab.get_by_role("dialog").get_by_role("button", name="Test 4 credentials"))
    tab.keyboard.press("Enter")
    expect(heading(tab)).to_have_text("Testing 0 of 4")
    cancel = tab.get_by_role("button", name="Cancel")
    tab_to(tab, cancel)
    with tab.expect_response(lambda answer: "/runs/" in answer.url):  # the progress is replaced under the focus
        pass
    expect(cancel).to_be_focused()
    tab.keyboard.press("Enter")
    expect(heading(tab)).to_have_text("Cancelled 0 of 4")
    expect(tab.locator(".results")).to_contain_text("Not tested")
    gate.set()
    tab.wait_for_timeout(300)
    tab.reload()
    expect(heading(tab)).to_contain_text("Cancelled")
    assert len(provider.asked("/gated")) > sent
    with site.vault() as vault:
        assert sum(record.tested_at is None for record in vault.page().records) >= 2


def test_the_selected_are_tested_a_second_run_is_led_to_the_first_and_who_is_signed_out_to_the_sign_in(
    site: LiveSite, open_page: OpenPage, provider: Provider, gate: threading.Event, watch: Watch
) -> None:
    shelve(site, provider, "gated", "right", "left out")
    tab = open_page()
    for name in ("gated", "right"):
        tab.get_by_role("checkbox", name=f"Select {name}", exact=True).check()
    tab.get_by_role("button", name="Test Selected (2)").click()
    dialog = tab.get_by_role("dialog", name="Test 2 credentials?")
    expect(dialog).to_be_visible()
    assert not list(axe_faults(tab))
    tab.keyboard.press("Escape")
    expect(tab.get_by_role("button", name="Test Selected (2)")).to_be_focused()
    tab.keyboard.press("Enter")
    dialog.get_by_role("button", name="Test 2 credentials").click()
    expect(heading(tab)).to_have_text("Testing 1 of 2")
    first = tab.url
    tab.goto(site.url)
    expect(test_all(tab, 3)).to_have_text("Testing 1 of 2")
    expect(tab.locator(".message")).to_contain_text("A test run is under way.")
    expect(tab).to_have_url(first)

    watch.judge()
    watch.allow_status(401)
    tab.context.clear_cookies()
    expect(tab.get_by_role("heading", name="Sign in")).to_be_visible()


def test_without_javascript_the_page_refreshes_to_the_end_and_has_forms_to_test_again_and_to_cancel(
    site: LiveSite, open_page: OpenPage, provider: Provider, gate: threading.Event
) -> None:
    shelve(site, provider, *FOUR)
    tab = open_page(java_script_enabled=False)
    tab.get_by_role("link", name="Test all").click()
    tab.get_by_role("button", name="Test 4 credentials").click()
    expect(tab.get_by_role("heading", level=1)).to_contain_text("Testing")
    expect(tab.get_by_role("region", name="2 failed")).to_contain_text("wrong 1 Rejected")
    gate.set()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Tested 4 of 4", timeout=10_000)
    assert 'http-equiv="refresh"' not in tab.content()
    expect(tab.locator(".results li").first).to_have_attribute("data-mark", "fail")
    repeat_what_failed(tab, by_keyboard=False)

    start_over(tab, site, gate)
    shelve(site, provider, "gated 1")
    tab.goto(f"{site.url}/test")
    tab.get_by_role("button", name="Test 1 credential").click()
    tab.get_by_role("button", name="Cancel").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Cancelled 0 of 1")
