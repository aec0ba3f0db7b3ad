"""With a wrong key: what credstore would refuse is disabled, can be reached, and says why; the rest works."""

from collections.abc import Iterator

import pytest
from cryptography.fernet import Fernet
from playwright.sync_api import Page, expect

from tests.browser.axe import axe_faults
from tests.browser.live_site import LiveSite, open_app
from tests.browser.test_keyboard import tab_to
from tests.conftest import PASSWORD, USERNAME, close
from tests.fixtures.browsing import MakeContext, Watch, sign_in
from tests.fixtures.serving import Server, serving

pytestmark = pytest.mark.browser

WHY = "Locked: the configured key is not the one that encrypted these secrets."


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    """A site with two credentials that was started with another key than theirs."""
    home = tmp_path_factory.mktemp("locked")
    keys = {"FIELD_ENCRYPTION_KEY": Fernet.generate_key().decode(), "SECRET_KEY": "s" * 40}
    before = Server(home, env=keys)
    before.admin(USERNAME, PASSWORD)
    app = open_app(before)
    LiveSite(before, app).bots(1)
    LiveSite(before, app).llm("Model", "https://api.example.com/v1")
    close(app)
    with serving(
        Server(home, env=keys | {"FIELD_ENCRYPTION_KEY": Fernet.generate_key().decode()}), "--locked"
    ) as server:
        app = open_app(server)
        yield LiveSite(server, app)
        close(app)


def signed_in(locked: LiveSite, browser_context: MakeContext, **options: object) -> Page:
    tab = browser_context(**options).new_page()
    sign_in(tab, locked.server)
    expect(tab).to_have_url(locked.url)
    return tab


def expect_no_fault(tab: Page) -> None:
    expect(tab.locator("#locked")).to_be_visible()
    faults = list(axe_faults(tab))
    assert not faults, (tab.url, faults)


def test_what_would_be_refused_is_disabled_and_says_why_and_the_rest_works(
    locked: LiveSite, browser_context: MakeContext
) -> None:
    tab = signed_in(locked, browser_context)
    expect_no_fault(tab)
    for name in ("Test all", "Add Credential"):
        expect(tab.get_by_role("link", name=name)).to_have_attribute("aria-disabled", "true")
        expect(tab.get_by_role("link", name=name)).to_have_accessible_description(WHY)
    for name in ("Test Model", "Test Bot 001"):
        expect(tab.get_by_role("button", name=name)).to_be_disabled()  # aria-disabled counts
        expect(tab.get_by_role("button", name=name)).to_have_accessible_description(WHY)

    # By mouse nothing happens but an answer; by keyboard it is reached, and the same.
    tab.get_by_role("link", name="Add Credential").click(force=True)
    expect(tab.locator("#live")).to_have_text("Locked: the configured key is not the right one")
    expect(tab).to_have_url(locked.url)
    tab.locator("#live").evaluate("(it) => { it.textContent = '' }")
    tab_to(tab, tab.get_by_role("button", name="Test Model"))
    tab.keyboard.press("Enter")
    expect(tab.locator("#live")).to_have_text("Locked: the configured key is not the right one")
    expect(tab.locator("[aria-busy]")).to_have_count(0)

    tab.get_by_role("checkbox", name="Select Model").check()
    expect(tab.get_by_role("button", name="Test Selected (1)")).to_be_disabled()
    expect(tab.get_by_role("button", name="Delete Selected (1)")).to_be_enabled()
    tab.get_by_role("checkbox", name="Select Model").uncheck()
    the_rest_works(tab)
    expect_no_fault(tab)
    own_page = tab.url
    for where in (f"{locked.url}/new", f"{own_page}/edit", f"{locked.url}/test"):
        tab.goto(where)
        expect_no_fault(tab)


def the_rest_works(tab: Page) -> None:
    """Until the page of the credential, which says the same as the list."""
    tab.get_by_role("link", name="Edit Model").click()
    dialog = tab.get_by_role("dialog")
    dialog.get_by_role("button", name="More", exact=True).click()
    expect(dialog.get_by_role("button", name="Save and test")).to_be_disabled()
    tab.keyboard.press("Escape")  # closes the menu alone
    dialog.get_by_label("Name").fill("Model")
    dialog.get_by_role("button", name="Save", exact=True).click()  # no secret was typed
    expect(tab.locator(".message")).to_contain_text("Model is saved.")
    tab.get_by_role("link", name="Model", exact=True).click()
    expect(tab.locator(".result").get_by_role("button", name="Test")).to_be_disabled()
    expect(tab.locator(".result").get_by_role("button", name="Test")).to_have_accessible_description(WHY)


def test_without_javascript_the_server_refuses(locked: LiveSite, browser_context: MakeContext, watch: Watch) -> None:
    watch.allow_status(503)
    tab = signed_in(locked, browser_context, java_script_enabled=False)
    tab.get_by_role("link", name="Add Credential").click(force=True)
    add = tab.get_by_role("button", name="Add Credential")
    expect(add).to_have_accessible_description(WHY)
    tab.get_by_label("Name").fill("Never")
    tab.get_by_label("API Key").fill("sk-test-0123456789")
    add.click(force=True)
    expect(tab.get_by_role("alert").get_by_text("Restore the right key and restart")).to_be_visible()
    expect(tab.get_by_label("Name")).to_have_value("Never")
    assert "Never" not in locked.names()
    tab.goto(locked.url)
    tab.get_by_role("button", name="Test Model").click(force=True)
    expect(tab.get_by_text("until then nothing can be stored or tested")).to_be_visible()
