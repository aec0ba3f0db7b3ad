"""Creating through the dialog: the fields follow the type, nothing typed is lost, secrets stay masked."""

import json

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.live_site import BOT, LiveSite, words
from tests.fixtures.browsing import Watch, choose_more

pytestmark = pytest.mark.browser

FIELDS = {
    "LLM": ["Provider Type", "API Key", "Base URL (optional)", "Organization ID (optional)"],
    "Telegram": ["Bot Token"],
    "Git": ["URL", "User (optional)", "Token"],
    "Tool": ["URL", "Header", "Value"],
}


def choose(place: Page | Locator, kind: str) -> None:
    place.locator(".kinds label b").get_by_text(kind, exact=True).click()


def shown_labels(place: Page | Locator) -> list[str]:
    """As they are seen: without a mark that the style sheet hides."""
    return words(place.locator("fieldset:visible .field > label:not(.check):visible").all_inner_texts())


def open_dialog(tab: Page) -> Locator:
    tab.get_by_role("link", name="Add Credential").click()
    dialog = tab.get_by_role("dialog", name="Add Credential")
    expect(dialog).to_be_visible()
    return dialog


def exactly_the_fields_of_the_type_are_shown(dialog: Locator) -> None:
    expect(dialog.get_by_label("Name")).to_be_focused()
    assert words(dialog.locator(".kinds label b").all_text_contents()) == list(FIELDS)
    assert shown_labels(dialog) == FIELDS["LLM"]
    for kind, labels in reversed(FIELDS.items()):
        choose(dialog, kind)
        assert shown_labels(dialog) == labels
        assert dialog.locator("legend:visible", has_text="Extra Config").count() == (kind in {"Git", "Tool"}), kind


def secrets_are_masked_and_providers_are_offered(dialog: Locator) -> None:
    assert dialog.get_by_label("API Key").get_attribute("type") == "password"
    offered = dialog.get_by_label("Provider Type").locator("option").all_text_contents()
    assert words(offered) == ["OpenAI", "Anthropic", "OpenAI Compatible"]
    choose(dialog, "Telegram")
    assert dialog.get_by_label("Bot Token").get_attribute("type") == "password"


def the_base_url_can_be_chosen_by_the_name_of_a_provider(dialog: Locator) -> None:
    field = dialog.get_by_label("Base URL")
    offers = field.evaluate("input => Array.from(input.list.options, option => [option.label, option.value])")
    assert ["xAI", "https://api.x.ai/v1"] in offers
    assert ["Ollama on this machine", "http://127.0.0.1:11434/v1"] in offers
    assert len(offers) > 30


def it_closes_and_gives_the_focus_back(tab: Page, opener: str, by: str) -> None:
    link = tab.get_by_role("link", name=opener)
    link.click()
    dialog = tab.get_by_role("dialog")
    expect(dialog).to_be_visible()
    if by == "Escape":
        tab.keyboard.press("Escape")
    else:
        dialog.get_by_role("link", name="Cancel").click()
    expect(dialog, f"{opener}, {by}").to_be_hidden()
    expect(link, f"{opener}, {by}").to_be_focused()


@pytest.mark.spec("Click Add Credential to open the creation dialog.")
@pytest.mark.spec("When the type is set to LLM, additional fields appear:")
@pytest.mark.spec("LLM LLM provider API access Provider type, API key, base URL, organization ID")
@pytest.mark.spec("Telegram Telegram bot authentication Bot token")
@pytest.mark.spec("Git Git repository access (Configured via Extra Config)")
@pytest.mark.spec("Tool Tool-specific credentials (Configured via Extra Config)")
@pytest.mark.spec("Type (required) -- Select from LLM, Telegram, Git, or Tool")
@pytest.mark.spec("Provider Type -- Choose from:")
@pytest.mark.spec("API Key -- Your provider's API key (masked as a password field)")
@pytest.mark.spec("Bot Token -- Your Telegram bot token from @BotFather (masked as a password field)")
@pytest.mark.spec("API keys are entered as password fields (masked input)")
def test_a_dialog_shows_the_fields_of_the_type_and_gives_the_focus_back(site: LiveSite, open_page: OpenPage) -> None:
    site.bots(1)
    tab = open_page()
    for by in ("Escape", "Cancel"):
        for opener in ("Add Credential", "Edit Bot 001", "Delete Bot 001"):  # never one twice in turn
            it_closes_and_gives_the_focus_back(tab, opener, by)
            expect(tab).to_have_url(site.url)
            assert site.names() == ["Bot 001"], (opener, by)
    dialog = open_dialog(tab)
    exactly_the_fields_of_the_type_are_shown(dialog)
    the_base_url_can_be_chosen_by_the_name_of_a_provider(dialog)
    secrets_are_masked_and_providers_are_offered(dialog)


def exactly_the_fields_of_the_type_are_shown_without_javascript(tab: Page) -> None:
    assert shown_labels(tab) == FIELDS["Telegram"]
    for kind, labels in FIELDS.items():
        choose(tab, kind)
        assert shown_labels(tab) == labels
    choose(tab, "LLM")
    tab.get_by_text("Advanced", exact=True).click()
    assert shown_labels(tab) == [*FIELDS["LLM"], "Test Method"]


def the_inserted_example_can_be_saved(site: LiveSite, tab: Page, kind: str) -> None:
    name = f"{kind} by example"
    tab.get_by_label("Name").fill(name)
    choose(tab, kind)
    tab.locator(".as-json summary:visible").click()
    tab.get_by_role("button", name="Insert example").click()
    area = tab.locator("textarea:visible")
    example = json.loads(area.input_value())
    assert example["url"].startswith("https://")
    expect(tab.get_by_label("Name")).to_have_value(name)
    tab.get_by_role("button", name="Add Credential").click()
    expect(tab.locator(".message").get_by_text(f"{name} is encrypted and stored.")).to_be_visible()
    assert json.loads(site.resolve(name)["extra_config"]) == example


def enter_in_a_field_saves_the_form_rather_than_inserting_an_example(site: LiveSite, tab: Page) -> None:
    tab.get_by_label("Name").fill("By Enter")
    tab.get_by_label("Bot Token").fill(BOT)
    tab.get_by_label("Bot Token").press("Enter")
    expect(tab.locator(".message").get_by_text("By Enter is encrypted and stored.")).to_be_visible()
    assert site.resolve("By Enter") == {"bot_token": BOT}


@pytest.mark.parametrize("script", [True, False])
def test_the_page_with_the_form_saves_by_enter_and_what_an_example_holds(
    site: LiveSite, open_page: OpenPage, script: bool
) -> None:
    tab = open_page("/new?type=telegram", java_script_enabled=script)
    if not script:
        exactly_the_fields_of_the_type_are_shown_without_javascript(tab)
        choose(tab, "Telegram")
    enter_in_a_field_saves_the_form_rather_than_inserting_an_example(site, tab)
    for kind in ("Git", "Tool"):
        tab.goto(f"{site.url}/new")
        the_inserted_example_can_be_saved(site, tab, kind)


def the_result_of_a_draft_is_in_sight_and_each_line_is_one(form: Locator, in_dialog: bool) -> None:
    """Each line of the result, and that of the buttons."""
    form.get_by_label("Provider Type").select_option("openai_compatible")
    form.get_by_label("Name").fill("Draft")
    form.get_by_label("Base URL").fill("http://127.0.0.1:9/v1")
    choose_more(form, "Test without saving")
    panel = form.locator(".draft-verdict")
    expect(panel).to_have_attribute("data-mark", "fail")
    for fact in panel.locator(".three dd").all():
        assert fact.bounding_box()["height"] < 24, fact.inner_text()  # type: ignore[index]
    states = panel.locator(".three b").evaluate_all("(all) => all.map((state) => getComputedStyle(state).color)")
    assert len(set(states)) == 2  # No and Unknown, each in its colour
    tops = form.locator(".buttons > :not([popover])").evaluate_all(
        "(all) => all.map((it) => it.getBoundingClientRect().top)"
    )
    assert len(set(tops)) == 1
    if in_dialog:
        box = panel.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= tops[0]


def a_refused_form_keeps_everything_that_was_typed(site: LiveSite, tab: Page) -> None:
    dialog = open_dialog(tab)
    dialog.get_by_label("Name").fill("Half a credential")
    dialog.get_by_label("API Key").fill("sk-canary-typed-once")
    dialog.get_by_label("Organization ID").fill("org-7")
    dialog.get_by_label("Provider Type").select_option("openai_compatible")
    dialog.get_by_role("button", name="Add Credential").click()

    url = dialog.get_by_label("Base URL")
    expect(url).to_have_attribute("aria-invalid", "true")
    expect(url).to_be_focused()
    described = (url.get_attribute("aria-describedby") or "").split()
    sentences = [dialog.locator(f"[id='{name}']").inner_text() for name in described]
    assert any("needs the URL of the server" in sentence for sentence in sentences), sentences
    expect(tab.locator("#live")).to_contain_text("needs the URL of the server")
    expect(dialog.get_by_label("Name")).to_have_value("Half a credential")
    expect(dialog.get_by_label("API Key")).to_have_value("sk-canary-typed-once")
    expect(dialog.get_by_label("Organization ID")).to_have_value("org-7")
    expect(dialog.get_by_label("Provider Type")).to_have_value("openai_compatible")

    url.fill("http://127.0.0.1:9/v1")
    dialog.get_by_role("button", name="Add Credential").click()
    expect(tab.locator(".message").get_by_text("Half a credential is encrypted and stored.")).to_be_visible()
    assert site.resolve("Half")["api_key"] == "sk-canary-typed-once"


def without_javascript_a_refused_form_keeps_what_is_not_secret(tab: Page) -> None:
    tab.get_by_label("API Key").fill("sk-canary-typed-once")
    tab.get_by_label("Organization ID").fill("org-7")
    tab.get_by_label("Provider Type").select_option("openai_compatible")
    tab.get_by_role("button", name="Add Credential").click()
    expect(tab.get_by_text("Give the credential a name.")).to_be_visible()
    expect(tab.get_by_label("Organization ID")).to_have_value("org-7")
    expect(tab.get_by_label("API Key")).to_have_value("")
    assert "sk-canary" not in tab.content()


@pytest.mark.spec("Name (required) -- A descriptive label for the credential")
@pytest.mark.parametrize("script", [True, False])
def test_a_form_that_comes_back_keeps_what_was_typed_and_shows_its_result(
    site: LiveSite, open_page: OpenPage, watch: Watch, script: bool
) -> None:
    watch.allow_status(400)
    tab = open_page("" if script else "/new", java_script_enabled=script, viewport={"width": 1280, "height": 600})
    if script:
        dialog = open_dialog(tab)
        the_result_of_a_draft_is_in_sight_and_each_line_is_one(dialog, in_dialog=True)
        dialog.evaluate("(form) => form.close()")  # without a question
        a_refused_form_keeps_everything_that_was_typed(site, tab)
    else:
        without_javascript_a_refused_form_keeps_what_is_not_secret(tab)
        tab.goto(f"{site.url}/new")
        the_result_of_a_draft_is_in_sight_and_each_line_is_one(tab.locator("main"), in_dialog=False)


def test_a_failure_to_save_is_visible_and_keeps_the_form(site: LiveSite, open_page: OpenPage, watch: Watch) -> None:
    watch.allow("ERR_", "status of 40[01]")
    tab = open_page()
    dialog = open_dialog(tab)
    dialog.get_by_label("Name").fill("Unlucky")
    choose(dialog, "Telegram")
    dialog.get_by_label("Bot Token").fill(BOT)
    save = dialog.get_by_role("button", name="Add Credential")

    tab.context.set_offline(True)
    save.click()
    expect(dialog.locator(".alert")).to_contain_text("credstore could not be reached")
    tab.context.set_offline(False)
    cookies = tab.context.cookies()
    tab.context.clear_cookies()  # signed out in another tab
    save.click()
    expect(tab.get_by_role("dialog", name="Sign in")).to_contain_text("Your session has ended")
    tab.keyboard.press("Escape")
    expect(dialog.locator(".alert")).to_contain_text("Your session has ended")
    expect(dialog.locator(".alert")).to_be_focused()
    expect(dialog.get_by_label("Bot Token")).to_have_value(BOT)
    tab.context.add_cookies(cookies)
    save.click()
    expect(tab.locator(".message").get_by_text("Unlucky is encrypted and stored.")).to_be_visible()
    assert site.names() == ["Unlucky"]
