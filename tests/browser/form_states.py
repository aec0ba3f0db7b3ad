"""States of the form that are worth looking at: the menu, fields that follow a provider, Extra Config in both views."""

from playwright.sync_api import Locator, Page, expect

from credstore.vault import ListFilters
from tests.browser.live_site import LiveSite
from tests.browser.page_state import NONE


def _dialog(tab: Page, site: LiveSite, kind: str) -> Locator:
    tab.goto(site.url + NONE)
    tab.locator(".head .primary").click()
    dialog = tab.get_by_role("dialog")
    dialog.locator(".kinds label b").get_by_text(kind, exact=True).click()
    return dialog


def menu(tab: Page, site: LiveSite) -> None:
    dialog = _dialog(tab, site, "LLM")
    dialog.get_by_label("Provider Type").select_option("openai_compatible")
    dialog.get_by_role("button", name="More", exact=True).click()
    expect(dialog.locator(".menu")).to_be_visible()


def git_by_fields(tab: Page, site: LiveSite) -> None:
    guided = _dialog(tab, site, "Git").locator(".guided:visible")
    guided.get_by_label("Show while typing").first.check()
    guided.get_by_label("Token").fill("shown-while-typing")


def git_as_json(tab: Page, site: LiveSite) -> None:
    guided = _dialog(tab, site, "Git").locator(".guided:visible")
    guided.get_by_label("URL").fill("https://git.example.com/team/repo.git")
    guided.locator("summary").click()
    expect(guided.locator("textarea")).not_to_be_empty()
    guided.get_by_label("Show while typing").locator("visible=true").check()


def tool_refused(tab: Page, site: LiveSite) -> None:
    dialog = _dialog(tab, site, "Tool")
    dialog.locator(".guided:visible").get_by_label("URL").fill("https://ann:word@tool.example.com/?key=1")
    dialog.get_by_role("button", name="Add Credential").click()
    expect(dialog.locator(".wrong").first).to_be_visible()


def edit_git(tab: Page, site: LiveSite) -> None:
    with site.vault() as vault:
        first = vault.page(ListFilters.clean(kind="git")).records[0]
    tab.goto(f"{site.url}/{first.public_id}/edit")
