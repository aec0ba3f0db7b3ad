"""The form of an LLM credential: marks, fields that follow the provider, the last provider, one button and a menu."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import axe_faults
from tests.browser.conftest import OpenPage
from tests.browser.live_site import LiveSite, words
from tests.browser.test_dialog import choose, open_dialog, shown_labels
from tests.fixtures.browsing import Watch, choose_more

pytestmark = pytest.mark.browser

ABOUT = {
    "OpenAI": "For OpenAI's API",
    "Anthropic": "For Anthropic's Claude API",
    "OpenAI Compatible": "For any provider with an OpenAI-compatible API (e.g., local models, Venice.ai, Together AI)",
}
RED = "rgb(194, 42, 47)"
LABELS = {
    "OpenAI": ["Provider Type", "API Key", "Base URL (optional)", "Organization ID (optional)"],
    "Anthropic": ["Provider Type", "API Key", "Base URL (optional)"],
    "OpenAI Compatible": ["Provider Type", "API Key (optional)", "Base URL"],
}


def drop(dialog: Locator) -> None:
    """Closed without a question, whatever was typed: what is opened next is a new form."""
    dialog.evaluate("(form) => form.close()")
    expect(dialog).to_be_hidden()


def one_primary_button_and_a_menu_stand_on_one_line(tab: Page, form: Page | Locator, width: int) -> None:
    tab.set_viewport_size({"width": width, "height": 640})
    assert form.locator(".buttons .primary").count() == 1, width
    boxes = [found.bounding_box() for found in form.locator(".buttons > :visible").all()]
    assert len(boxes) == 3, width
    assert len({box["y"] for box in boxes if box}) == 1, (width, boxes)
    assert all(box and box["x"] + box["width"] <= width and box["height"] >= 24 for box in boxes), (width, boxes)
    menu = form.locator(".menu")
    form.get_by_role("button", name="More", exact=True).click()
    expect(menu).to_be_visible()
    assert words(menu.locator("button").all_text_contents()) == ["Save and test", "Test without saving"], width
    box = menu.bounding_box()
    assert box
    assert box["x"] >= 0, width
    assert box["x"] + box["width"] <= width
    assert box["y"] + box["height"] <= (boxes[0] or {})["y"], width
    tab.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(form.get_by_label("Name")).to_be_visible()  # the dialog is still there


def the_fields_and_their_marks_follow_the_provider(form: Page | Locator) -> None:
    expect(form.get_by_label("Name (required)")).to_be_visible()
    expect(form.locator(".kinds .legend")).to_have_text("Type (required)")
    expect(form.get_by_text("Useful for OpenAI-compatible providers that use a custom URL.")).to_be_visible()
    expect(form.get_by_text("For OpenAI organization-scoped access")).to_be_visible()
    provider = form.get_by_label("Provider Type")
    for name, about in [*ABOUT.items(), *reversed(ABOUT.items())]:
        provider.select_option(label=name)
        assert shown_labels(form) == LABELS[name]
        assert words([form.locator(".field:has(.leading) .hint").inner_text()]) == [about]


def the_provider_is_chosen_by_keyboard_too(tab: Page, form: Page | Locator) -> None:
    form.get_by_label("Provider Type").focus()
    tab.keyboard.press("End")
    assert shown_labels(form) == LABELS["OpenAI Compatible"]
    tab.keyboard.press("Tab")
    expect(form.get_by_label("API Key")).to_be_focused()
    tab.keyboard.press("Tab")
    expect(form.get_by_label("Show while typing").locator("visible=true")).to_be_focused()
    tab.keyboard.press("Tab")
    expect(form.get_by_label("Base URL")).to_be_focused()


@pytest.mark.spec("Name (required) -- A descriptive label for the credential")
@pytest.mark.spec("Type (required) -- Select from LLM, Telegram, Git, or Tool")
@pytest.mark.spec("OpenAI -- For OpenAI's API")
@pytest.mark.spec("Anthropic -- For Anthropic's Claude API")
@pytest.mark.spec(
    "OpenAI Compatible -- For any provider with an OpenAI-compatible API (e.g., local models, Venice.ai, Together AI)"
)
@pytest.mark.spec(
    "Base URL (optional) -- Override the default API endpoint. "
    "Useful for OpenAI-compatible providers that use a custom URL."
)
@pytest.mark.spec("Organization ID (optional) -- For OpenAI organization-scoped access")
@pytest.mark.parametrize("script", [True, False])
def test_the_form_follows_the_provider_begins_with_the_last_one_and_ends_in_a_line_of_buttons(
    site: LiveSite, open_page: OpenPage, script: bool
) -> None:
    tab = open_page("" if script else "/new", java_script_enabled=script)
    form: Page | Locator = open_dialog(tab) if script else tab
    for width in (320, 390, 1280):  # first: Escape closes a dialog at once while nothing was typed
        one_primary_button_and_a_menu_stand_on_one_line(tab, form, width)
    the_fields_and_their_marks_follow_the_provider(form)
    if script:
        the_provider_is_chosen_by_keyboard_too(tab, form)

    site.llm("First", "https://one.example.com/v1", provider="openai")
    site.llm("Second", "https://two.example.com/v1", provider="anthropic")
    site.bots(1)
    if isinstance(form, Locator):
        drop(form)
        open_dialog(tab)
    else:
        tab.goto(f"{site.url}/new")
    expect(form.get_by_label("Provider Type")).to_have_value("anthropic")
    expect(form.get_by_label("Base URL")).to_have_value("")
    expect(form.get_by_label("Organization ID")).to_be_hidden()


def an_organization_that_was_typed_stays_in_sight_with_what_is_wrong(form: Locator) -> None:
    form.get_by_label("Name").fill("Claude")
    form.get_by_label("API Key").fill("sk-ant-0123456789")
    form.get_by_label("Organization ID").fill("org-7")
    form.get_by_label("Provider Type").select_option("anthropic")
    expect(form.get_by_label("Organization ID")).to_be_visible()
    form.get_by_role("button", name="Add Credential").click()
    expect(form.get_by_text("Anthropic has no organization header. Leave this empty.")).to_be_visible()


def the_menu_works_by_keyboard_and_gives_way_to_what_went_wrong(form: Locator) -> None:
    choose(form, "Telegram")
    form.get_by_role("button", name="More", exact=True).focus()
    form.page.keyboard.press("Enter")
    form.page.keyboard.press("Tab")
    expect(form.get_by_role("button", name="Save and test")).to_be_focused()
    form.page.keyboard.press("Enter")
    expect(form.get_by_label("Name")).to_be_focused()
    expect(form.get_by_text("Give the credential a name.")).to_be_visible()
    expect(form.locator(".menu")).to_be_hidden()
    assert shown_labels(form) == ["Bot Token"]
    choose_more(form, "Test without saving")
    expect(form.get_by_label("Bot Token")).to_be_focused()


def what_is_said_of_a_field_is_taken_back_when_it_is_changed(form: Page | Locator) -> None:
    """The others keep their sentences; the server says anew what is wrong when the form is sent again."""
    send, sentences = form.get_by_role("button", name="Add Credential"), form.locator(".wrong:visible")
    send.click()
    name, key = form.get_by_label("Name"), form.get_by_label("API Key")
    expect(sentences).to_have_text(["Give the credential a name.", "OpenAI needs an API key."])
    expect(name).to_have_accessible_description("Give the credential a name.")
    expect(key).to_have_css("border-top-color", RED)
    key.press_sequentially("s")
    expect(sentences).to_have_text(["Give the credential a name."])
    expect(key).to_have_attribute("aria-invalid", "false")
    expect(key).not_to_have_css("border-top-color", RED)
    expect(name).to_have_attribute("aria-invalid", "true")
    name.fill("Model")
    expect(sentences).to_have_count(0)
    expect(name).to_have_accessible_description("")
    assert not list(axe_faults(form if isinstance(form, Page) else form.page))
    name.fill("")
    send.click()
    expect(sentences).to_have_text(["Give the credential a name."])
    expect(name).to_have_attribute("aria-invalid", "true")


def a_field_in_view_for_what_is_wrong_with_it_stays_while_one_types(form: Locator) -> None:
    """The fields of Git beside its JSON, which hides them otherwise; and the JSON that an example replaces."""
    choose(form, "Git")
    form.get_by_label("Name").fill("Repository")
    url = form.locator(".guided:visible").get_by_label("URL")
    url.fill("nothing of the kind")
    form.get_by_role("button", name="Add Credential").click()
    expect(url).to_have_attribute("aria-invalid", "true")
    form.locator(".as-json:visible").evaluate("(it) => { it.open = true }")
    url.fill("https://git.example.com/team/repo.git")
    expect(url).to_be_visible()
    expect(form.locator(".wrong:visible")).to_have_count(0)


def an_example_takes_back_what_was_wrong_with_the_json(form: Locator) -> None:
    choose(form, "Git")
    form.get_by_label("Name").fill("Repository")
    form.get_by_text("Edit as JSON").locator("visible=true").click()
    area = form.locator("textarea:visible")
    area.fill("{")
    form.get_by_role("button", name="Add Credential").click()
    expect(area).to_have_attribute("aria-invalid", "true")
    form.page.once("dialog", lambda asked: asked.accept())
    form.get_by_role("button", name="Insert example").click()
    expect(area).to_have_attribute("aria-invalid", "false")
    expect(form.locator(".wrong:visible")).to_have_count(0)


BORDERS = "fields => fields.map(field => getComputedStyle(field).borderTopColor)"


def a_wrong_field_of_each_kind_has_a_border_in_the_colour_of_its_sentence(form: Locator) -> None:
    choose(form, "Git")
    form.get_by_text("Edit as JSON").locator("visible=true").click()
    form.locator("textarea:visible").fill("{")
    form.get_by_role("button", name="Add Credential").click()
    wrong = form.locator("[aria-invalid]:visible")
    expect(wrong).to_have_count(2)  # the name and the JSON: an input and a textarea
    # A select is never wrong by typing; the rule is for it too.
    form.get_by_label("Provider Type").evaluate("field => field.setAttribute('aria-invalid', 'true')")
    reds = []
    for colors in ("dark", "light"):
        form.page.emulate_media(color_scheme=colors)
        reds.append(form.locator(".wrong:visible").first.evaluate("sentence => getComputedStyle(sentence).color"))
        assert set(form.locator("[aria-invalid]").evaluate_all(BORDERS)) == {reds[-1]}, colors
        right = form.locator(".field :not([aria-invalid]):is(input, select)")
        assert reds[-1] not in right.evaluate_all(BORDERS), colors
    assert reds[0] != reds[1] == RED


STEPS = (
    an_organization_that_was_typed_stays_in_sight_with_what_is_wrong,
    the_menu_works_by_keyboard_and_gives_way_to_what_went_wrong,
    what_is_said_of_a_field_is_taken_back_when_it_is_changed,
    a_field_in_view_for_what_is_wrong_with_it_stays_while_one_types,
    an_example_takes_back_what_was_wrong_with_the_json,
    a_wrong_field_of_each_kind_has_a_border_in_the_colour_of_its_sentence,
)


def test_what_is_wrong_with_a_field_is_said_at_the_field_until_it_is_changed(
    site: LiveSite, open_page: OpenPage, watch: Watch
) -> None:
    """Each in a dialog that was opened anew."""
    watch.allow_status(400)
    tab = open_page()
    for step in STEPS:
        dialog = open_dialog(tab)
        step(dialog)
        drop(dialog)
    tab.goto(f"{site.url}/new")
    what_is_said_of_a_field_is_taken_back_when_it_is_changed(tab)
