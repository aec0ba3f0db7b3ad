"""The result panel: of a draft in the dialog, and of a stored credential with steps, words, copy and history."""

import pytest
from playwright.sync_api import Locator, Page, expect

from credstore.vault import Record
from tests.browser.conftest import OpenPage
from tests.browser.live_site import LiveSite, words
from tests.fixtures.browsing import Watch, choose_more
from tests.provider import Provider

pytestmark = pytest.mark.browser

WRONG = "sk-wrong-canary-0123456789"


def fill(place: Page | Locator, provider: Provider, key: str, name: str = "Model") -> None:
    place.get_by_label("Name").fill(name)
    place.get_by_label("Provider Type").select_option("openai_compatible")
    place.get_by_label("API Key").fill(key)
    place.get_by_label("Base URL").fill(provider.url("/openai/v1"))


def test_a_draft_a_new_key_and_a_stored_credential_are_tested_and_their_results_shown(
    site: LiveSite, open_page: OpenPage, provider: Provider, watch: Watch
) -> None:
    tab = open_page(permissions=["clipboard-read", "clipboard-write"])
    a_draft_is_tested_in_the_dialog_and_keeps_what_was_typed(tab, site, provider)
    watch.judge()
    watch.allow_status(400)
    a_new_key_is_tested_and_never_the_stored_one_sent(tab, site, provider)
    site.clear_behind(tab)
    watch.judge()
    watch.allowed.clear()  # from here on nothing is provoked
    the_panel_has_steps_the_providers_words_a_copy_and_a_history(tab, site, provider)


def a_draft_is_tested_in_the_dialog_and_keeps_what_was_typed(tab: Page, site: LiveSite, provider: Provider) -> None:
    tab.get_by_role("link", name="Add Credential").click()
    dialog = tab.get_by_role("dialog", name="Add Credential")
    fill(dialog, provider, WRONG)
    choose_more(dialog, "Test without saving")
    panel = dialog.locator(".draft-verdict")
    expect(panel).to_have_attribute("data-mark", "fail")
    expect(panel).to_be_focused()
    expect(panel).to_contain_text("GET " + provider.url("/openai/v1/models"))
    expect(tab.locator("#live")).to_contain_text("Rejected")
    expect(tab.locator("#live")).to_contain_text("Nothing was saved.")
    expect(tab.locator("#live")).not_to_contain_text("enter them again")  # here they are kept
    key = dialog.get_by_label("API Key")
    expect(key).to_have_value(WRONG)
    assert site.names() == []

    key.fill(provider.key)
    choose_more(dialog, "Test without saving")
    expect(panel).to_have_attribute("data-mark", "pass")
    expect(key).to_have_value(provider.key)
    choose_more(dialog, "Save and test")
    expect(tab.locator(".message")).to_contain_text("Model is encrypted and stored. Verified:")
    expect(tab.locator(".verdict")).to_have_attribute("data-mark", "pass")
    assert site.resolve("Model")["api_key"] == provider.key


def a_new_key_is_tested_and_never_the_stored_one_sent(tab: Page, site: LiveSite, provider: Provider) -> None:
    sent = len(provider.requests)
    assert site.resolve("Model")["base_url"] == provider.url("/openai/v1")
    tab.get_by_role("link", name="Edit Model").click()
    dialog = tab.get_by_role("dialog", name="Edit credential")
    choose_more(dialog, "Test new key")
    expect(dialog.get_by_text("Enter the new API Key here to test it.")).to_be_visible()
    expect(dialog.get_by_label("API Key", exact=True)).to_be_focused()
    dialog.get_by_label("Base URL").fill(provider.url("/echo/v1"))
    choose_more(dialog, "Test new key")
    expect(dialog.get_by_label("Base URL")).to_have_value(provider.url("/echo/v1"))
    assert len(provider.requests) == sent
    assert site.resolve("Model")["base_url"] == provider.url("/openai/v1")


def the_panel_has_steps_the_providers_words_a_copy_and_a_history(tab: Page, site: LiveSite, provider: Provider) -> None:
    record = site.llm("Model", provider.url("/openai/v1"), WRONG, "openai_compatible")
    tab.goto(f"{site.url}/{record.public_id}")
    panel = tab.get_by_role("region", name="Not tested")
    expect(panel.get_by_role("button", name="Copy this result")).to_have_count(0)
    panel.get_by_role("button", name="Test", exact=True).click()
    panel = tab.get_by_role("region", name="Rejected")
    expect(panel).to_contain_text("refused this key")
    expect(panel).to_contain_text("Create a new key at the provider")
    steps = words(panel.locator(".steps li").all_text_contents())
    assert steps
    assert f"GET {provider.url('/openai/v1/models')} -> 401" in steps[0]
    provider_message = panel.get_by_text("Incorrect API key provided")
    expect(provider_message).to_be_hidden()
    panel.get_by_text("What the provider said").click()
    expect(provider_message).to_be_visible()

    panel.get_by_role("button", name="Copy this result").click()
    expect(tab.locator("#live")).to_have_text("Copied")
    copied = tab.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("Model: Rejected")
    assert "-> 401" in copied

    assert WRONG not in copied
    expect(panel.locator(".history")).to_have_count(0)
    see_the_history(tab, site, record, provider.key)


def see_the_history(tab: Page, site: LiveSite, record: Record, key: str) -> None:
    """After the credential got this key, the right one."""
    with site.vault() as vault:
        vault.edit(
            record.public_id,
            version=record.version,
            name="Model",
            values=dict(record.public) | {"api_key": key},
        )
    tab.reload()
    expect(tab.get_by_role("region", name="Changed since test")).to_be_visible()
    tab.get_by_role("button", name="Test", exact=True).click()
    panel = tab.get_by_role("region", name="Verified")
    panel.get_by_text("The last 2 tests").press("Enter")
    history = panel.locator(".history li")
    expect(history).to_have_count(2)
    expect(history.first).to_be_visible()
    assert [item.get_attribute("data-mark") for item in history.all()] == ["pass", "fail"]
    assert WRONG not in tab.content()


def test_a_draft_without_javascript_says_that_the_secret_must_be_typed_again(
    site: LiveSite, open_page: OpenPage, provider: Provider
) -> None:
    tab = open_page("/new", java_script_enabled=False)
    fill(tab, provider, WRONG)
    choose_more(tab, "Test without saving")
    expect(tab.locator(".draft-verdict")).to_have_attribute("data-mark", "fail")
    assert "enter them again before you save" in tab.locator(".draft-verdict").inner_text()  # in a <noscript>
    expect(tab.get_by_label("Name")).to_have_value("Model")
    assert WRONG not in tab.content()
    tab.get_by_label("API Key").fill(provider.key)
    choose_more(tab, "Save and test")
    expect(tab.locator(".message")).to_contain_text("Verified:")
    assert site.names() == ["Model"]
