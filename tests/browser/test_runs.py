"""Runs of many tests: announced progress, cancel by keyboard, results, a page that refreshes without JavaScript."""

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import delete

from credstore.database import write_transaction
from credstore.models import db
from credstore.test_run_models import TestRun
from credstore.vault import ListFilters
from tests.browser.axe import axe_faults
from tests.browser.conftest import OpenPage
from tests.browser.live_site import LiveSite
from tests.browser.test_keyboard import tab_to
from tests.browser.test_looks import WIDER
from tests.fixtures.browsing import Watch
from tests.provider import Provider

pytestmark = pytest.mark.browser

WRONG = "sk-wrong-0123456789"


@pytest.fixture
def site(site: LiveSite, gate: threading.Event) -> Iterator[LiveSite]:
    """Without runs of other tests; what still runs at the end finds nothing more to do."""
    forget_runs(site)
    yield site
    forget_runs(site)
    gate.set()


def forget_runs(site: LiveSite) -> None:
    with site.app.app_context(), write_transaction(db.session):
        db.session.execute(delete(TestRun))


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


def test_progress_is_shown_and_announced_and_each_row_gets_its_result(
    site: LiveSite, open_page: OpenPage, provider: Provider, gate: threading.Event
) -> None:
    shelve(site, provider, "gated", "wrong", "right")
    tab = open_page()
    expect(test_all(tab, 3)).to_have_text("Testing 2 of 3")
    expect(tab.locator("#live")).to_have_attribute("aria-live", "polite")
    bar = tab.get_by_role("progressbar", name="Tested")
    expect(bar).to_have_js_property("value", 2)
    rows = tab.locator(".results li")
    expect(rows).to_contain_text(["wrong Rejected", "right Verified", "gated Waiting"])
    expect(tab).to_have_title("(2/3) Test run · credstore")
    gate.set()
    expect(heading(tab)).to_have_text("Tested 3 of 3")
    expect(tab.locator("#live")).to_have_text("Tested: 3 of 3. 2 verified, 1 rejected.")
    expect(tab).to_have_title("Test run: 1 failed · credstore")
    expect(bar).to_have_js_property("value", 3)
    assert [row.get_attribute("data-mark") for row in rows.all()] == ["fail", "pass", "pass"]
    expect(rows.nth(0)).to_contain_text("refused this key")
    expect(tab.get_by_role("button", name="Cancel")).to_have_count(0)
    assert provider.key not in tab.content()
    rows.nth(0).get_by_role("link", name="wrong").click()
    expect(tab.locator(".result")).to_have_attribute("data-mark", "fail")


def test_a_run_is_cancelled_by_keyboard_and_the_focus_outlives_the_progress(
    site: LiveSite, open_page: OpenPage, provider: Provider, gate: threading.Event
) -> None:
    shelve(site, provider, "gated 1", "gated 2", "gated 3", "gated 4")
    tab = open_page()
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
    assert len({asked.path for asked in provider.asked("/gated")}) >= 1
    with site.vault() as vault:
        assert sum(record.tested_at is None for record in vault.page().records) >= 2


def test_the_selected_are_tested_and_a_second_run_is_led_to_the_first(
    site: LiveSite, open_page: OpenPage, provider: Provider, gate: threading.Event
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
    other = open_page()
    expect(test_all(other, 3)).to_have_text("Testing 1 of 2")
    expect(other.locator(".message")).to_contain_text("A test run is under way.")
    expect(other).to_have_url(tab.url)


def test_without_javascript_the_page_refreshes_to_the_end(
    site: LiveSite, open_page: OpenPage, provider: Provider, gate: threading.Event
) -> None:
    shelve(site, provider, "gated", "wrong")
    tab = open_page(java_script_enabled=False)
    tab.get_by_role("link", name="Test all").click()
    tab.get_by_role("button", name="Test 2 credentials").click()
    expect(tab.get_by_role("heading", level=1)).to_contain_text("Testing")
    expect(tab.get_by_role("region", name="1 failed")).to_contain_text("wrong Rejected")
    gate.set()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Tested 2 of 2", timeout=10_000)
    assert 'http-equiv="refresh"' not in tab.content()
    expect(tab.locator(".results li").first).to_have_attribute("data-mark", "fail")


def test_the_list_shows_the_run_quietly_and_says_its_end(
    site: LiveSite, open_page: OpenPage, provider: Provider, gate: threading.Event
) -> None:
    shelve(site, provider, "gated", "wrong", "right")
    tab = open_page()
    expect(test_all(tab, 3)).to_have_text("Testing 2 of 3")
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


@pytest.mark.parametrize("java_script", [True, False], ids=["script", "no script"])
def test_only_what_failed_is_tested_again(
    site: LiveSite, open_page: OpenPage, provider: Provider, gate: threading.Event, *, java_script: bool
) -> None:
    """By keyboard with JavaScript, by mouse without."""
    shelve(site, provider, "wrong 1", "wrong 2", "right")
    gate.set()
    tab = open_page("/test", java_script_enabled=java_script)
    tab.get_by_role("button", name="Test 3 credentials").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Tested 3 of 3", timeout=10_000)
    first = tab.url
    expect(tab.locator(".summary")).to_have_text("1 verified, 2 rejected")
    again = tab.get_by_role("button", name="Test these 2 again")
    if java_script:
        tab_to(tab, again)
        tab.keyboard.press("Enter")
    else:
        again.click()
    expect(tab.locator(".summary")).to_have_text("2 rejected", timeout=10_000)
    expect(tab.get_by_role("heading", level=1)).to_have_text("Tested 2 of 2", timeout=10_000)
    expect(tab.locator("main")).to_contain_text("Failed in an earlier run")
    assert tab.url != first
    tab.get_by_role("link", name="Test runs").click()
    expect(tab.locator(".runs li")).to_contain_text(["2 rejected", "1 verified, 2 rejected"])
    tab.locator(".runs a").last.click()
    expect(tab).to_have_url(first)


def test_cancel_without_javascript(
    site: LiveSite, open_page: OpenPage, provider: Provider, gate: threading.Event
) -> None:
    shelve(site, provider, "gated 1")
    tab = open_page("/test", java_script_enabled=False)
    tab.get_by_role("button", name="Test 1 credential").click()
    tab.get_by_role("button", name="Cancel").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Cancelled 0 of 1")


def test_axe_and_390_pixels(site: LiveSite, open_page: OpenPage, provider: Provider, gate: threading.Event) -> None:
    shelve(site, provider, "gated " + "x" * 120, "wrong", "right " + "word " * 40)
    tab = open_page()
    tab.get_by_role("link", name="Test all").click()
    expect(tab.get_by_role("dialog")).to_be_visible()
    found = {"dialog": list(axe_faults(tab)), "dialog at 390": narrow(tab)}
    tab.get_by_role("dialog").get_by_role("button", name="Test 3 credentials").click()
    expect(heading(tab)).to_have_text("Testing 2 of 3")
    found |= {"running": list(axe_faults(tab)), "running at 390": narrow(tab)}
    gate.set()
    expect(heading(tab)).to_have_text("Tested 3 of 3")
    found |= {"done": list(axe_faults(tab)), "done at 390": narrow(tab)}
    with site.vault() as vault:
        bad = next(record for record in vault.page(ListFilters.clean(query="wrong")).records)
    tab.goto(f"{site.url}/{bad.public_id}")
    found |= {"panel": list(axe_faults(tab)), "panel at 390": narrow(tab)}
    assert not any(found.values()), found


def narrow(tab: Page) -> list[str]:
    tab.set_viewport_size({"width": 390, "height": 700})
    wider = tab.evaluate(WIDER)
    tab.set_viewport_size({"width": 1280, "height": 800})
    return list(wider or [])


def test_who_is_signed_out_meanwhile_is_led_to_the_sign_in(
    site: LiveSite, open_page: OpenPage, provider: Provider, gate: threading.Event, watch: Watch
) -> None:
    watch.allow_status(401)
    shelve(site, provider, "gated")
    tab = open_page()
    expect(test_all(tab, 1)).to_have_text("Testing 0 of 1")
    tab.context.clear_cookies()
    expect(tab.get_by_role("heading", name="Sign in")).to_be_visible()
