"""States of an open form that asks something: about a key, about leaving, about signing in."""

from playwright.sync_api import Page, expect

from tests.browser.live_site import LiveSite
from tests.browser.page_state import NONE

ANOTHERS_KEY = "sk-ant-api03-canary7Hq2Zt9Wn4Lx8Rb"


def _open_dialog(tab: Page, site: LiveSite) -> None:
    tab.goto(site.url + NONE)
    tab.get_by_role("link", name="Add Credential").first.click()
    expect(tab.get_by_role("dialog", name="Add Credential")).to_be_visible()


def key_of_another_provider(tab: Page, site: LiveSite) -> None:
    _open_dialog(tab, site)
    dialog = tab.get_by_role("dialog", name="Add Credential")
    dialog.get_by_label("Name").fill("Writing assistant")
    dialog.get_by_label("Provider Type").select_option("openai")
    dialog.get_by_label("API Key").fill(ANOTHERS_KEY)
    dialog.get_by_label("API Key").press("Enter")
    expect(dialog.locator(".mismatch")).to_be_focused()


def leaving_typed_input(tab: Page, site: LiveSite) -> None:
    _open_dialog(tab, site)
    tab.get_by_role("dialog").get_by_label("Name").fill("Writing assistant")
    tab.keyboard.press("Escape")
    expect(tab.get_by_role("alertdialog")).to_be_visible()


def login_with_typed_input(tab: Page, site: LiveSite) -> None:
    """The answer to a form that was sent without its script, after its session had ended."""
    tab.goto(site.url + "/new")
    tab.get_by_label("Name").fill("Writing assistant")
    cookies = tab.context.cookies()
    tab.context.clear_cookies()
    tab.locator("form[data-send]").evaluate("(form) => { form.dataset.saved = ''; form.submit(); }")
    expect(tab.get_by_role("heading", name="Sign in")).to_be_visible()
    tab.context.clear_cookies()
    tab.context.add_cookies(cookies)
