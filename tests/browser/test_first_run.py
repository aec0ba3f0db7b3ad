"""From the set-up URL that `credstore serve` prints to a stored and tested credential, in one go."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import axe_faults
from tests.fixtures.browsing import Watch
from tests.fixtures.serving import Serve
from tests.provider import Provider

pytestmark = pytest.mark.browser


@pytest.mark.spec("The Credentials page at /credentials manages API keys, bot tokens, and other secrets")
def test_from_the_printed_link_to_a_verified_credential(
    serve: Serve, page: Page, provider: Provider, watch: Watch
) -> None:
    watch.allow_status(403)
    server = serve()
    link = re.search(r"http://\S+/setup\?token=\S+", server.log())
    assert link, server.log()

    page.goto(link[0])
    assert list(axe_faults(page)) == []
    page.get_by_label("Username").fill("ann")
    page.get_by_label("Password").fill("correct horse battery staple")
    page.get_by_role("button", name="Create and sign in").click()
    expect(page).to_have_url(f"{server.url}/credentials")
    expect(page.get_by_role("heading", name="No credentials yet")).to_be_visible()

    page.locator(".empty").get_by_role("link", name="LLM").click()
    dialog = page.get_by_role("dialog", name="Add Credential")
    dialog.get_by_label("Name").fill("OpenAI production")
    dialog.get_by_label("Provider Type").select_option(label="OpenAI Compatible")
    dialog.get_by_label("API Key").fill(provider.key)
    dialog.get_by_label("Base URL").fill(provider.url("/openai/v1"))
    dialog.get_by_role("button", name="Add Credential").click()
    expect(page.locator(".message").get_by_text("OpenAI production is encrypted and stored.")).to_be_visible()

    page.get_by_role("button", name="Test OpenAI production").click()
    expect(page.locator("tbody tr .verdict")).to_have_attribute("data-mark", "pass")
    expect(page.locator(".verdict", has_text="Verified")).to_be_visible()

    page.goto(link[0])  # works once
    assert provider.key not in page.content()
    expect(page.get_by_role("heading", name="This set-up link is closed")).to_be_visible()
    assert provider.key.encode() not in b"".join(file.read_bytes() for file in files(server.home))


def files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]
