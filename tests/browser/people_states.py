"""States of the pages about people: users, invitations, and what somebody sees who may only look."""

from playwright.sync_api import Page, expect

from credstore.accounts import Invitations, Role, Users
from credstore.errors import NotFound
from credstore.models import db
from tests.browser.live_site import LiveSite
from tests.browser.page_state import PageState
from tests.conftest import PASSWORD
from tests.fixtures.browsing import sign_in

VIEWER = "Vera, who looks"


def furnish_people(site: LiveSite) -> None:
    """A viewer and an editor, and one open invitation."""
    with site.app.app_context():
        users, invitations = Users(db.session), Invitations(db.session)
        for name, role in ((VIEWER, Role.VIEWER), ("Edith-with-a-rather-long-name-" + "x" * 60, Role.EDITOR)):
            try:
                users.named(name)
            except NotFound:
                users.create(name, PASSWORD, role)
        if not invitations.list():
            invitations.invite(Role.EDITOR, "ann")


def open_confirmed(tab: Page, site: LiveSite, path: str) -> None:
    """Open a page that asks for the password first, where the sign-in was too long ago."""
    tab.goto(f"{site.server.url}{path}")
    if "/confirm" in tab.url:
        tab.get_by_label("Your password").fill(PASSWORD)
        tab.get_by_role("button", name="Go on").click()
        tab.wait_for_url(f"**{path}")


def _confirm(tab: Page, site: LiveSite) -> None:
    tab.goto(f"{site.server.url}/confirm?next=/users")


def _users(tab: Page, site: LiveSite) -> None:
    furnish_people(site)
    open_confirmed(tab, site, "/users")
    tab.locator("summary").first.click()
    expect(tab.get_by_role("button", name="Remove now")).to_be_visible()


def _invited(tab: Page, site: LiveSite) -> None:
    open_confirmed(tab, site, "/users")
    tab.get_by_role("button", name="Make a link").click()
    expect(tab.get_by_label("Link", exact=True)).to_be_visible()


def _invitation(tab: Page, site: LiveSite) -> None:
    with site.app.app_context():
        token = Invitations(db.session).invite(Role.EDITOR)
    tab.goto(f"{site.server.url}/invitation?token={token}")


def _invitation_closed(tab: Page, site: LiveSite) -> None:
    tab.goto(f"{site.server.url}/invitation?token=used")


def as_viewer(tab: Page, site: LiveSite) -> None:
    """At the list, signed in as VIEWER."""
    furnish_people(site)
    sign_in(tab, site.server, VIEWER, PASSWORD)


def _viewer_list(tab: Page, site: LiveSite) -> None:
    as_viewer(tab, site)
    tab.goto(f"{site.url}?type=llm&q=model+1")
    expect(tab.get_by_role("link", name="Add Credential")).to_have_count(0)
    tab.context.clear_cookies()  # the next state is for nobody again


def _viewer_deleted(tab: Page, site: LiveSite) -> None:
    as_viewer(tab, site)
    tab.goto(f"{site.url}/deleted")
    expect(tab.get_by_role("heading", name="Recently deleted")).to_be_visible()
    tab.context.clear_cookies()


PEOPLE_STATES = (
    PageState("users", _users),
    PageState("users, a new link", _invited),
    PageState("password again", _confirm),
    PageState("invitation", _invitation, signed_in=False),
    PageState("invitation closed", _invitation_closed, signed_in=False),
    PageState("list of a viewer", _viewer_list, signed_in=False),
    PageState("recently deleted, of a viewer", _viewer_deleted, signed_in=False),
)
