"""Pasting a key and saving at once: the provider follows, or the form asks; blocks of several lines arrive whole."""

from collections.abc import Callable
from itertools import product

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.live_site import LiveSite
from tests.browser.test_dialog import choose, open_dialog
from tests.browser.test_edit import edit
from tests.browser.test_form import drop
from tests.fixtures.browsing import Watch, choose_more
from tests.web.test_key_mismatch import KEYS

pytestmark = pytest.mark.browser

ANTHROPIC = "sk-ant-api03-canary7Hq2Zt9Wn4Lx8Rb"
URL = "https://gateway.example.com/v1"


def paste(field: Locator, text: str) -> None:
    """From the real clipboard, with the keyboard, as a person does."""
    tab = field.page
    tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab.evaluate("(text) => navigator.clipboard.writeText(text)", text)
    field.focus()
    tab.keyboard.press("Control+V")


def click(button: Locator) -> None:
    button.click()


def press_enter(button: Locator) -> None:
    button.focus()
    button.press("Enter")


Press = Callable[[Locator], None]


def saved(tab: Page, name: str) -> None:
    expect(tab.locator(".message").get_by_text(f"{name} is encrypted and stored.")).to_be_visible()


def the_provider_follows_a_pasted_key_though_the_form_is_sent_at_once(site: LiveSite, tab: Page) -> None:
    for number, (key, provider) in enumerate((key, owner) for key, owner in KEYS.items() if owner):
        dialog = open_dialog(tab)
        dialog.get_by_label("Name").fill(f"Key {number}")
        paste(dialog.get_by_label("API Key"), f"{key}-0123456789")
        tab.keyboard.press("Enter")  # the field was never left
        saved(tab, f"Key {number}")
        stored = site.resolve(f"Key {number}")
        assert (stored["provider_type"], stored["api_key"]) == (provider, f"{key}-0123456789")


def what_a_pasted_key_told_is_seen_and_said_before_saving(tab: Page) -> None:
    dialog = open_dialog(tab)
    key, provider = dialog.get_by_label("API Key"), dialog.get_by_label("Provider Type")
    paste(key, "gsk_canary0123456789")
    expect(provider).to_have_value("openai_compatible")
    expect(dialog.get_by_label("Base URL")).to_have_value("https://api.groq.com/openai/v1")
    expect(key).to_be_focused()
    expect(tab.locator("#live")).to_contain_text("This looks like a Groq key")
    key.clear()
    paste(key, ANTHROPIC)  # the first one was the wrong key
    expect(provider).to_have_value("anthropic")
    expect(dialog.get_by_label("Base URL")).to_have_value("")
    provider.select_option("openai")  # a person decides
    key.clear()
    paste(key, "gsk_canary0123456789")
    expect(dialog.get_by_text("This looks like a Groq key; the provider type is OpenAI.")).to_be_visible()
    expect(provider).to_have_value("openai")
    drop(dialog)


def a_block_is_pasted_into_the_field_of_a_bot_token(site: LiveSite, tab: Page) -> None:
    dialog = open_dialog(tab)
    choose(dialog, "Telegram")
    dialog.get_by_label("Name").fill("Bot")
    token = "123456789:AAcanary-Zq8Xw2Lm7Rt4YvZq8Xw2Lm7Rt4"
    paste(dialog.get_by_label("Bot Token"), f"DEBUG=1\nOPENAI_API_KEY=sk-x\nTELEGRAM_BOT_TOKEN={token}\n")
    dialog.get_by_role("button", name="Add Credential").click()
    saved(tab, "Bot")
    assert site.resolve("Bot") == {"bot_token": token}


BLOCKS = (
    f"# ours\nOPENAI_API_KEY=sk-proj-canary0123\n\nOPENAI_BASE_URL={URL}\n",
    f"curl {URL}/models \\\n  -H 'Authorization: Bearer sk-proj-canary0123' \\\n-H 'Accept: */*'",
)


def a_pasted_block_survives_the_single_line(site: LiveSite, tab: Page) -> None:
    """With the scripts of the page and, from then on, without: the clipboard needs a script, the form does not."""
    for number, (script, block) in enumerate(product((True, False), BLOCKS)):
        name = f"Block {number}"
        if not script:
            tab.route("**/*.js*", lambda route: route.fulfill(body="", content_type="text/javascript"))
        tab.goto(f"{site.url}/new")
        tab.evaluate("(text) => navigator.clipboard.writeText(text)", block)
        tab.get_by_label("Name").fill(name)
        tab.get_by_label("API Key").focus()
        tab.keyboard.press("Control+V")
        expect(tab.get_by_label("Base URL")).to_have_value(URL if script else "")
        tab.get_by_role("button", name="Add Credential").click()
        saved(tab, name)
        assert site.resolve(name)["api_key"] == "sk-proj-canary0123", (script, block)


def test_the_form_follows_what_is_pasted_into_the_field_of_a_key(site: LiveSite, open_page: OpenPage) -> None:
    tab = open_page()
    what_a_pasted_key_told_is_seen_and_said_before_saving(tab)
    the_provider_follows_a_pasted_key_though_the_form_is_sent_at_once(site, tab)
    a_block_is_pasted_into_the_field_of_a_bot_token(site, tab)
    a_pasted_block_survives_the_single_line(site, tab)


def a_key_of_another_provider_is_asked_about_once(
    site: LiveSite, tab: Page, script: bool, answer: str, press: Press
) -> None:
    form = open_dialog(tab) if script else tab.locator("main")
    name, before = f"Mixed up, {answer}", site.names()
    form.get_by_label("Name").fill(name)
    form.get_by_label("Provider Type").select_option("openai")
    key = form.get_by_label("API Key")
    if script:
        paste(key, ANTHROPIC)
    else:
        key.fill(ANTHROPIC)
    press(form.get_by_role("button", name="Add Credential"))
    question = form.get_by_role("group", name="This looks like an Anthropic key; the provider type is OpenAI.")
    expect(question).to_contain_text("Not saved yet.")
    assert site.names() == before
    if script:
        expect(question).to_be_focused()
        expect(tab.locator("#live")).to_contain_text("This looks like an Anthropic key")
        expect(key).to_have_value(ANTHROPIC)
        expect(question.get_by_text("enter it again")).to_be_hidden()
    else:
        assert ANTHROPIC not in tab.content()
        expect(question.get_by_text("enter it again")).to_be_visible()
        key.fill(ANTHROPIC)
    press(question.get_by_role("button", name=answer))
    saved(tab, name)
    stored = site.resolve(name)
    assert stored["api_key"] == ANTHROPIC
    assert stored["provider_type"] == ("anthropic" if answer == "Use Anthropic" else "openai")


def a_bot_token_goes_to_the_type_telegram_with_one_click(site: LiveSite, tab: Page) -> None:
    token = "123456789:AAcanary-Zq8Xw2Lm7Rt4YvZq8Xw2Lm7Rt4"
    dialog = open_dialog(tab)
    paste(dialog.get_by_label("API Key"), token)
    dialog.get_by_role("button", name="Add Credential").click()
    dialog.get_by_role("button", name="Use Telegram").click()
    expect(dialog.get_by_text("Give the credential a name.")).to_be_visible()
    expect(dialog.get_by_label("Bot Token")).to_have_value(token)
    dialog.get_by_label("Name").fill("Bot")
    dialog.get_by_role("button", name="Add Credential").click()
    saved(tab, "Bot")
    assert site.resolve("Bot") == {"bot_token": token}


def the_edit_form_asks_as_well(site: LiveSite, tab: Page) -> None:
    dialog = edit(tab, "Model")
    paste(dialog.get_by_label("API Key", exact=True), ANTHROPIC)
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(dialog.locator(".mismatch")).to_be_focused()
    assert site.resolve("Model")["api_key"] != ANTHROPIC
    dialog.get_by_role("button", name="Use Anthropic").click()
    expect(tab.locator(".message").get_by_text("Model is saved.")).to_be_visible()
    assert site.resolve("Model")["provider_type"] == "anthropic"


def test_it_is_asked_about_without_javascript_too(site: LiveSite, open_page: OpenPage, watch: Watch) -> None:
    watch.allow_status(400)
    tab = open_page("/new", java_script_enabled=False)
    a_key_of_another_provider_is_asked_about_once(site, tab, False, "Use Anthropic", press_enter)
    tab.goto(f"{site.url}/new")
    a_key_of_another_provider_is_asked_about_once(site, tab, False, "Keep OpenAI", click)


def a_test_of_the_draft_asks_first_and_goes_on_with_the_test(dialog: Locator) -> None:
    dialog.get_by_label("Provider Type").select_option("openai_compatible")
    dialog.get_by_label("Base URL").fill("http://127.0.0.1:9/v1")  # nobody listens there
    paste(dialog.get_by_label("API Key"), ANTHROPIC)
    choose_more(dialog, "Test without saving")
    expect(dialog.locator(".mismatch")).to_contain_text("Not tested yet.")
    dialog.get_by_role("button", name="Keep OpenAI Compatible").click()
    expect(dialog.locator(".draft-verdict")).to_be_visible()


def a_chosen_provider_stays_when_the_form_came_back(dialog: Locator, button: str) -> None:
    key, provider = dialog.get_by_label("API Key"), dialog.get_by_label("Provider Type")
    provider.select_option("openai_compatible")
    dialog.get_by_label("Base URL").fill("http://127.0.0.1:9/v1")  # nobody listens there
    paste(key, "canary-with-a-slip")
    if button == "Add Credential":
        dialog.get_by_role("button", name=button).click()
        expect(dialog.get_by_text("Give the credential a name.")).to_be_visible()
    else:
        choose_more(dialog, button)
        expect(dialog.locator(".draft-verdict")).to_be_visible()
    key.clear()
    with dialog.page.expect_response("**/detect-paste*"):
        paste(key, "sk-proj-canary0123456789")
    expect(dialog.get_by_text("This looks like an OpenAI key")).to_be_visible()
    expect(provider).to_have_value("openai_compatible")


def test_a_key_of_another_provider_is_asked_about_and_a_chosen_provider_stays(
    site: LiveSite, open_page: OpenPage, watch: Watch
) -> None:
    watch.allow_status(400)
    site.llm("Model", "")
    tab = open_page()
    a_bot_token_goes_to_the_type_telegram_with_one_click(site, tab)
    a_key_of_another_provider_is_asked_about_once(site, tab, True, "Use Anthropic", click)
    a_key_of_another_provider_is_asked_about_once(site, tab, True, "Keep OpenAI", press_enter)
    the_edit_form_asks_as_well(site, tab)
    dialog = open_dialog(tab)
    a_test_of_the_draft_asks_first_and_goes_on_with_the_test(dialog)
    drop(dialog)
    for button in ("Test without saving", "Add Credential"):
        dialog = open_dialog(tab)
        a_chosen_provider_stays_when_the_form_came_back(dialog, button)
        drop(dialog)
