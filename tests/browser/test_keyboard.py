"""The whole main job without a pointer: Tab, arrows, Space, Enter and Escape only."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.live_site import LiveSite
from tests.fixtures.browsing import MakeContext
from tests.provider import Provider

pytestmark = pytest.mark.browser


def tab_to(tab: Page, target: Locator, key: str = "Tab") -> None:
    """Press Tab until the target has the focus; the focus must be visible there."""
    for _ in range(60):
        tab.keyboard.press(key)
        if target.evaluate("(wanted) => wanted === document.activeElement"):
            return
    raise AssertionError(f"no way to {target} by {key}")


def keyring(target: Locator) -> str:
    """How the focus shows: of a hidden radio button, on its label."""
    return str(
        target.evaluate("""(it) => {
            const shown = it.matches('.kind > input') ? it.nextElementSibling : it;
            const style = getComputedStyle(shown);
            return `${style.outlineStyle} ${style.outlineWidth}`;
        }""")
    )


def sign_in_and_create(tab: Page, provider: Provider) -> None:
    press, write = tab.keyboard.press, tab.keyboard.type
    tab_to(tab, tab.get_by_label("Username"))
    write("ann")
    press("Tab")
    write("correct horse battery staple")
    press("Enter")
    expect(tab.get_by_role("heading", name="No credentials yet")).to_be_visible()

    press("Tab")
    expect(tab.get_by_role("link", name="Skip to the content")).to_be_focused()
    expect(tab.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    press("Enter")
    add = tab.get_by_role("link", name="Add Credential")
    tab_to(tab, add)
    assert keyring(add) == "solid 2px"
    press("Enter")
    dialog = tab.get_by_role("dialog", name="Add Credential")
    expect(dialog.get_by_label("Name")).to_be_focused()
    write("Model")
    press("Tab")
    expect(dialog.get_by_role("radio", name="LLM")).to_be_focused()
    assert keyring(dialog.get_by_role("radio", name="LLM")) == "solid 2px"
    press("ArrowRight")
    expect(dialog.get_by_label("Bot Token")).to_be_visible()
    press("ArrowLeft")
    press("Tab")
    expect(dialog.get_by_label("Provider Type")).to_be_focused()
    write("OpenAI C")
    expect(dialog.get_by_label("Provider Type")).to_have_value("openai_compatible")
    press("Tab")
    write(provider.key)
    press("Tab")
    expect(dialog.get_by_label("Show while typing").locator("visible=true")).to_be_focused()
    press("Tab")
    write(provider.url("/openai/v1"))
    press("Enter")
    expect(tab.locator(".message").get_by_text("Model is encrypted and stored.")).to_be_visible()


def edit_after_a_test(tab: Page) -> None:
    press, write = tab.keyboard.press, tab.keyboard.type
    test = tab.get_by_role("button", name="Test Model")
    tab_to(tab, test)
    press("Enter")
    expect(tab.locator(".verdict", has_text="Verified")).to_be_visible()
    expect(test).to_be_focused()
    press("Shift+Tab")
    expect(tab.get_by_role("tooltip")).to_be_visible()
    press("Escape")
    expect(tab.get_by_role("tooltip")).to_be_hidden()

    tab_to(tab, tab.get_by_role("link", name="Edit Model"))
    press("Enter")
    expect(tab.get_by_role("dialog").get_by_label("Name")).to_be_focused()
    press("Control+a")
    write("Renamed")
    press("Enter")
    expect(tab.locator(".message").get_by_text("Renamed is saved.")).to_be_visible()
    expect(tab.locator("tbody tr:focus")).to_contain_text("Renamed")  # back in the list, at its row


def delete_and_undo(tab: Page) -> None:
    press = tab.keyboard.press
    press("Tab")
    expect(tab.get_by_role("checkbox", name="Select Renamed")).to_be_focused()
    press("Space")
    tab_to(tab, tab.get_by_role("button", name="Delete Selected (1)"))
    press("Enter")
    dialog = tab.get_by_role("dialog", name="Delete “Renamed”?")
    expect(dialog.get_by_role("link", name="Cancel")).to_be_focused()
    press("Shift+Tab")
    expect(dialog.get_by_role("button", name="Delete credential")).to_be_focused()
    press("Enter")
    expect(tab.locator(".message").get_by_text("Deleted “Renamed”.")).to_be_visible()
    expect(tab.locator(".message")).to_be_focused()
    press("Tab")
    expect(tab.get_by_role("button", name="Undo")).to_be_focused()
    press("Space")
    expect(tab.locator(".message").get_by_text("Restored “Renamed”.")).to_be_visible()
    expect(tab.locator("tbody tr:focus")).to_contain_text("Renamed")


def a_dialog_holds_the_focus(tab: Page) -> None:
    tab.get_by_role("link", name="Delete Renamed").press("Enter")
    expect(tab.get_by_role("dialog")).to_be_visible()
    for _ in range(6):
        tab.keyboard.press("Tab")
        behind = "() => document.activeElement.closest('dialog') || document.activeElement === document.body"
        assert tab.evaluate(f"Boolean(({behind})())")
    tab.keyboard.press("Escape")
    expect(tab.get_by_role("dialog")).to_have_count(0)


def test_sign_in_create_test_edit_delete_and_undo(
    site: LiveSite, browser_context: MakeContext, provider: Provider
) -> None:
    tab = browser_context().new_page()
    tab.goto(f"{site.server.url}/login")
    sign_in_and_create(tab, provider)
    edit_after_a_test(tab)
    delete_and_undo(tab)
    a_dialog_holds_the_focus(tab)
    tab_to(tab, tab.get_by_role("button", name="Sign out"))
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("heading", name="Sign in")).to_be_visible()
