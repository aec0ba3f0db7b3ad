"""The whole main job with JavaScript off: every dialog is a real page, every button a real form."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.live_site import BOT, LiveSite
from tests.fixtures.browsing import MakeContext, Watch, sign_in
from tests.provider import Provider

pytestmark = pytest.mark.browser


def test_create_test_edit_delete_undo_and_sign_out(
    site: LiveSite, browser_context: MakeContext, provider: Provider, watch: Watch
) -> None:
    tab = browser_context(java_script_enabled=False).new_page()
    sign_in(tab, site.server)
    create_test_and_edit(site, tab, provider)
    delete_and_undo(site, tab)
    tab.goto(f"{site.url}/delete")
    expect(tab.locator(".message").get_by_text("Nothing was selected")).to_be_visible()

    tab.get_by_role("button", name="Sign out").click()
    expect(tab.get_by_role("heading", name="Sign in")).to_be_visible()
    tab.goto(site.url)
    expect(tab.get_by_role("heading", name="Sign in")).to_be_visible()


def create_test_and_edit(site: LiveSite, tab: Page, provider: Provider) -> None:
    """And back to the list."""
    add(tab, "LLM", "Model")
    tab.get_by_label("Provider Type").select_option("openai_compatible")
    tab.get_by_label("API Key").fill(provider.key)
    tab.get_by_label("Base URL").fill(provider.url("/openai/v1"))
    tab.get_by_role("button", name="Add Credential").click()
    expect(tab.locator(".message").get_by_text("Model is encrypted and stored.")).to_be_visible()

    tab.get_by_role("button", name="Test Model").click()
    expect(tab.locator(".message").get_by_text("Model: Verified.")).to_be_visible()
    expect(tab.locator(".verdict")).to_have_attribute("data-mark", "pass")
    expect(tab.locator("tbody tr:target")).to_contain_text("Model")
    tab.locator(".verdict").click()
    expect(tab.locator(".result")).to_contain_text("accepted this key, and refused made-up ones")
    expect(tab.locator(".result h2:target")).to_be_in_viewport()
    tab.get_by_role("link", name="Credentials", exact=True).click()

    tab.get_by_role("link", name="Edit Model").click()
    tab.get_by_label("Name").fill("Renamed")
    tab.get_by_role("button", name="Save", exact=True).click()
    expect(tab.locator(".message").get_by_text("Renamed is saved.")).to_be_visible()
    expect(tab.locator("tbody tr:target")).to_contain_text("Renamed")
    tab.get_by_role("link", name="Renamed", exact=True).click()
    tab.get_by_role("button", name="Test", exact=True).click()  # on the credential's own page
    expect(tab.locator(".result")).to_have_attribute("data-mark", "pass")
    assert site.resolve("Renamed")["api_key"] == provider.key
    tab.get_by_role("link", name="Credentials", exact=True).click()


def delete_and_undo(site: LiveSite, tab: Page) -> None:
    """Two at once, which come back, then one."""
    for name in ("One", "Two"):
        add(tab, "Telegram", name)
        tab.get_by_label("Bot Token").fill(BOT)
        tab.get_by_role("button", name="Add Credential").click()
        expect(tab.get_by_role("link", name=name, exact=True)).to_be_visible()
    expect(tab.get_by_role("checkbox", name="Select all on this page")).to_be_hidden()  # it could do nothing
    tab.get_by_role("checkbox", name="Select One").check()
    tab.get_by_role("checkbox", name="Select Two").check()
    tab.get_by_role("button", name="Delete Selected").click()
    expect(tab.get_by_role("heading", name="Delete 2 credentials?")).to_be_visible()
    expect(tab.locator(".names")).to_contain_text("One")
    tab.get_by_role("button", name="Delete 2 credentials").click()
    expect(tab.locator(".message").get_by_text("Deleted 2 credentials.")).to_be_visible()
    tab.get_by_role("button", name="Undo").click()
    expect(tab.locator(".message").get_by_text("Restored 2 credentials.")).to_be_visible()

    tab.get_by_role("link", name="Delete One").click()
    tab.get_by_role("link", name="Cancel").click()
    tab.get_by_role("link", name="Delete One").click()
    tab.get_by_role("button", name="Delete credential").click()
    expect(tab.locator(".message").get_by_text("Deleted “One”.")).to_be_visible()
    assert site.names() == ["Two", "Renamed"]


def add(tab: Page, kind: str, name: str) -> None:
    tab.get_by_role("link", name="Add Credential").click()
    tab.get_by_label("Name").fill(name)
    tab.locator(".kinds label b").get_by_text(kind, exact=True).click()
