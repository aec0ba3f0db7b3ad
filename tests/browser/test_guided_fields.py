"""Extra Config by fields and as JSON: one object in two views, masked, by mouse, by keyboard and without JavaScript."""

import json
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.live_site import LiveSite
from tests.browser.test_dialog import choose, open_dialog
from tests.fixtures.browsing import Watch

pytestmark = pytest.mark.browser

URL = "https://git.example.com/t/r.git"
TOOL = {"url": "https://tool.example.com/api", "headers": {"X-Key": "k-1"}}


def close(tab: Page) -> None:
    """Without the question that a dialog with typed input asks."""
    tab.locator("dialog[open]").evaluate_all("(all) => all.forEach((dialog) => dialog.close())")


def open_form(tab: Page, kind: str, name: str = "Guided", *, script: bool = True) -> Page | Locator:
    """A new form of this type in a dialog, whatever was typed before; without JavaScript the page /new is it."""
    close(tab)
    form = open_dialog(tab) if script else tab
    form.get_by_label("Name").fill(name)
    choose(form, kind)
    return form


def group(form: Page | Locator) -> Locator:
    return form.locator(".guided:visible")


def switch(form: Page | Locator, then_offered: str = "") -> None:
    """Go to the other view; its summary then offers the way back, where there is a script."""
    group(form).locator("summary").click()
    if then_offered:
        expect(group(form).locator("summary")).to_have_text(f"Edit as {then_offered}")


def area(form: Page | Locator) -> Locator:
    return group(form).get_by_label("Extra Config")


def stored(tab: Page, site: LiveSite, name: str) -> Any:
    """What was saved under this name, which no message before had."""
    expect(tab.locator(".message").get_by_text(f"{name} is")).to_be_visible()
    return json.loads(site.resolve(name)["extra_config"])


def saved(form: Page | Locator, site: LiveSite, button: str = "Add Credential") -> Any:
    name = form.get_by_label("Name").input_value()
    form.get_by_role("button", name=button, exact=True).click()
    return stored(form if isinstance(form, Page) else form.page, site, name)


def git_by_fields(site: LiveSite, tab: Page, script: bool) -> None:
    form = open_form(tab, "Git", "By fields", script=script)
    group(form).get_by_label("URL").fill(URL)
    group(form).get_by_label("User").fill("ann")
    group(form).get_by_label("Token").fill("t-1")
    assert saved(form, site) == {"url": URL, "username": "ann", "token": "t-1"}


def tool_by_fields_and_by_keyboard(site: LiveSite, tab: Page, script: bool) -> None:
    form = open_form(tab, "Tool", "By keyboard", script=script)
    group(form).get_by_label("URL").focus()
    for typed, then in ((str(TOOL["url"]), "Tab"), ("X-Key", "Tab"), ("k-1", "Enter")):
        tab.keyboard.type(typed)
        tab.keyboard.press(then)
    assert stored(tab, site, "By keyboard") == TOOL


def both_views_are_the_same_data(site: LiveSite, tab: Page) -> None:
    form = open_form(tab, "Git", "In two views")
    group(form).get_by_label("URL").fill(URL)
    group(form).get_by_label("Token").fill("t-1")
    switch(form, "fields")
    expect(group(form).get_by_label("URL")).to_be_hidden()
    assert json.loads(area(form).input_value()) == {"url": URL, "token": "t-1"}

    area(form).fill(json.dumps({"url": URL, "username": "ann", "token": "t-2", "own": {"deep": [1, None]}}))
    group(form).locator("summary").focus()
    tab.keyboard.press("Enter")
    expect(group(form).get_by_label("User")).to_have_value("ann")
    expect(group(form).get_by_label("Token")).to_have_value("t-2")
    expect(group(form).get_by_text("The JSON also has: own.")).to_be_visible()
    expect(tab.locator("#live")).to_have_text("The JSON also has: own.")
    group(form).get_by_label("Token").fill("t-3")
    switch(form, "fields")
    expected = {"url": URL, "username": "ann", "token": "t-3", "own": {"deep": [1, None]}}
    assert json.loads(area(form).input_value()) == expected
    switch(form, "JSON")
    expect(group(form).get_by_label("URL")).to_have_value(URL)
    assert saved(form, site) == expected


def more_headers_than_one_survive_the_switch(site: LiveSite, tab: Page) -> None:
    form = open_form(tab, "Tool", "With headers")
    switch(form, "fields")
    whole = TOOL | {"headers": {"X-Key": "k-1", "X-Team": "7"}, "expect_status": 204}
    area(form).fill(json.dumps(whole))
    switch(form, "JSON")
    expect(group(form).get_by_label("Header")).to_have_value("X-Key")
    expect(group(form).get_by_label("Value")).to_have_value("k-1")
    switch(form, "fields")
    assert json.loads(area(form).input_value()) == whole
    switch(form, "JSON")
    assert saved(form, site) == whole


def json_that_fields_cannot_show_stays_as_it_is(tab: Page) -> None:
    form = open_form(tab, "Git")
    sentence = group(form).get_by_text("This JSON cannot be shown as fields")
    for text in ('{"url": ', "[1]", '{"n": 12345678901234567890}', '{"a": 1, "a": 2}', "secret-alone"):
        switch(form, "fields")
        area(form).fill(text)
        switch(form)
        expect(sentence).to_be_visible()
        expect(tab.locator("#live")).to_contain_text("cannot be shown as fields")
        expect(area(form)).to_have_value(text)
        expect(group(form).get_by_label("URL")).to_be_hidden()
        area(form).fill("")
        switch(form, "JSON")
        expect(group(form).get_by_label("URL")).to_be_visible()
        expect(sentence).to_be_hidden()


def a_secret_is_masked_unless_it_is_typed_and_shown(tab: Page) -> None:
    form = open_form(tab, "LLM")
    for kind in ("LLM", "Telegram", "Git", "Tool"):
        choose(form, kind)
        field = form.locator(".field:visible:has([data-show])").first
        secret, box = field.locator("input").first, field.get_by_label("Show while typing")
        expect(secret).to_have_attribute("type", "password")
        secret.fill("s-1")
        box.check()
        expect(secret).to_have_attribute("type", "text")
        form.get_by_label("Name").focus()
        expect(secret).to_have_attribute("type", "password")
        secret.focus()
        expect(secret).to_have_attribute("type", "text")
        expect(secret).to_have_value("s-1")
        tab.keyboard.press("Tab")
        tab.keyboard.press("Space")
        expect(secret).to_have_attribute("type", "password")


def the_json_is_masked_unless_it_is_typed_and_shown(tab: Page, script: bool) -> None:
    form = open_form(tab, "Git", script=script)
    switch(form)
    area(form).fill("{}")
    expect(area(form)).to_have_css("-webkit-text-security", "disc")
    group(form).get_by_label("Show while typing").locator("visible=true").last.check()
    area(form).focus()
    expect(area(form)).to_have_css("-webkit-text-security", "none")
    form.get_by_label("Name").focus()
    expect(area(form)).to_have_css("-webkit-text-security", "disc")


@pytest.mark.spec("Git Git repository access (Configured via Extra Config)")
@pytest.mark.spec("Tool Tool-specific credentials (Configured via Extra Config)")
def test_fields_and_json_are_two_masked_views_of_one_object(site: LiveSite, open_page: OpenPage) -> None:
    tab = open_page()
    a_secret_is_masked_unless_it_is_typed_and_shown(tab)
    the_json_is_masked_unless_it_is_typed_and_shown(tab, script=True)
    json_that_fields_cannot_show_stays_as_it_is(tab)
    git_by_fields(site, tab, script=True)
    tool_by_fields_and_by_keyboard(site, tab, script=True)
    both_views_are_the_same_data(site, tab)
    more_headers_than_one_survive_the_switch(site, tab)


@pytest.mark.spec("Git Git repository access (Configured via Extra Config)")
@pytest.mark.spec("Tool Tool-specific credentials (Configured via Extra Config)")
def test_without_javascript_the_fields_are_saved_and_the_json_is_masked(site: LiveSite, open_page: OpenPage) -> None:
    tab = open_page("/new", java_script_enabled=False)
    git_by_fields(site, tab, script=False)
    tab.get_by_role("link", name="Edit By fields").click()
    expect(area(tab)).to_be_attached()
    expect(tab.get_by_role("button", name="Insert example")).to_be_hidden()  # it could do nothing there
    tab.goto(f"{site.url}/new")
    tool_by_fields_and_by_keyboard(site, tab, script=False)
    tab.goto(f"{site.url}/new")
    the_json_is_masked_unless_it_is_typed_and_shown(tab, script=False)


def a_shown_secret_is_masked_when_it_is_sent_and_stays_in_a_refused_form(tab: Page) -> None:
    form = open_form(tab, "Git")
    form.get_by_label("Name").fill("")
    url = "https://ann:word@git.example.com/t/r.git"  # the server never sends it back; it stays in the page
    group(form).get_by_label("URL").fill(url)
    group(form).get_by_label("Show while typing").first.check()
    group(form).get_by_label("Token").fill("t-1")
    group(form).get_by_label("Token").press("Enter")
    expect(form.get_by_text("Give the credential a name.")).to_be_visible()
    expect(group(form).get_by_label("Token")).to_have_value("t-1")
    expect(group(form).get_by_label("Token")).to_have_attribute("type", "password")
    expect(group(form).get_by_label("URL")).to_have_value(url)
    expect(group(form).get_by_text("Enter the URL again")).to_be_hidden()


def without_javascript_both_views_are_joined_and_a_conflict_is_told(site: LiveSite, tab: Page) -> None:
    tab.get_by_label("Name").fill("Guided")
    choose(tab, "Git")
    switch(tab)
    assert "What both have must be the same." in group(tab).inner_text()
    group(tab).get_by_label("URL").fill(URL)
    group(tab).get_by_label("Token").fill("canary-1")
    area(tab).fill('{"token": "canary-2"}')
    tab.get_by_role("button", name="Add Credential").click()
    expect(tab.get_by_text("The JSON has another “token”. Keep one of them.")).to_be_visible()
    expect(group(tab).get_by_label("URL")).to_have_value(URL)
    assert "canary-" not in tab.content()
    group(tab).get_by_label("Token").fill("canary-1")
    switch(tab)
    area(tab).fill('{"own": 1}')
    assert saved(tab, site) == {"url": URL, "token": "canary-1", "own": 1}


def an_edit_keeps_what_is_blank_and_asks_for_the_token_of_a_new_url(site: LiveSite, tab: Page, script: bool) -> None:
    tab.get_by_role("link", name="Edit Stored").click()
    form: Page | Locator = tab.get_by_role("dialog") if script else tab
    expect(group(form).get_by_label("URL")).to_have_value("")
    group(form).get_by_label("URL").fill(URL + "2")
    form.get_by_role("button", name="Save", exact=True).click()
    expect(form.get_by_text("URL changed. A stored secret is sent only where it was saved for")).to_be_visible()
    group(form).get_by_label("URL").fill("")
    group(form).get_by_label("Token").fill("new")
    assert saved(form, site, "Save") == {"url": URL, "token": "new", "username": "ann"}


@pytest.mark.parametrize("script", [True, False])
def test_a_form_that_comes_back_keeps_its_fields_and_says_what_is_wrong(
    site: LiveSite, open_page: OpenPage, watch: Watch, script: bool
) -> None:
    watch.allow_status(400)
    with site.vault() as vault:
        vault.create("git", "Stored", {"extra_config": json.dumps({"url": URL, "token": "old", "username": "ann"})})
    tab = open_page("" if script else "/new", java_script_enabled=script)
    if script:
        a_shown_secret_is_masked_when_it_is_sent_and_stays_in_a_refused_form(tab)
        close(tab)
    else:
        without_javascript_both_views_are_joined_and_a_conflict_is_told(site, tab)
    an_edit_keeps_what_is_blank_and_asks_for_the_token_of_a_new_url(site, tab, script)
