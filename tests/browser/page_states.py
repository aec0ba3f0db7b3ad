"""Every page and dialog of the site, by name, each in a state worth looking at."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from credstore.vault import ListFilters
from tests.browser.live_site import LONG_URL, LiveSite, tried_verdict

NOWHERE = "/00000000-0000-4000-8000-000000000000"
LONG_NAME = "A gateway with a rather long name that-goes-on-without-a-break-" + "x" * 90


@dataclass(frozen=True)
class PageState:
    """Somewhere to go; `go` starts from the list of a full site. Without `signed_in` nobody is."""

    name: str
    go: Callable[[Page, LiveSite], None]
    signed_in: bool = True


def _page(where: str) -> Callable[[Page, LiveSite], None]:
    def go(tab: Page, site: LiveSite) -> None:
        tab.goto(site.url + where)

    return go


def _of_first(where: str) -> Callable[[Page, LiveSite], None]:
    def go(tab: Page, site: LiveSite) -> None:
        with site.vault() as vault:
            first = vault.page(ListFilters.clean(kind="llm")).records[0]
        tab.goto(f"{site.url}/{first.public_id}{where}")

    return go


def _with_completion(tab: Page, site: LiveSite) -> None:
    """A result with all that there can be: models, a completion that was tried, and the form for the next one."""
    tab.goto(site.url + "?q=Tried")
    tab.locator("tbody th a").click()
    expect(tab.get_by_role("region", name="Try a completion")).to_be_visible()
    tab.locator(".models summary").click()


def _dialog(opener: str, pick: int = 0) -> Callable[[Page, LiveSite], None]:
    def go(tab: Page, site: LiveSite) -> None:
        tab.goto(f"{site.url}?type=llm")
        for box in tab.locator("tbody input").all()[:pick]:
            box.check()
        tab.locator(opener).first.click()
        expect(tab.get_by_role("dialog")).to_be_visible()

    return go


def _refused(tab: Page, site: LiveSite) -> None:
    _dialog(".head .primary")(tab, site)
    tab.get_by_label("Provider Type").select_option("openai_compatible")
    tab.get_by_role("dialog").get_by_role("button", name="Add Credential").click()
    expect(tab.locator(".wrong").first).to_be_visible()


def _new_key_tested(tab: Page, site: LiveSite) -> None:
    _dialog(".edit")(tab, site)
    dialog = tab.get_by_role("dialog")
    dialog.get_by_label("API Key", exact=True).fill("sk-new-0123456789")
    dialog.get_by_label("Base URL").fill("http://127.0.0.1:9/v1")  # nobody listens there
    dialog.get_by_role("button", name="Test new key").click()
    expect(dialog.locator(".draft-verdict")).to_be_visible()


def _login(tab: Page, site: LiveSite) -> None:
    tab.goto(f"{site.server.url}/login")


def _setup_closed(tab: Page, site: LiveSite) -> None:
    tab.goto(f"{site.server.url}/setup?token=used")


PAGE_STATES = (
    PageState("list", _page("")),
    PageState("search without a match", _page("?q=nobody")),
    PageState("detail", _of_first("")),
    PageState("detail with a completion", _with_completion),
    PageState("new", _page("/new")),
    PageState("edit", _of_first("/edit")),
    PageState("delete", _of_first("/delete")),
    PageState("error", _page(NOWHERE)),
    PageState("dialog new", _dialog(".head .primary")),
    PageState("dialog new, refused", _refused),
    PageState("dialog edit", _dialog(".edit")),
    PageState("dialog edit, new key tested", _new_key_tested),
    PageState("dialog delete", _dialog(".trash")),
    PageState("dialog delete many", _dialog("#delete-selected", 12)),
    PageState("login", _login, signed_in=False),
    PageState("set-up closed", _setup_closed, signed_in=False),
)


def furnish(site: LiveSite) -> None:
    """A full first page, the newest of them with the longest name and URL."""
    site.judged(site.llm("Tried", LONG_URL.format(1)), tried_verdict(LONG_URL.format(1)))
    site.fifty()
    newest = site.llm(LONG_NAME, LONG_URL.format(7) + "/deep" * 30, provider="openai_compatible")
    values = {"provider_type": "openai_compatible", "api_key": "sk-new-0123456789", "base_url": LONG_URL.format(8)}
    with site.vault() as vault:  # its page offers to use the other key
        vault.edit(newest.public_id, version=1, name=LONG_NAME, values=values, expires="2031-01-01")
