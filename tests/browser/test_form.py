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


def open_form(open_page: OpenPage, script: bool, **options: object) -> tuple[Page, Page | Locator]:
    tab = open_page("" if script else "/new", java_script_enabled=script, **options)
    return tab, open_dialog(tab) if script else tab


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
def test_the_fields_and_their_marks_follow_the_provider(open_page: OpenPage, script: bool) -> None:
    _, form = open_form(open_page, script)
    expect(form.get_by_label("Name (required)")).to_be_visible()
    expect(form.locator(".kinds .legend")).to_have_text("Type (required)")
    expect(form.get_by_text("Useful for OpenAI-compatible providers that use a custom URL.")).to_be_visible()
    expect(form.get_by_text("For OpenAI organization-scoped access")).to_be_visible()
    provider = form.get_by_label("Provider Type")
    for name, about in [*ABOUT.items(), *reversed(ABOUT.items())]:
        provider.select_option(label=name)
        assert shown_labels(form) == LABELS[name]
        assert words([form.locator(".field:has(.leading) .hint").inner_text()]) == [about]


def test_the_provider_is_chosen_by_keyboard_too(open_page: OpenPage) -> None:
    tab, form = open_form(open_page, script=True)
    form.get_by_label("Provider Type").focus()
    tab.keyboard.press("End")
    assert shown_labels(form) == LABELS["OpenAI Compatible"]
    tab.keyboard.press("Tab")
    expect(form.get_by_label("API Key")).to_be_focused()
    tab.keyboard.press("Tab")
    expect(form.get_by_label("Show while typing").locator("visible=true")).to_be_focused()
    tab.keyboard.press("Tab")
    expect(form.get_by_label("Base URL")).to_be_focused()


def test_an_organization_that_was_typed_stays_in_sight_with_what_is_wrong(open_page: OpenPage, watch: Watch) -> None:
    watch.allow_status(400)
    _, form = open_form(open_page, script=True)
    form.get_by_label("Name").fill("Claude")
    form.get_by_label("API Key").fill("sk-ant-0123456789")
    form.get_by_label("Organization ID").fill("org-7")
    form.get_by_label("Provider Type").select_option("anthropic")
    expect(form.get_by_label("Organization ID")).to_be_visible()
    form.get_by_role("button", name="Add Credential").click()
    expect(form.get_by_text("Anthropic has no organization header. Leave this empty.")).to_be_visible()


def test_a_stored_secret_is_not_called_optional_while_it_is_edited(site: LiveSite, open_page: OpenPage) -> None:
    site.llm("Local", "http://127.0.0.1:9/v1", provider="openai_compatible")
    tab = open_page()
    tab.get_by_role("link", name="Edit Local").click()
    form = tab.get_by_role("dialog")
    expect(form.get_by_label("API Key", exact=True)).to_be_visible()
    assert "Organization ID (optional)" not in shown_labels(form)


@pytest.mark.parametrize("script", [True, False])
def test_the_last_provider_is_chosen_already(site: LiveSite, open_page: OpenPage, script: bool) -> None:
    site.llm("First", "https://one.example.com/v1", provider="openai")
    site.llm("Second", "https://two.example.com/v1", provider="anthropic")
    site.bots(1)
    _, form = open_form(open_page, script)
    expect(form.get_by_label("Provider Type")).to_have_value("anthropic")
    expect(form.get_by_label("Base URL")).to_have_value("")
    expect(form.get_by_label("Organization ID")).to_be_hidden()


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_one_primary_button_and_a_menu_stand_on_one_line(
    site: LiveSite, open_page: OpenPage, width: int, script: bool
) -> None:
    tab, form = open_form(open_page, script, viewport={"width": width, "height": 640})
    assert form.locator(".buttons .primary").count() == 1
    boxes = [found.bounding_box() for found in form.locator(".buttons > :visible").all()]
    assert len(boxes) == 3
    assert len({box["y"] for box in boxes if box}) == 1, boxes
    assert all(box and box["x"] + box["width"] <= width and box["height"] >= 24 for box in boxes), boxes
    menu = form.locator(".menu")
    form.get_by_role("button", name="More", exact=True).click()
    expect(menu).to_be_visible()
    assert words(menu.locator("button").all_text_contents()) == ["Save and test", "Test without saving"]
    box = menu.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert box["y"] + box["height"] <= (boxes[0] or {})["y"]
    tab.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(form.get_by_label("Name")).to_be_visible()  # the dialog is still there


def test_the_menu_works_by_keyboard_and_gives_way_to_what_went_wrong(
    site: LiveSite, open_page: OpenPage, watch: Watch
) -> None:
    watch.allow_status(400)
    tab, form = open_form(open_page, script=True)
    choose(form, "Telegram")
    form.get_by_role("button", name="More", exact=True).focus()
    tab.keyboard.press("Enter")
    tab.keyboard.press("Tab")
    expect(form.get_by_role("button", name="Save and test")).to_be_focused()
    tab.keyboard.press("Enter")
    expect(form.get_by_label("Name")).to_be_focused()
    expect(form.get_by_text("Give the credential a name.")).to_be_visible()
    expect(form.locator(".menu")).to_be_hidden()
    assert shown_labels(form) == ["Bot Token"]
    choose_more(form, "Test without saving")
    expect(form.get_by_label("Bot Token")).to_be_focused()


@pytest.mark.parametrize("on_page", [True, False])
def test_what_is_said_of_a_field_is_taken_back_when_it_is_changed(
    open_page: OpenPage, watch: Watch, on_page: bool
) -> None:
    """The others keep their sentences; the server says anew what is wrong when the form is sent again."""
    watch.allow_status(400)
    tab = open_page("/new" if on_page else "")
    form: Page | Locator = tab if on_page else open_dialog(tab)
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
    assert not list(axe_faults(tab))
    name.fill("")
    send.click()
    expect(sentences).to_have_text(["Give the credential a name."])
    expect(name).to_have_attribute("aria-invalid", "true")


def test_a_field_in_view_for_what_is_wrong_with_it_stays_while_one_types(open_page: OpenPage, watch: Watch) -> None:
    """The fields of Git beside its JSON, which hides them otherwise; and the JSON that an example replaces."""
    watch.allow_status(400)
    _, form = open_form(open_page, script=True)
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


def test_an_example_takes_back_what_was_wrong_with_the_json(open_page: OpenPage, watch: Watch) -> None:
    watch.allow_status(400)
    tab, form = open_form(open_page, script=True)
    choose(form, "Git")
    form.get_by_label("Name").fill("Repository")
    form.get_by_text("Edit as JSON").locator("visible=true").click()
    area = form.locator("textarea:visible")
    area.fill("{")
    form.get_by_role("button", name="Add Credential").click()
    expect(area).to_have_attribute("aria-invalid", "true")
    tab.once("dialog", lambda asked: asked.accept())
    form.get_by_role("button", name="Insert example").click()
    expect(area).to_have_attribute("aria-invalid", "false")
    expect(form.locator(".wrong:visible")).to_have_count(0)


BORDERS = "fields => fields.map(field => getComputedStyle(field).borderTopColor)"


@pytest.mark.parametrize("colors", ["light", "dark"])
def test_a_wrong_field_of_each_kind_has_a_border_in_the_colour_of_its_sentence(
    open_page: OpenPage, watch: Watch, colors: str
) -> None:
    watch.allow_status(400)
    _, form = open_form(open_page, script=True, color_scheme=colors)
    choose(form, "Git")
    form.get_by_text("Edit as JSON").locator("visible=true").click()
    form.locator("textarea:visible").fill("{")
    form.get_by_role("button", name="Add Credential").click()
    wrong = form.locator("[aria-invalid]:visible")
    expect(wrong).to_have_count(2)  # the name and the JSON: an input and a textarea
    # A select is never wrong by typing; the rule is for it too.
    form.get_by_label("Provider Type").evaluate("field => field.setAttribute('aria-invalid', 'true')")
    red = form.locator(".wrong:visible").first.evaluate("sentence => getComputedStyle(sentence).color")
    assert set(form.locator("[aria-invalid]").evaluate_all(BORDERS)) == {red}
    assert red not in form.locator(".field :not([aria-invalid]):is(input, select)").evaluate_all(BORDERS)
