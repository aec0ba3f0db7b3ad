"""Editing: blank keeps a secret, Remove drops it, a new destination needs it again, concurrent edits conflict."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.live_site import LiveSite
from tests.browser.test_dialog import shown_labels
from tests.fixtures.browsing import Watch

pytestmark = pytest.mark.browser

HERE, THERE = "https://one.example.com/v1", "https://two.example.com/v1"


def edit(tab: Page, name: str) -> Locator:
    tab.get_by_role("link", name=f"Edit {name}").click()
    dialog = tab.get_by_role("dialog", name="Edit credential")
    expect(dialog).to_be_visible()
    return dialog


def a_new_name_keeps_the_secret_that_was_left_blank(site: LiveSite, tab: Page) -> None:
    dialog = edit(tab, "Old name")
    expect(dialog.get_by_label("API Key", exact=True)).to_have_value("")
    dialog.get_by_label("Name").fill("New name")
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(tab.locator(".message").get_by_text("New name is saved.")).to_be_visible()
    assert site.resolve("New name")["api_key"] == "sk-kept-0123456789"


def a_stored_secret_is_not_called_optional_and_remove_takes_it_away(site: LiveSite, tab: Page) -> None:
    dialog = edit(tab, "Local")
    expect(dialog.get_by_label("API Key", exact=True)).to_be_visible()
    assert "Organization ID (optional)" not in shown_labels(dialog)
    dialog.get_by_label("Remove the stored API Key").check()
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(tab.locator("tbody tr:target")).to_contain_text("Local")
    tab.get_by_role("link", name="Local", exact=True).click()
    expect(tab.get_by_text("no secret")).to_be_visible()
    assert "api_key" not in site.resolve("Local")


def test_what_is_left_blank_stays_what_is_removed_goes_and_an_example_saves_nothing(
    site: LiveSite, open_page: OpenPage
) -> None:
    site.llm("Old name", HERE, "sk-kept-0123456789")
    site.llm("Local", HERE, provider="openai_compatible")
    with site.vault() as vault:
        record = vault.create("git", "Deploy key", {"extra_config": '{"token": "kept"}'})
    tab = open_page()
    a_new_name_keeps_the_secret_that_was_left_blank(site, tab)
    a_stored_secret_is_not_called_optional_and_remove_takes_it_away(site, tab)

    tab.goto(f"{site.url}/{record.public_id}/edit")
    tab.get_by_text("Edit as JSON").click()
    tab.get_by_role("button", name="Insert example").click()
    expect(tab.get_by_label("Extra Config")).to_be_focused()
    assert "https://" in tab.get_by_label("Extra Config").input_value()
    assert site.resolve("Deploy key") == {"extra_config": '{"token": "kept"}'}


def test_a_changed_destination_asks_for_the_secret_again(site: LiveSite, open_page: OpenPage, watch: Watch) -> None:
    watch.allow_status(400)
    site.llm("Model", HERE, "sk-sealed-for-one")
    tab = open_page()
    dialog = edit(tab, "Model")
    dialog.get_by_label("Base URL").fill(THERE)
    dialog.get_by_role("button", name="Save", exact=True).click()
    key = dialog.get_by_label("API Key", exact=True)
    expect(key).to_be_focused()
    expect(dialog.get_by_text("enter it again")).to_be_visible()
    expect(dialog.get_by_label("Base URL")).to_have_value(THERE)
    assert site.resolve("Model")["base_url"] == HERE
    key.fill("sk-sealed-for-two")
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(tab.locator(".message").get_by_text("Model is saved.")).to_be_visible()
    assert site.resolve("Model")["api_key"] == "sk-sealed-for-two"
    assert site.resolve("Model")["base_url"] == THERE


@pytest.mark.parametrize("script", [True, False])
def test_the_second_editor_sees_what_the_first_one_saved(
    site: LiveSite, open_page: OpenPage, watch: Watch, script: bool
) -> None:
    watch.allow_status(409)
    record = site.llm("Shared", HERE)
    tab = open_page(java_script_enabled=script)
    tab.get_by_role("link", name="Edit Shared").click()
    form = tab.get_by_role("dialog") if script else tab.locator("main")
    expect(form.get_by_role("heading", name="Edit credential")).to_be_visible()
    site.rename(record, "Named by the first")
    form.get_by_label("Name").fill("Named by the second")
    form.get_by_role("button", name="Save", exact=True).click()
    alert = form.get_by_role("alert")
    expect(alert).to_contain_text("Somebody else changed this credential")
    expect(alert).to_contain_text("Named by the first")
    expect(form.get_by_label("Name")).to_have_value("Named by the second")
    if script:
        expect(alert).to_be_focused()
    assert site.names() == ["Named by the first"]
    form.get_by_role("button", name="Save", exact=True).click()
    expect(tab.locator(".message").get_by_text("Named by the second is saved.")).to_be_visible()
    assert site.names() == ["Named by the second"]
