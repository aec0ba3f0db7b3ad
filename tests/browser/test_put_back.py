"""A key is rotated in place: tested while the old one is in use, saved, put back; with and without JavaScript."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import axe_faults
from tests.browser.conftest import OpenPage
from tests.browser.live_site import LiveSite
from tests.fixtures.browsing import Watch, choose_more
from tests.provider import Provider

pytestmark = pytest.mark.browser

OLD, WRONG = "sk-old-0123456789", "sk-wrong-0123456789"
PUT_BACK = "Use the other key instead"


def edit(site: LiveSite, tab: Page, provider: Provider, *, script: bool) -> Locator:
    """The edit form of a credential whose stored key is OLD, which the provider refuses."""
    site.llm("Model", provider.url("/openai/v1"), OLD, "openai_compatible")
    tab.goto(site.url)
    tab.get_by_role("link", name="Edit Model").click()
    form = tab.get_by_role("dialog") if script else tab.locator("main")
    expect(form.get_by_role("heading", name="Edit credential")).to_be_visible()
    return form


def a_new_key_is_tested_saved_and_taken_back(site: LiveSite, tab: Page, provider: Provider) -> None:
    form = edit(site, tab, provider, script=True)
    key, panel = form.get_by_label("API Key", exact=True), form.locator(".draft-verdict")
    key.fill(WRONG)
    choose_more(form, "Test new key")
    expect(panel).to_have_attribute("data-mark", "fail")
    expect(panel).to_contain_text("The old key stays in use until you save the new one.")
    expect(key).to_have_value(WRONG)  # it never left the page that it was typed into
    key.fill(provider.key)
    choose_more(form, "Test new key")
    expect(panel).to_have_attribute("data-mark", "pass")
    expect(key).to_have_value(provider.key)
    assert site.resolve("Model")["api_key"] == OLD
    form.get_by_role("button", name="Save", exact=True).click()
    tab.locator("tbody tr:target").get_by_role("link", name="Model", exact=True).click()
    expect(tab.get_by_role("heading", name="The other key")).to_be_visible()
    assert site.resolve("Model")["api_key"] == provider.key
    assert not list(axe_faults(tab))
    tab.get_by_role("button", name=PUT_BACK).click()
    expect(tab.locator(".message")).to_contain_text("Model: the other key is in use now.")
    assert site.resolve("Model")["api_key"] == OLD
    tab.get_by_role("button", name=PUT_BACK).click()
    expect(tab.locator(".message")).to_contain_text("is in use now")
    assert site.resolve("Model")["api_key"] == provider.key


def the_new_key_is_asked_for_again(site: LiveSite, tab: Page, provider: Provider) -> None:
    """Without JavaScript."""
    form = edit(site, tab, provider, script=False)
    form.get_by_label("API Key", exact=True).fill(provider.key)
    choose_more(form, "Test new key")
    expect(form.locator(".draft-verdict")).to_have_attribute("data-mark", "pass")
    assert "enter them again before you save" in form.locator(".draft-verdict").inner_text()  # in a <noscript>
    assert provider.key not in tab.content()
    form.get_by_role("button", name="Save", exact=True).click()
    expect(form.get_by_text("Enter the new API Key again")).to_be_visible()
    assert site.resolve("Model")["api_key"] == OLD, "it was not silently saved with the old key"
    form.get_by_label("API Key", exact=True).fill(provider.key)
    form.get_by_role("button", name="Save", exact=True).click()
    tab.locator("tbody tr:target").get_by_role("link", name="Model", exact=True).click()
    assert site.resolve("Model")["api_key"] == provider.key
    tab.get_by_role("button", name=PUT_BACK).click()
    expect(tab.locator(".message")).to_contain_text("Model: the other key is in use now.")
    assert site.resolve("Model")["api_key"] == OLD


def a_put_back_after_somebody_elses_edit_is_refused_on_the_page(site: LiveSite, tab: Page, watch: Watch) -> None:
    watch.judge()
    watch.allowed.clear()  # from here on 409 alone is provoked
    watch.allow_status(409)
    site.clear()
    record = site.llm("Model", "https://one.example.com/v1", OLD)
    with site.vault() as vault:
        values = dict(record.public) | {"api_key": WRONG}
        record = vault.edit(record.public_id, version=1, name="Model", values=values)
    tab.goto(f"{site.url}/{record.public_id}")
    site.rename(record, "Renamed meanwhile")
    tab.get_by_role("button", name=PUT_BACK).click()
    expect(tab.get_by_role("alert")).to_contain_text("Nothing was put back.")
    expect(tab.get_by_role("heading", name="Renamed meanwhile")).to_be_visible()
    assert site.resolve("Renamed meanwhile")["api_key"] == WRONG
    tab.get_by_role("button", name=PUT_BACK).click()
    expect(tab.locator(".message")).to_contain_text("Renamed meanwhile: the other key is in use now.")


def test_a_new_key_is_tested_saved_and_taken_back_but_not_after_somebody_elses_edit(
    site: LiveSite, open_page: OpenPage, provider: Provider, watch: Watch
) -> None:
    tab = open_page(None)
    a_new_key_is_tested_saved_and_taken_back(site, tab, provider)
    a_put_back_after_somebody_elses_edit_is_refused_on_the_page(site, tab, watch)


def test_without_javascript_the_new_key_is_asked_for_again_and_taken_back_but_not_after_somebody_elses_edit(
    site: LiveSite, open_page: OpenPage, provider: Provider, watch: Watch
) -> None:
    watch.allow_status(400)
    tab = open_page(None, java_script_enabled=False)
    the_new_key_is_asked_for_again(site, tab, provider)
    a_put_back_after_somebody_elses_edit_is_refused_on_the_page(site, tab, watch)
