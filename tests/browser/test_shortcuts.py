"""Keyboard shortcuts: each does its work, none acts while somebody types, and all can be switched off."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.live_site import LiveSite
from tests.browser.test_keyboard import tab_to
from tests.fixtures.browsing import MakeContext, sign_in
from tests.provider import Provider

pytestmark = pytest.mark.browser

KEYS = "?/ntxjk"


def nothing_happened(tab: Page) -> None:
    expect(tab.get_by_role("dialog")).to_have_count(0)
    expect(tab.locator("tbody :checked")).to_have_count(0)
    expect(tab.locator(".test[aria-busy], .verdict:not([data-mark=none])")).to_have_count(0)


def search_new_and_help(site: LiveSite, tab: Page) -> None:
    tab.keyboard.press("/")
    expect(tab.get_by_role("searchbox")).to_be_focused()
    expect(tab.get_by_role("searchbox")).to_have_value("")
    tab.keyboard.type("first")  # "t" among it
    tab.keyboard.press("Enter")
    expect(tab).to_have_url(f"{site.url}?q=first")
    nothing_happened(tab)

    tab.keyboard.press("n")
    dialog = tab.get_by_role("dialog", name="Add Credential")
    expect(dialog.get_by_label("Name")).to_be_focused()
    tab.keyboard.type("n?/x")
    expect(dialog.get_by_label("Name")).to_have_value("n?/x")

    tab.goto(site.url)
    tab.get_by_role("link", name="First", exact=True).focus()
    tab.keyboard.press("?")
    help_dialog = tab.get_by_role("dialog", name="Keyboard shortcuts")
    expect(help_dialog).to_be_visible()
    assert set(help_dialog.locator("kbd").all_text_contents()) == set(KEYS)
    tab.keyboard.press("n")  # nothing acts in a dialog
    expect(help_dialog).to_be_visible()
    tab.keyboard.press("Escape")
    expect(tab.get_by_role("link", name="First", exact=True)).to_be_focused()


def a_dialog_gives_the_focus_back_unless_something_else_has_it(tab: Page) -> None:
    link, search = tab.get_by_role("link", name="Add Credential"), tab.get_by_role("searchbox")
    tab.evaluate("document.activeElement.blur()")
    # As in browsers that do not focus what is clicked.
    tab.evaluate("addEventListener('mousedown', (event) => event.preventDefault(), { once: true })")
    link.click()
    expect(tab.get_by_role("dialog").get_by_label("Name")).to_be_focused()
    tab.keyboard.press("Escape")
    expect(link).to_be_focused()

    link.click()
    expect(tab.get_by_role("dialog").get_by_label("Name")).to_be_focused()
    tab.evaluate("document.querySelector('dialog').close(); document.querySelector('[type=search]').focus()")
    expect(tab.locator("dialog *")).to_have_count(0)  # the dialog has heard that it is closed
    expect(search).to_be_focused()


def none_acts_while_somebody_types_or_with_another_key(tab: Page) -> None:
    tab.evaluate("""() => {
        const area = document.createElement('div');
        area.id = 'added';
        area.innerHTML = '<p contenteditable id="free"></p><textarea id="area"></textarea>'
          + '<select id="choose"><option>one</select>';
        document.querySelector('main').append(area);
    }""")
    for where in ("[type=search]", "#free", "#area", "#choose"):
        tab.locator(where).focus()
        tab.keyboard.type(KEYS)
        nothing_happened(tab)
        expect(tab.locator(where), where).to_be_focused()
    expect(tab.locator("[type=search]")).to_have_value(KEYS)
    expect(tab.locator("#area")).to_have_value(KEYS)
    expect(tab.locator("#free")).to_have_text(KEYS)

    tab.get_by_role("link", name="First", exact=True).focus()
    for modifier in ("Control", "Alt", "Meta"):
        for key in "xt":  # Control+n and the like are the browser's own
            tab.keyboard.press(f"{modifier}+{key}")
    nothing_happened(tab)


def rows_are_walked_selected_and_tested(tab: Page) -> None:
    """The focus is nowhere at first, as in a page that was just loaded."""
    tab.evaluate("() => { document.activeElement.blur(); document.getElementById('added').remove(); }")
    expect(tab.locator("body")).to_be_focused()
    for key, name in (("j", "First"), ("j", "Second"), ("j", "Third"), ("j", "Third"), ("k", "Second")):
        tab.keyboard.press(key)
        expect(tab.get_by_role("link", name=name, exact=True)).to_be_focused()
    tab.keyboard.press("x")
    expect(tab.get_by_role("checkbox", name="Select Second")).to_be_checked()
    expect(tab.locator("#live")).to_have_text("Delete Selected (1)")
    tab.get_by_role("checkbox", name="Select Third").focus()  # a checkbox takes no text
    tab.keyboard.press("x")
    expect(tab.get_by_role("checkbox", name="Select Third")).to_be_checked()

    tab.get_by_role("link", name="First", exact=True).focus()
    tab.keyboard.press("t")
    row = tab.locator("tbody tr")
    expect(row.nth(0).locator(".verdict")).to_contain_text("Verified")
    expect(tab.locator(".verdict[data-mark=none]")).to_have_count(2)  # the row of the focus, not the selected ones
    tab.get_by_role("main").focus()
    tab.keyboard.press("t")
    expect(tab.locator(".verdict[data-mark=pass]")).to_have_count(3)

    tab.get_by_role("link", name="First", exact=True).click()
    expect(tab.get_by_role("heading", name="First")).to_be_visible()
    tab.keyboard.press("t")
    expect(tab.locator(".message")).to_contain_text("First: Verified.")


def test_each_shortcut_does_its_work_and_none_acts_while_somebody_types(
    site: LiveSite, open_page: OpenPage, provider: Provider
) -> None:
    for name in ("Third", "Second", "First"):
        record = site.llm(name, provider.url("/openai/v1"), provider.key, "openai_compatible")
    tab = open_page()
    search_new_and_help(site, tab)
    a_dialog_gives_the_focus_back_unless_something_else_has_it(tab)
    none_acts_while_somebody_types_or_with_another_key(tab)
    rows_are_walked_selected_and_tested(tab)

    tab.goto(f"{site.url}/{record.public_id}/edit")
    tab.get_by_label("Name").fill("")
    tab.keyboard.type(KEYS)
    expect(tab.get_by_label("Name")).to_have_value(KEYS)


def test_they_are_switched_off_for_good(site: LiveSite, browser_context: MakeContext) -> None:
    """By mouse; the choice outlives signing out, which clears the storage of the browser. By keyboard back on."""
    site.bots(1)
    tab = browser_context().new_page()
    sign_in(tab, site.server)
    tab.get_by_role("link", name="Keyboard shortcuts").click()
    box = tab.get_by_role("checkbox", name="Use these shortcuts")
    expect(box).to_be_checked()
    box.uncheck()
    tab.get_by_role("link", name="Close").click()
    tab.get_by_role("link", name="Bot 001", exact=True).focus()
    tab.keyboard.type(KEYS)
    nothing_happened(tab)

    tab.get_by_role("button", name="Sign out").click()
    sign_in(tab, site.server)
    tab.get_by_role("link", name="Bot 001", exact=True).focus()
    tab.keyboard.type(KEYS)
    nothing_happened(tab)
    tab_to(tab, tab.get_by_role("link", name="Keyboard shortcuts"), "Shift+Tab")
    tab.keyboard.press("Enter")
    expect(box).to_be_focused()
    expect(box).not_to_be_checked()
    tab.keyboard.press("Space")
    tab.keyboard.press("Escape")
    expect(tab.get_by_role("dialog")).to_have_count(0)
    tab.keyboard.press("n")
    expect(tab.get_by_role("dialog", name="Add Credential")).to_be_visible()

    tab.goto(f"{site.url}/shortcuts")  # the page switches too
    expect(box).to_be_checked()
    box.uncheck()
    tab.reload()
    expect(box).not_to_be_checked()


def test_without_javascript_nothing_offers_them(site: LiveSite, open_page: OpenPage) -> None:
    tab = open_page(java_script_enabled=False)
    expect(tab.locator("#help")).to_be_hidden()
    tab.goto(f"{site.url}/shortcuts")
    expect(tab.get_by_text("They need JavaScript")).to_be_visible()
    expect(tab.locator("#shortcuts")).to_be_hidden()
    tab.get_by_role("link", name="Close").click()
    expect(tab).to_have_url(site.url)
