"""Sign-in with oidc-provider, a certified OpenID Connect provider, in Chromium as a person does it."""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Page, expect

from credstore.config import DATABASE_FILE
from tests.fixtures.serving import TWO_WORKERS, Server, free_port, serving
from tests.real_servers import starting
from tests.real_servers.conftest import Visit

# Characters that Basic authentication must encode.
SECRET = "secret of credstore: 100% +/=&"
ROLES = "admins=admin, ops=editor, readers=viewer"
BOT = "123456789:AAexampleexampleexampleexampleexamp"
PASSWORD = "correct horse battery staple"


@dataclass
class Company:
    """A site of credstore whose users a provider signs in. `users` is the provider's file.

    `other` is a site that is not started yet, with the same settings.
    """

    server: Server
    other: Server
    issuer: str
    users: Path

    def hires(self, login: str, name: str | None, *groups: str) -> None:
        """Somebody with this name and these groups, from the next answer of the provider on."""
        known = json.loads(self.users.read_text()) if self.users.exists() else {}
        self.users.write_text(json.dumps(known | {login: {"name": name, "groups": groups}}))

    def rows(self, statement: str) -> list[tuple[str, ...]]:
        """What the site's own database answers. What a statement changes is committed."""
        with closing(sqlite3.connect(self.server.data_dir / DATABASE_FILE)) as database:
            found = database.execute(statement).fetchall()
            database.commit()
            return found

    def role(self, name: str) -> str | None:
        return dict(self.rows("SELECT username, role FROM admin")).get(name)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    home = tmp_path_factory.mktemp("company")
    port, users = free_port(), home / "users.json"
    env = {"CREDSTORE_OIDC_ISSUER": f"http://localhost:{port}", "CREDSTORE_OIDC_CLIENT_ID": "credstore"}
    env |= {"CREDSTORE_OIDC_CLIENT_SECRET": SECRET, "CREDSTORE_OIDC_ROLES": ROLES, "CREDSTORE_OIDC_LABEL": "Acme"}
    env |= {"CREDSTORE_OIDC_SCOPES": "openid profile groups"}
    server, other = Server(home / "site", env=env), Server(home / "other", env=env)
    with starting.oidc_provider(port, sites=(server.url, other.url), secret=SECRET, users=users) as issuer:
        company = Company(server, other, issuer, users)
        company.hires("u-1", "mia", "ops", "everybody")
        with serving(server, *TWO_WORKERS, admin=("ann", PASSWORD)):
            yield company


def sign_in_there(tab: Page, login: str) -> None:
    """Fill in the provider's own form."""
    tab.locator("[name=login]").fill(login)
    tab.locator("[name=password]").fill("whatever")
    tab.get_by_role("button", name="Sign-in").click()


def sign_in(tab: Page, company: Company, login: str, path: str = "/credentials") -> None:
    tab.goto(company.server.url + path)
    tab.get_by_role("link", name="Sign in with Acme").click()
    sign_in_there(tab, login)


def is_signed_in(tab: Page, company: Company) -> bool:
    tab.goto(f"{company.server.url}/credentials")
    return "/login" not in tab.url


def fill_in(tab: Page, name: str) -> None:
    tab.get_by_label("Name").fill(name)
    tab.locator(".kinds label b").get_by_text("Telegram", exact=True).click()
    tab.get_by_label("Bot Token").fill(BOT)


@pytest.mark.parametrize("javascript", [True, False])
def test_a_group_gives_a_role_and_one_gets_where_one_was_going(
    company: Company, visit: Visit, javascript: bool
) -> None:
    tab = visit(java_script_enabled=javascript)
    sign_in(tab, company, "u-1", "/credentials?q=openai")
    expect(tab).to_have_url(f"{company.server.url}/credentials?q=openai")
    assert company.role("mia") == "editor"
    assert tab.goto(f"{company.server.url}/users").status == 403  # type: ignore[union-attr]


def test_each_sign_in_reads_the_groups_anew(company: Company, visit: Visit) -> None:
    for groups, role in ((["readers"], "viewer"), (["readers", "admins", "ops"], "admin"), (["ops"], "editor")):
        company.hires("u-2", "leo", *groups)
        sign_in(visit(), company, "u-2")
        assert company.role("leo") == role
    acts = company.rows("SELECT act, result FROM audit_entry WHERE actor = 'leo' ORDER BY seq")
    by = "by the OpenID Connect provider"
    assert acts == [
        ("user added", f"user leo, viewer, {by}"),
        ("sign-in", by),
        ("role changed", f"user leo: viewer to admin, {by}"),
        ("sign-in", by),
        ("role changed", f"user leo: admin to editor, {by}"),
        ("sign-in", by),
    ]


def test_without_a_group_nobody_gets_in_and_earlier_sessions_end(company: Company, visit: Visit) -> None:
    company.hires("u-3", "kim", "ops")
    before, tab = visit(java_script_enabled=False), visit()  # two people's windows; the server decides all of this
    sign_in(before, company, "u-3")
    assert is_signed_in(before, company)
    company.hires("u-3", "kim", "others")
    sign_in(tab, company, "u-3")
    expect(tab.get_by_role("alert")).to_have_text(
        "None of your groups at the provider may use credstore. Ask an administrator for access."
    )
    assert not is_signed_in(tab, company)
    assert not is_signed_in(before, company)
    last = company.rows("SELECT act, result FROM audit_entry ORDER BY seq DESC LIMIT 1")
    assert last == [("sign-in refused", "user kim, by the OpenID Connect provider: no role")]


def test_a_name_of_somebody_else_is_not_taken_over(company: Company, visit: Visit) -> None:
    company.hires("u-4", "Ann", "admins")
    tab = visit()
    sign_in(tab, company, "u-4")
    expect(tab.get_by_role("alert")).to_contain_text("Somebody else has your name here already")
    assert not is_signed_in(tab, company)
    tab.get_by_label("Username").fill("ann")
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Sign in", exact=True).click()
    tab.wait_for_url("**/credentials")


def test_the_person_counts_and_not_the_name(company: Company, visit: Visit) -> None:
    company.hires("u-5", "old name", "ops")
    sign_in(visit(), company, "u-5")
    company.hires("u-5", "new name", "ops")
    tab = visit()
    sign_in(tab, company, "u-5")
    assert is_signed_in(tab, company)
    expect(tab.get_by_text("old name")).to_be_visible()
    assert company.role("new name") is None


def test_pages_with_lasting_rights_ask_at_the_provider_again(company: Company, visit: Visit) -> None:
    company.hires("u-6", "eva", "admins")
    company.hires("u-7", "max", "admins")
    tab = visit()
    sign_in(tab, company, "u-6")
    tab.goto(f"{company.server.url}/users")
    again = tab.get_by_role("link", name="Sign in again with Acme")
    again.click()
    sign_in_there(tab, "u-7")
    expect(tab.get_by_role("alert")).to_contain_text("as somebody else than here")
    again.click()
    sign_in_there(tab, "u-6")
    expect(tab).to_have_url(f"{company.server.url}/users")
    expect(tab.get_by_role("heading", name="Users")).to_be_visible()
    tab.goto(f"{company.server.url}/tokens")
    expect(tab.get_by_role("heading", name="Machine tokens")).to_be_visible()


def test_a_form_that_is_sent_too_late_is_kept(company: Company, visit: Visit) -> None:
    company.hires("u-8", "ida", "admins")
    tab = visit(java_script_enabled=False)
    sign_in(tab, company, "u-8", "/users")
    tab.get_by_role("link", name="Sign in again with Acme").click()
    sign_in_there(tab, "u-8")
    tab.get_by_role("radio", name=re.compile("^editor")).check()
    company.rows("UPDATE login_session SET confirmed_at = NULL")
    tab.get_by_role("button", name="Make a link").click()
    tab.get_by_role("button", name="Go on").click()
    expect(tab.get_by_text("Nothing was done yet.")).to_be_visible()
    with tab.context.expect_page() as opened:
        tab.get_by_role("link", name="Sign in again with Acme").click()
    sign_in_there(opened.value, "u-8")
    expect(opened.value.get_by_text("It is you.")).to_be_visible()
    tab.get_by_role("button", name="Go on").click()
    expect(tab.get_by_text("becomes an editor")).to_be_visible()


def test_a_form_waits_for_a_sign_in_in_another_tab(company: Company, visit: Visit) -> None:
    company.hires("u-9", "ben", "ops")
    tab = visit()
    sign_in(tab, company, "u-9", "/credentials/new")
    fill_in(tab, "Kept")
    company.rows("DELETE FROM login_session")
    tab.get_by_role("button", name="Add Credential").click()
    with tab.context.expect_page() as opened:
        tab.get_by_role("link", name="Sign in with Acme").click()
    # At the provider one is still signed in, so that it asks for nothing.
    opened.value.wait_for_url("**/credentials")
    tab.bring_to_front()
    tab.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # headless tabs are always visible
    expect(tab.get_by_role("dialog", name="Sign in")).to_be_hidden()
    expect(tab.get_by_label("Bot Token")).to_have_value(BOT)
    tab.get_by_role("button", name="Add Credential").click()
    expect(tab.locator(".message").get_by_text("Kept is encrypted and stored.")).to_be_visible()


def test_without_javascript_a_form_comes_back_too(company: Company, visit: Visit) -> None:
    company.hires("u-10", "tom", "ops")
    tab = visit(java_script_enabled=False)
    sign_in(tab, company, "u-10", "/credentials/new")
    fill_in(tab, "Kept too")
    company.rows("DELETE FROM login_session")
    tab.get_by_role("button", name="Add Credential").click()
    with tab.context.expect_page() as opened:
        tab.get_by_role("link", name="Sign in with Acme").click()
    opened.value.wait_for_url("**/credentials")
    tab.reload()  # which sends the form again
    expect(tab.get_by_label("Name")).to_have_value("Kept too")
    tab.get_by_label("Bot Token").fill(BOT)
    tab.get_by_role("button", name="Add Credential").click()
    expect(tab.locator(".message").get_by_text("Kept too is encrypted and stored.")).to_be_visible()


def test_signing_out_here_and_there(company: Company, visit: Visit) -> None:
    company.hires("u-11", "zoe", "ops")
    tab = visit()
    sign_in(tab, company, "u-11")
    tab.get_by_role("button", name="Sign out").click()
    expect(tab.get_by_text("You are signed out here.")).to_be_visible()
    tab.get_by_role("link", name="sign out there too").click()
    tab.get_by_role("button", name="Yes, sign me out").click()
    tab.goto(f"{company.server.url}/login")
    tab.get_by_role("link", name="Sign in with Acme").click()
    expect(tab.locator("[name=login]")).to_be_visible()  # the provider asks again, so nobody is signed in there


def test_who_stops_at_the_provider_reads_why(company: Company, visit: Visit) -> None:
    tab = visit()
    tab.goto(f"{company.server.url}/credentials")
    tab.get_by_role("link", name="Sign in with Acme").click()
    tab.get_by_role("link", name="[ Cancel ]").click()
    expect(tab.get_by_role("alert")).to_have_text("Acme did not let you in, or you stopped there.")


def test_the_log_has_no_code_and_no_state(company: Company, visit: Visit) -> None:
    tab, urls = visit(), list[str]()
    tab.on("request", lambda request: urls.append(request.url))
    sign_in(tab, company, "u-1")
    (back,) = (url for url in urls if "/login/oidc/callback?" in url)
    log = company.server.log()
    assert "GET /login/oidc/callback 303" in log
    for name, value in parse_qsl(urlsplit(back).query):
        assert name == "iss" or value not in log, name
    assert SECRET not in log


def test_a_wrong_client_secret_is_told(company: Company, visit: Visit) -> None:
    other, tab = company.other, visit()
    other.env = dict(other.env) | {"CREDSTORE_OIDC_CLIENT_SECRET": "wrong"}
    with serving(other, admin=("ann", PASSWORD)):
        tab.goto(f"{other.url}/credentials")
        tab.get_by_role("link", name="Sign in with Acme").click()
        sign_in_there(tab, "u-1")
        expect(tab.get_by_role("alert")).to_contain_text("Acme does not accept credstore's client ID or client secret.")
        doctor = other.run_here("doctor")
    assert f"ok       OIDC         {company.issuer} answers" in doctor
