"""Deleting what workflows use, in a browser: by keyboard in the dialog, and by pages with JavaScript off."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.live_site import LiveSite
from tests.browser.reference_states import DEPLOY, ISSUES, furnish_used, question
from tests.fixtures.browsing import Watch

pytestmark = pytest.mark.browser


def test_by_keyboard_a_used_credential_is_moved_from_and_another_is_deleted_with_consent(
    site: LiveSite, open_page: OpenPage, watch: Watch
) -> None:
    watch.allow_status(409)
    furnish_used(site)
    tab = open_page(None)
    dialog = question(tab, site)
    expect(dialog).to_contain_text("Support bot 2 nodes, last used just now")
    dialog.get_by_role("button", name="Delete credential").press("Enter")
    box = dialog.get_by_role("checkbox", name="Delete anyway: 3 workflows will lose it")
    expect(box).to_be_focused()
    expect(dialog).to_contain_text("Check this box to delete anyway. Nothing was deleted.")
    dialog.get_by_label("Move these to another Tool credential").fill(DEPLOY.upper())
    tab.keyboard.press("Enter")
    expect(tab.locator(".message").get_by_text(f"Moved 3 workflows to {DEPLOY}.")).to_be_visible()
    expect(tab.get_by_text("Make sure that no active workflow depends on it.")).to_be_visible()
    tab.get_by_role("button", name="Delete credential").press("Enter")
    expect(tab.locator(".message").get_by_text(f"Deleted “{ISSUES}”.")).to_be_visible()
    expect(tab.get_by_role("button", name="Undo")).to_be_visible()
    assert site.names() == [DEPLOY]
    tab.goto(site.url)
    tab.get_by_role("link", name="Delete Deployment").press("Enter")
    dialog = tab.get_by_role("dialog")
    expect(dialog).to_contain_text("and 33 more")
    box = dialog.get_by_role("checkbox", name="Delete anyway: 63 workflows will lose it")
    box.press("Space")
    expect(box).to_be_checked()
    dialog.get_by_role("button", name="Delete credential").press("Enter")
    expect(tab.locator(".message").get_by_text(f"Deleted “{DEPLOY}”.")).to_be_visible()
    assert site.names() == []


def test_without_javascript_a_batch_asks_on_its_page_and_says_what_it_needs(
    site: LiveSite, open_page: OpenPage, watch: Watch
) -> None:
    watch.allow_status(409)
    furnish_used(site)
    tab = open_page("", java_script_enabled=False)
    expect(tab.get_by_role("columnheader", name="Used by")).to_be_visible()
    for box in tab.locator("tbody input").all():
        box.check()
    tab.get_by_role("button", name="Delete Selected").click()
    expect(tab.get_by_role("heading", name="63 workflows use them")).to_be_visible()
    tab.get_by_role("button", name="Delete 2 credentials").click()
    expect(tab.get_by_text("Check this box to delete anyway. Nothing was deleted.")).to_be_visible()
    assert site.names() == [DEPLOY, ISSUES]
    tab.get_by_role("checkbox", name="Delete anyway: 63 workflows will lose them").check()
    tab.get_by_role("button", name="Delete 2 credentials").click()
    expect(tab.locator(".message").get_by_text("Deleted 2 credentials.")).to_be_visible()
    assert site.names() == []
