"""The Test button: a spinner while it runs, a mark and a word when it has, and the reason by hover, focus and tap."""

import re
import threading

import pytest
from playwright.sync_api import Locator, Page, expect

from credstore.probe import Outcome
from tests.browser.conftest import OpenPage
from tests.browser.live_site import LiveSite, open_app, verdict
from tests.conftest import PASSWORD, USERNAME, close
from tests.fixtures.browsing import MakeContext, Watch, sign_in
from tests.fixtures.serving import Serve
from tests.provider import BEHAVIOURS, Call, Provider, Reply, openai

pytestmark = pytest.mark.browser

MARKS = {
    "pass": "rgb(23, 112, 58)",  # green
    "fail": "rgb(194, 42, 47)",  # red
    "unsure": "rgb(138, 83, 0)",  # amber
}
# Where in the picture of the icons the sign stands, and its colour.
SIGN = """(it) => { const sign = getComputedStyle(it, '::before');
  return [sign.maskPosition.split(' ')[0], sign.backgroundColor] }"""
SIGNS = {"pass": "62.5%", "fail": "75%", "unsure": "87.5%"}


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """The provider's base path /gated behaves like OpenAI once the gate is set."""
    opened = threading.Event()

    def gated(call: Call) -> Reply:
        opened.wait(20)
        return openai(call)

    monkeypatch.setitem(BEHAVIOURS, "gated", gated)
    return opened


def press_test(tab: Page, name: str) -> Locator:
    tab.get_by_role("button", name=f"Test {name}", exact=True).click()
    return row(tab, name).locator(".verdict")


def row(tab: Page, name: str) -> Locator:
    return tab.locator("tbody tr").filter(has=tab.get_by_role("link", name=name, exact=True))


@pytest.mark.spec("Shows a loading spinner while the test runs")
@pytest.mark.spec("Sends a test request to the provider's API")
@pytest.mark.spec("Green checkmark -- The credential is valid")
@pytest.mark.spec("Red X -- The test failed (hover for details)")
@pytest.mark.spec("(hover for details)")
def test_a_spinner_turns_then_each_verdict_has_its_mark_and_its_reason_on_hover_and_on_focus(
    site: LiveSite, open_page: OpenPage, provider: Provider, gate: threading.Event, watch: Watch
) -> None:
    site.llm("Slow", provider.url("/gated/v1"), provider.key)
    wanted = {
        "openai": ("pass", "Verified", provider.key),
        "limited": ("pass", "Accepted, limited", provider.key),
        "anykey": ("unsure", "Key not checked", provider.key),
        "nocredit": ("unsure", "Provider trouble", provider.key),
        "html": ("unsure", "Cannot tell", provider.key),
        "forged": ("fail", "Rejected", "sk-forged-123456"),
    }
    for name, (_, _, key) in wanted.items():
        site.llm(name, provider.url("/openai/v1" if name == "forged" else f"/{name}/v1"), key, "openai_compatible")
    tab = open_page()
    a_spinner_turns_until_the_provider_has_answered(tab, provider, gate)
    for name, (mark, word, _) in wanted.items():
        verdict = press_test(tab, name)
        expect(verdict).to_contain_text(word)
        expect(verdict).to_have_attribute("data-mark", mark)
        assert verdict.evaluate(SIGN) == [SIGNS[mark], MARKS[mark]], name
    the_reason_is_shown_on_hover_and_on_focus_and_escape_hides_it(tab, row(tab, "forged").locator(".verdict"), provider)
    tab.reload()  # the last verdict is kept, with its age
    expect(row(tab, "openai").locator(".verdict")).to_have_text("Verified just now")
    watch.judge()
    watch.allow_status(400, 401)
    signed_out_meanwhile_leads_to_sign_in(tab, site, provider)


def a_spinner_turns_until_the_provider_has_answered(tab: Page, provider: Provider, gate: threading.Event) -> None:
    button = tab.get_by_role("button", name="Test Slow")
    button.click()
    expect(button).to_have_attribute("aria-busy", "true")
    provider.wait_for(1, "/gated")
    spins = "(b) => { const s = getComputedStyle(b, '::after'); return [s.animationName, s.width, s.display] }"
    assert button.evaluate(spins) == ["credstore-turn", "14px", "block"]
    expect(tab.locator("#live")).to_have_text("Testing Slow…")
    gate.set()
    expect(button).not_to_have_attribute("aria-busy", "true")
    expect(row(tab, "Slow").locator(".verdict")).to_contain_text("Verified")
    expect(tab.locator("#live")).to_contain_text("Slow: Verified")


def the_reason_is_shown_on_hover_and_on_focus_and_escape_hides_it(
    tab: Page, verdict: Locator, provider: Provider
) -> None:
    reason = tab.get_by_role("tooltip")
    expect(verdict).to_contain_text("Rejected")
    tab.mouse.move(0, 0)
    expect(reason).to_be_hidden()

    verdict.hover()
    expect(reason).to_be_visible()
    expect(reason).to_contain_text("refused this key (401)")
    expect(reason).to_contain_text(f"GET {provider.url('/openai/v1/models')} -> 401 in")
    reason.hover()  # the pointer may go over what it says
    expect(reason).to_be_visible()
    tab.keyboard.press("Escape")
    expect(reason).to_be_hidden()

    tab.mouse.move(0, 0)
    verdict.focus()
    expect(reason).to_be_visible()
    expect(verdict).to_have_accessible_description(re.compile("refused this key"))
    tab.keyboard.press("Escape")
    expect(reason).to_be_hidden()
    expect(verdict).to_be_focused()
    tab.keyboard.press("Tab")
    tab.keyboard.press("Shift+Tab")
    expect(reason).to_be_visible()


def signed_out_meanwhile_leads_to_sign_in(tab: Page, site: LiveSite, provider: Provider) -> None:
    sent = len(provider.requests)
    cookies = tab.context.cookies()
    tab.context.clear_cookies()
    tab.get_by_role("button", name="Test openai").click()
    expect(tab.get_by_role("heading", name="Sign in")).to_be_visible()
    tab.context.add_cookies(cookies)
    for opener in ("Add Credential", "Edit openai", "Delete openai"):
        tab.goto(site.url)
        tab.context.clear_cookies()
        tab.get_by_role("link", name=opener).click()
        expect(tab.get_by_role("heading", name="Sign in")).to_be_visible()
        assert "next=" in tab.url
        tab.context.add_cookies(cookies)
    assert len(provider.requests) == sent


def test_the_reason_is_fetched_once_when_wanted_the_result_a_click_away_and_every_reason_inside_the_window(
    site: LiveSite, open_page: OpenPage
) -> None:
    """The list does not carry it; whoever comes to a row by Tab has it before the verdict is reached."""
    first, second = (site.llm(name, "https://api.example.com/v1") for name in ("First", "Second"))
    site.judged(first, verdict(Outcome.VERIFIED, "https://first.example/v1"))
    site.judged(second, verdict(Outcome.REJECTED, "https://second.example/v1"))
    asked: list[str] = []
    tab = open_page()
    tab.on("request", lambda request: "static" in request.url or asked.append(request.url.rpartition("/")[2]))
    assert "first.example" not in tab.content()
    for _ in range(2):
        row(tab, "First").locator(".verdict").hover()
        expect(tab.get_by_role("tooltip")).to_contain_text("first.example accepted this key")
        tab.mouse.move(0, 0)
        row(tab, "Second").locator(".verdict").hover()
        expect(tab.get_by_role("tooltip")).to_contain_text("second.example accepted this key")
        tab.mouse.move(0, 0)
        expect(row(tab, "First").locator(".verdict")).not_to_have_attribute("aria-describedby", re.compile(""))
    assert sorted(asked) == sorted([first.public_id, second.public_id])

    tab.mouse.move(0, 0)
    tab.reload()
    with tab.expect_response(f"**/{first.public_id}"):
        tab.get_by_role("checkbox", name="Select First").focus()
    row(tab, "First").locator(".verdict").focus()
    expect(row(tab, "First").locator(".verdict")).to_have_accessible_description(re.compile("first.example accepted"))
    expect(tab.locator("#live")).to_be_empty()  # it was there in time, so that it need not be said
    row(tab, "Second").locator(".verdict").focus()
    expect(tab.locator("#live")).to_contain_text("second.example accepted this key")  # it was not

    tab.goto(site.url)  # where no reason has been fetched
    row(tab, "First").locator(".verdict").click()
    expect(tab.locator(".result h2")).to_have_text(re.compile("Verified"))
    assert tab.url.endswith("#result")

    site.clear_behind(tab)
    every_reason_lies_wholly_inside_the_window(tab, site)


def every_reason_lies_wholly_inside_the_window(tab: Page, site: LiveSite) -> None:
    site.fifty()
    tab.mouse.move(0, 0)  # a verdict below the pointer would show its reason
    for width, height in ((1280, 800), (1000, 700), (390, 844)):
        tab.set_viewport_size({"width": width, "height": height})
        tab.goto(f"{site.url}?type=llm")
        verdicts = tab.locator(".verdict")
        for number in (0, 12, verdicts.count() - 1):
            verdicts.nth(number).scroll_into_view_if_needed()
            verdicts.nth(number).focus()
            expect(verdicts.nth(number).locator("+ .reason")).to_be_visible()
            box = tab.locator(".reason").bounding_box()
            assert box is not None
            inside = box["x"] >= 0 and box["y"] >= 0 and box["x"] + box["width"] <= width
            assert inside, (width, number, box)
            assert box["y"] + box["height"] <= height, (width, number, box)


def test_the_reason_is_shown_on_tap(site: LiveSite, open_page: OpenPage, provider: Provider) -> None:
    site.llm("Key", provider.url("/openai/v1"), "sk-forged-123456")
    tab = open_page(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 844})
    tab.get_by_role("button", name="Test Key").tap()
    tab.locator(".verdict", has_text="Rejected").tap()
    expect(tab.get_by_role("tooltip")).to_be_visible()
    expect(tab).to_have_url(site.url)
    tab.get_by_role("heading", name="Credentials").tap()
    expect(tab.get_by_role("tooltip")).to_be_hidden()


def test_too_many_tests_at_once_are_told_in_the_row_in_words(
    serve: Serve, browser_context: MakeContext, provider: Provider, watch: Watch
) -> None:
    watch.allow_status(429)
    server = serve(env={"CREDSTORE_TESTS_AT_ONCE": "1"}, admin=(USERNAME, PASSWORD))
    app = open_app(server)
    site = LiveSite(server, app)
    site.llm("Running", provider.url("/hang/v1"), provider.key)
    site.judged(site.llm("Surplus", provider.url("/openai/v1"), provider.key), verdict(Outcome.VERIFIED, site.url))
    close(app)
    tab = browser_context().new_page()
    sign_in(tab, server)
    expect(tab).to_have_url(site.url)
    press_test(tab, "Running")
    provider.wait_for(1, "/hang")
    surplus = press_test(tab, "Surplus")
    expect(surplus).to_have_text("Test not run")
    expect(surplus).to_have_attribute("data-mark", "unsure")
    surplus.hover()
    expect(tab.get_by_role("tooltip")).to_contain_text("running already. Wait")
    provider.release()
    expect(row(tab, "Running").locator(".verdict")).to_contain_text("Provider trouble")
