"""Inviting somebody in a browser: by keyboard, and with JavaScript off; what an editor and a viewer then see."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import axe_faults
from tests.browser.live_site import LiveSite
from tests.conftest import PASSWORD, USERNAME
from tests.fixtures.browsing import MakeContext

pytestmark = pytest.mark.browser


def go_to_users(tab: Page, site: LiveSite) -> None:
    """By the sign-in, which leads there."""
    tab.goto(f"{site.server.url}/users")
    tab.get_by_label("Username").fill(USERNAME)
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Sign in").click()
    expect(tab).to_have_url(f"{site.server.url}/users")


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without"])
def test_an_invited_editor_becomes_a_viewer_and_is_removed(
    site: LiveSite, browser_context: MakeContext, script: bool
) -> None:
    name = f"Bob {script}"
    site.bots(1)
    tab = browser_context(java_script_enabled=script).new_page()
    go_to_users(tab, site)
    tab.locator("[type=radio][value=viewer]").press("ArrowDown")
    expect(tab.locator("[type=radio][value=editor]")).to_be_checked()
    tab.get_by_role("button", name="Make a link").press("Enter")
    link = tab.get_by_label("Link", exact=True).input_value()
    guest = browser_context(java_script_enabled=script).new_page()
    guest.goto(link)
    guest.get_by_label("Username").fill(name)
    guest.get_by_label("Password").fill(PASSWORD)
    guest.keyboard.press("Enter")
    expect(guest.get_by_role("link", name="Add Credential")).to_be_visible()
    expect(guest.get_by_role("link", name="Settings")).to_have_count(0)
    tab.goto(f"{site.server.url}/users")
    row = tab.get_by_role("listitem").filter(has_text=name)
    row.locator("summary").first.press("Enter")
    row.get_by_role("button", name="Make viewer").press("Enter")
    expect(tab.locator(".message").get_by_text(f"{name} has the role viewer now.")).to_be_visible()
    guest.goto(site.url)
    expect(guest.get_by_role("link", name="Bot", exact=False).first).to_be_visible()
    for control in ("link", "button"):
        expect(guest.get_by_role(control, name="Add Credential")).to_have_count(0)
        expect(guest.locator("table").get_by_role(control, name="Delete")).to_have_count(0)
    row.locator("summary").first.press("Enter")
    remove = row.get_by_role("button", name="Remove now")
    expect(remove).to_be_hidden()
    row.locator("summary").last.press("Enter")
    expect(row).to_contain_text(f"Remove {name}? It ends their sessions")
    remove.press("Enter")
    expect(tab.locator(".message").get_by_text(f"{name} is removed")).to_be_visible()
    guest.reload()
    expect(guest.get_by_role("heading", name="Sign in")).to_be_visible()
    if script:
        assert not list(axe_faults(tab))
