"""Every page and dialog of the site, by name, each in a state worth looking at."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tests.browser.desk import LONG_URL, Desk

NOWHERE = "/00000000-0000-4000-8000-000000000000"
LONG_NAME = "A gateway with a rather long name that-goes-on-without-a-break-" + "x" * 90


@dataclass(frozen=True)
class Place:
    """Somewhere to go; `go` starts from the list of a full desk. Without `signed_in` nobody is."""

    name: str
    go: Callable[[Page, Desk], None]
    signed_in: bool = True


def _page(where: str) -> Callable[[Page, Desk], None]:
    def go(tab: Page, desk: Desk) -> None:
        tab.goto(desk.url + where)

    return go


def _of_first(where: str) -> Callable[[Page, Desk], None]:
    def go(tab: Page, desk: Desk) -> None:
        with desk.vault() as vault:
            first = vault.page(kind="llm").records[0]
        tab.goto(f"{desk.url}/{first.public_id}{where}")

    return go


def _dialog(opener: str, pick: int = 0) -> Callable[[Page, Desk], None]:
    def go(tab: Page, desk: Desk) -> None:
        tab.goto(f"{desk.url}?type=llm")
        for box in tab.locator("tbody .pick input").all()[:pick]:
            box.check()
        tab.locator(opener).first.click()
        expect(tab.get_by_role("dialog")).to_be_visible()

    return go


def _refused(tab: Page, desk: Desk) -> None:
    _dialog(".head .primary")(tab, desk)
    tab.get_by_label("Provider Type").select_option("openai_compatible")
    tab.get_by_role("dialog").get_by_role("button", name="Add Credential").click()
    expect(tab.locator(".wrong").first).to_be_visible()


def _login(tab: Page, desk: Desk) -> None:
    tab.goto(f"{desk.server.url}/login")


def _setup_closed(tab: Page, desk: Desk) -> None:
    tab.goto(f"{desk.server.url}/setup?token=used")


PLACES = (
    Place("list", _page("")),
    Place("search without a match", _page("?q=nobody")),
    Place("detail", _of_first("")),
    Place("new", _page("/new")),
    Place("edit", _of_first("/edit")),
    Place("delete", _of_first("/delete")),
    Place("error", _page(NOWHERE)),
    Place("dialog new", _dialog(".head .primary")),
    Place("dialog new, refused", _refused),
    Place("dialog edit", _dialog("[aria-label^=Edit]")),
    Place("dialog delete", _dialog("[aria-label^=Delete]")),
    Place("dialog delete many", _dialog("#delete-selected", 12)),
    Place("login", _login, signed_in=False),
    Place("set-up closed", _setup_closed, signed_in=False),
)


def furnish(desk: Desk) -> None:
    """A full first page, the newest of them with the longest name and URL."""
    desk.fifty()
    desk.llm(LONG_NAME, LONG_URL.format(7) + "/deep" * 30, provider="openai_compatible")
