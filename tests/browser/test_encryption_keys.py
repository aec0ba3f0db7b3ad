"""The key is changed on its page: by mouse, by keyboard, and without JavaScript."""

from collections.abc import Iterator

import pytest
from cryptography.fernet import Fernet
from playwright.sync_api import Page, expect

from credstore.encryption.keyring import Keyring, key_id
from credstore.models import db
from credstore.vault.encryption_keys import Rotation
from credstore.vault.store import CredentialStore
from tests.browser.axe import axe_faults
from tests.browser.live_site import LiveSite, open_app
from tests.browser.test_keyboard import tab_to
from tests.conftest import PASSWORD, USERNAME, close
from tests.fixtures.browsing import MakeContext, sign_in
from tests.fixtures.serving import Server, serving

pytestmark = pytest.mark.browser

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))
SECRETS = 3


@pytest.fixture(scope="module")
def two_keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    """A site whose operator has put a new key before the old one, with three credentials."""
    env = {"FIELD_ENCRYPTION_KEY": f"{NEW},{OLD}", "SECRET_KEY": "a secret key, made for the tests alone"}
    with serving(Server(tmp_path_factory.mktemp("keys"), env=env), admin=(USERNAME, PASSWORD)) as server:
        app = open_app(server)
        found = LiveSite(server, app)
        found.bots(SECRETS)
        yield found
        close(app)


def encrypt_with_old(site: LiveSite) -> None:
    """From now on all secrets are encrypted with the old key, and nobody has rotated."""
    with site.app.app_context():
        list(Rotation(CredentialStore(db.session, Keyring(f"{OLD},{NEW}")), processes=0).run())
        db.session.execute(db.text("DELETE FROM key_rotation"))
        db.session.commit()


def open_keys(tab: Page) -> None:
    tab.get_by_role("link", name="Settings").click()
    tab.get_by_role("main").get_by_role("list").get_by_role("link", name="Encryption keys").click()
    expect(tab.get_by_role("heading", name="Encryption keys")).to_be_visible()


def expect_old(tab: Page) -> None:
    expect(tab.locator(".results li").nth(1)).to_contain_text(f"{SECRETS} credentials")
    expect(tab.get_by_role("button", name="Rotate now")).to_be_visible()


def expect_rotated(tab: Page) -> None:
    rows = tab.locator(".results li")
    expect(rows.nth(0)).to_contain_text(f"{key_id(NEW)} First key: encrypts and decrypts {SECRETS} credentials")
    expect(rows.nth(1)).to_contain_text(f"{key_id(OLD)} Old key: only decrypts No secrets")
    expect(tab.locator("#run")).to_contain_text(f"Last rotation, just now: {SECRETS} secrets encrypted anew")
    expect(tab.get_by_role("button", name="Rotate now")).to_have_count(0)


def test_by_mouse_by_keyboard_and_without_javascript(two_keys: LiveSite, browser_context: MakeContext) -> None:
    encrypt_with_old(two_keys)
    tab = browser_context().new_page()
    sign_in(tab, two_keys.server)
    open_keys(tab)
    expect_old(tab)
    tab.get_by_role("button", name="Rotate now").click()
    expect_rotated(tab)
    assert not list(axe_faults(tab))

    encrypt_with_old(two_keys)
    tab.reload()
    expect_old(tab)
    tab.keyboard.press("Home")
    tab_to(tab, tab.get_by_role("button", name="Rotate now"))
    tab.keyboard.press("Enter")
    expect_rotated(tab)
    assert two_keys.resolve("Bot 001")["bot_token"]

    encrypt_with_old(two_keys)
    plain = browser_context(java_script_enabled=False, storage_state=tab.context.storage_state()).new_page()
    plain.goto(two_keys.url)
    open_keys(plain)
    expect_old(plain)
    plain.get_by_role("button", name="Rotate now").click()
    expect_rotated(plain)
