"""States in which something is refused: an error page, a conflict, a sign-in that failed."""

from collections.abc import Callable
from contextlib import suppress

from playwright.sync_api import Page, expect
from sqlalchemy import delete

from credstore.database import write_transaction
from credstore.errors import CredstoreError
from credstore.models import LoginFailure, db
from tests.browser.live_site import LONG_URL, LiveSite
from tests.browser.page_state import NONE, PageState


def _conflict(opener: str) -> Callable[[Page, LiveSite], None]:
    """Somebody else saves while the form is open; `opener` opens it from the list."""

    def go(tab: Page, site: LiveSite) -> None:
        found = site.llm("Edited by two", LONG_URL.format(3))
        tab.goto(f"{site.url}?q=Edited+by+two")
        tab.locator(opener).first.click()
        tab.locator("form[data-send] [name=name]").fill("Edited by me")  # the search is called by a name too
        site.rename(found, "Edited by somebody else")
        tab.get_by_role("button", name="Save", exact=True).click()
        expect(tab.locator(".alert")).to_be_visible()
        with site.vault() as vault:
            vault.delete([found.public_id])

    return go


def _from_another_site(tab: Page, site: LiveSite) -> None:
    tab.goto("about:blank")
    tab.set_content(f'<form method="post" action="{site.server.url}/login"><button>Send</button></form>')
    tab.get_by_role("button").click()
    tab.wait_for_url("**/login")


def _old_form(tab: Page, site: LiveSite) -> None:
    """A form whose CSRF token is not that of the session."""
    tab.goto(site.url + NONE)
    tab.locator("#act [name=csrf_token]").evaluate("(input) => { input.value = 'old' }")
    tab.get_by_role("button", name="Sign out").click()
    expect(tab.get_by_role("heading", level=1)).not_to_have_text("Credentials")


def _login_failed(times: int) -> Callable[[Page, LiveSite], None]:
    """Wrong passwords, the last of them in the browser. All are forgotten afterwards."""

    def go(tab: Page, site: LiveSite) -> None:
        for _ in range(times - 1):
            with site.app.app_context(), suppress(CredstoreError):
                site.app.extensions["credstore"].accounts.sign_in("eve", "wrong", "127.0.0.1")
        _login(tab, site)
        tab.get_by_label("Username").fill("eve")
        tab.get_by_label("Password").fill("wrong")
        tab.get_by_role("button", name="Sign in").click()
        expect(tab.locator(".alert")).to_be_visible()
        with site.app.app_context(), write_transaction(db.session):
            db.session.execute(delete(LoginFailure))

    return go


def _login(tab: Page, site: LiveSite) -> None:
    tab.goto(f"{site.server.url}/login")


ERROR_STATES = (
    PageState("edit, conflict", _conflict(".edit"), javascript=False),
    PageState("error 403", _from_another_site),
    PageState("error, form is old", _old_form),
    PageState("dialog edit, conflict", _conflict(".edit")),
    PageState("login failed", _login_failed(1), signed_in=False),
    PageState("login, too many attempts", _login_failed(6), signed_in=False),
)
