"""States of the pages about people: users, invitations, and what somebody sees who may only look."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, expect
from sqlalchemy import update

from credstore.accounts import Invitations, Role, Users
from credstore.accounts.passwords import NO_PASSWORD
from credstore.database import write_transaction
from credstore.errors import NotFound
from credstore.models import Admin, LoginSession, db
from tests.browser.live_site import LiveSite
from tests.browser.page_state import PageState
from tests.browser.site_copy import copied
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


@contextmanager
def with_provider(site: LiveSite) -> Iterator[LiveSite]:
    """An OpenID Connect provider is set up, which is never asked here."""
    settings = {"oidc_issuer": "https://id.example.com", "oidc_client_id": "credstore", "oidc_client_secret": "-"}
    with copied(site, **settings, oidc_roles="*=viewer", oidc_label="Example Inc.") as copy:
        yield copy


@contextmanager
def of_provider(site: LiveSite) -> Iterator[LiveSite]:
    """The provider signs everybody in, and nobody has a password here."""
    with with_provider(site) as copy:
        with copy.app.app_context(), write_transaction(db.session):
            db.session.execute(update(Admin).values(password_hash=NO_PASSWORD))
            db.session.execute(update(LoginSession).values(confirmed_at=None))
        yield copy


def _login(tab: Page, site: LiveSite) -> None:
    tab.goto(f"{site.server.url}/login?signed_out=oidc")


def _confirm(tab: Page, site: LiveSite) -> None:
    tab.goto(f"{site.server.url}/confirm?next=/users")


def _own_password(tab: Page, site: LiveSite) -> None:
    """A refused form."""
    tab.goto(f"{site.server.url}/password")
    tab.get_by_label("Current password").fill(PASSWORD)
    tab.get_by_label("New password").fill("short")
    tab.get_by_role("button", name="Change password").click()
    expect(tab.locator(".wrong")).to_be_visible()


def _kept_form(tab: Page, site: LiveSite) -> None:
    tab.goto(f"{site.server.url}/credentials")
    token = tab.locator("[name=csrf_token]").first.get_attribute("value")
    tab.set_content(
        f'<form method="post" action="{site.server.url}/users/invite"><input name="csrf_token" value="{token}">'
        '<input name="role" value="editor"><button>Send</button></form>'
    )
    tab.get_by_role("button", name="Send").click()
    expect(tab.get_by_text("Nothing was done yet.")).to_be_visible()


def _users(tab: Page, site: LiveSite) -> None:
    furnish_people(site)
    open_confirmed(tab, site, "/users")
    tab.locator("summary").first.click()
    tab.locator("details[open] summary").last.click()
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
    PageState("own password, refused", _own_password),
    PageState("provider again", _confirm, prepare=of_provider),
    PageState("provider again, a form is kept", _kept_form, prepare=of_provider),
    PageState("login with a provider", _login, prepare=with_provider, signed_in=False),
    PageState("invitation", _invitation, signed_in=False),
    PageState("invitation closed", _invitation_closed, signed_in=False),
    PageState("list of a viewer", _viewer_list, signed_in=False),
    PageState("recently deleted, of a viewer", _viewer_deleted, signed_in=False),
)
