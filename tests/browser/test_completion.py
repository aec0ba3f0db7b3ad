"""Try a completion in a browser: without JavaScript, by keyboard, with the names of the models to choose from."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.live_site import LiveSite
from tests.provider import MODELS, Provider

pytestmark = pytest.mark.browser

MODEL = MODELS["data"][0]["id"]


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_a_person_tests_chooses_a_model_and_sees_that_it_is_usable(
    site: LiveSite, open_page: OpenPage, provider: Provider, javascript: bool
) -> None:
    record = site.llm("Model", provider.url("/openai/v1"), provider.key, "openai_compatible")
    tab = open_page(f"/{record.public_id}", java_script_enabled=javascript)
    expect(tab.get_by_role("region", name="Try a completion")).to_have_count(0)
    tab.get_by_role("button", name="Test", exact=True).click()
    result = tab.locator(".result")
    expect(result.locator("[data-state]")).to_have_text([re.compile("Yes"), re.compile("Yes"), re.compile("Unknown")])
    result.get_by_text("The server lists 1 model for this key.").click()
    expect(result.locator(".models li")).to_have_text([MODEL])

    panel = tab.get_by_role("region", name="Try a completion")
    field = panel.get_by_label("Model")
    assert panel.locator("datalist option").evaluate_all("(all) => all.map((it) => it.value)") == [MODEL]
    expect(field).to_have_accessible_description(re.compile("The provider charges its price"))
    assert not [request for request in provider.requests if request.method == "POST" and request.json]
    field.fill(MODEL)
    panel.get_by_role("button", name="Try it: spends about 1 token at the provider's price").press("Enter")
    expect(panel.locator("[data-usable=yes]")).to_contain_text(f"ran {MODEL} with this key.")
    expect(result.locator("[data-state]").last).to_contain_text("Yes")
    assert len([request for request in provider.requests if request.method == "POST" and request.json]) == 1
    assert provider.key not in tab.content()
