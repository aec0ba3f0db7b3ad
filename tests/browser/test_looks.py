"""Checks of the appearance by tools: axe at all widths in light and dark, narrow windows, contrast modes, the CSP."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.axe import CONTRAST, LAYOUT, RULES, run_axe
from tests.browser.conftest import OpenPage
from tests.browser.live_site import LiveSite
from tests.browser.measures import INLINE, MEASURES, SMALL_TARGETS, WIDER  # noqa: F401 - other tests take them from here
from tests.browser.page_states import PAGE_STATES, furnish
from tests.browser.walk import DARK, LIGHT, PHONE, Look, Tab, visit
from tests.fixtures.browsing import Watch, watched_context

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Check:
    """The rules for a look. What they find is what they find in the look `like`, if the style sheets say the same."""

    look: Look
    rules: Sequence[str]
    like: Look | None = None


LARGE, TABLET = Look(1024, 800), Look(768, 800, touch=True)
DARK_PHONE = replace(PHONE, scheme="dark")
SMALL_MOUSE, SMALL = Look(320, 640), Look(320, 640, touch=True)

# One property changes from look to look where it can. Every rule runs in one wide window, and in one narrow window what
# depends on the layout, or every rule where the list is cards. In dark it is the contrast, since all else is the same.
# In the other windows a rule can find something else only if a rule of the style sheets that matches an element there
# depends on the width or the pointer: so it runs again only then; as for the contrast, only if that changes colours.
CHECKS = (
    Check(LIGHT, RULES),
    Check(DARK, CONTRAST),
    Check(LARGE, LAYOUT, like=LIGHT),
    Check(replace(PHONE, touch=False), ()),
    Check(SMALL_MOUSE, ()),
    Check(SMALL, RULES),
    Check(PHONE, LAYOUT, like=SMALL),
    Check(DARK_PHONE, CONTRAST, like=DARK),
    Check(TABLET, LAYOUT, like=SMALL),
)
NARROW = 400  # pixels: up to this width targets are made for fingers
# What may change the contrast: colours, and what shows something that was hidden.
COLOURING = r"(color|background|opacity|filter|blend-mode|content|visibility)[\w-]*:|display: (?!none)"
# Without scripts only a page that reloads can show the progress that somebody asked for and waits for.
WANTED = {("run under way, no JavaScript", "meta-refresh")}
Faults = dict[str, list[str]]


@pytest.fixture(scope="module")
def faults(browser: Browser, running: LiveSite, session_state: Any) -> Iterator[Faults]:
    """What all checks find in all states, by the kind of check. Each state is loaded once."""
    found: Faults = defaultdict(list)
    watch = Watch()
    watch.allow_status(400, 401, 403, 404, 409, 429, 500, 503)
    contexts = {
        signed_in: watched_context(browser, watch, storage_state=session_state if signed_in else None)
        for signed_in in (True, False)
    }
    running.clear()
    furnish(running)
    for state, tab in visit(running, contexts.__getitem__):
        _check_source(state.name, tab, found)
        tab.run_scripts(True)  # axe is a script
        _check_looks(state.name, tab, found)
    for context in contexts.values():
        context.close()
    found["watch"] = watch.unexpected
    yield found
    running.clear()


def _check_source(name: str, tab: Tab, found: Faults) -> None:
    """What the CSP would block is reported by the watch; here it is not even there."""
    found["inline"] += [f"{name}: {what}" for what in re.findall(INLINE, tab.page.content())]
    tokens = tab.page.locator("[name=csrf_token]").evaluate_all("(all) => all.map((input) => input.value)")
    # A dialog's form came with a page of its own, but of the same session.
    if len(tokens) > 2 or ("dialog" not in name and len(set(tokens)) > 1):
        found["inline"].append(f"{name}: {len(set(tokens))} CSRF values")


def _check_looks(name: str, tab: Tab, found: Faults, everywhere: bool = False) -> None:
    """With `everywhere` the rules run in each look, whatever the style sheets say."""
    cards = tab.page.locator("#credstore table").count() > 0
    styles: dict[Look, dict[str, Any]] = {}
    for check in CHECKS:
        look, rules = check.look, check.rules
        if look == SMALL and not cards:
            rules = LAYOUT
        tab.wear(look)
        seen = styles[look] = tab.page.evaluate(MEASURES)
        if seen["wider"]:
            found["wider"].append(f"{name}: the page is wider than {look.width} px: {seen['wider'][:4]}")
        if look.width <= NARROW:
            found["small"] += [f"{name}, {look}: {target}" for target in seen["small"]]
        if seen["hidden"]:
            found["buttons"].append(f"{name}, {look}: the dialog's buttons are not in the window")
        if everywhere or not check.like or _differ(rules, seen["styles"], styles[check.like]["styles"]):
            faults = [fault for fault in run_axe(tab.page, rules) if (name, fault.partition(":")[0]) not in WANTED]
            found["axe"] += [f"{name}, {look}: {fault}" for fault in faults]


def _differ(rules: Sequence[str], *styles: Sequence[str]) -> bool:
    """Whether what the style sheets say in two looks may change what these rules find."""
    one, other = (
        {style for style in each if rules != CONTRAST or re.search(COLOURING, style.partition("{")[2])}
        for each in styles
    )
    return one != other


@pytest.mark.parametrize("check", ["axe", "inline", "wider", "small", "buttons", "watch"])
def test_no_state_has_a_fault(faults: Faults, check: str) -> None:
    """axe, nothing inline, narrow windows scroll only downwards, targets are made for fingers, no complaints."""
    assert not faults[check], "\n".join(["", *faults[check]])


PLANTED = """() => {
  const plant = (tag, style, text) => {
    const planted = Object.assign(document.createElement(tag), { id: `planted-${tag}`, textContent: text });
    Object.assign(planted.style, style);
    document.querySelector('main').append(planted);
  };
  plant('button', { width: '20px', minHeight: '20px', height: '20px' }, '');
  plant('p', { color: '#aaa', background: '#bbb' }, 'pale');
  plant('input', { width: '2000px', minHeight: '30px' }, '');
}"""


def test_the_checks_see_planted_faults(site: LiveSite, open_page: OpenPage) -> None:
    site.bots(1)
    here = open_page()
    tab = Tab.of(here.context, here)
    found: Faults = defaultdict(list)
    tab.page.evaluate(PLANTED)
    _check_looks("list", tab, found, everywhere=True)
    assert found["wider"]
    assert found["small"]
    assert all("planted" in fault for fault in found["small"])
    for check in CHECKS:
        of_look = " ".join(fault for fault in found["axe"] if str(check.look) in fault)
        expected = {
            RULES: ("color-contrast", "label", "button-name"),
            CONTRAST: ("color-contrast",),
            LAYOUT: ("label",),
        }.get(check.rules, ())
        assert all(f"{rule}:" in of_look for rule in expected), (check, of_look)


# A rule that is added to the style sheets, and the looks in which axe then has to run again.
ADDED: dict[str, set[Look]] = {
    "@media (width < 350px) { main { gap: 1px } }": {PHONE, TABLET},
    "@media (width < 350px) { .nowhere { gap: 1px } }": set(),
    "@media (width < 350px) { h1::after { color: red } }": {PHONE, TABLET},
    "@media (width < 500px) { @layer new { main { & h1 { color: red } } } }": {DARK_PHONE, TABLET},
    "@media (500px < width < 1200px) { h1 { display: block } }": {LARGE, TABLET},
    "@media (width < 1200px) { main { background: red } }": {LARGE, DARK_PHONE},
    "main { background: red }": set(),
}


def test_axe_runs_again_where_the_style_sheets_differ(
    site: LiveSite, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the page of no credential: of the style sheets' own rules only those for every narrow window match."""
    here = open_page()
    tab = Tab.of(here.context, here)
    ran: set[Look | None] = set()

    def note(*_: Any) -> Sequence[str]:
        ran.add(tab.worn)
        return ()

    monkeypatch.setattr("tests.browser.test_looks.run_axe", note)
    always = {check.look for check in CHECKS if not check.like}
    for rule, looks in ADDED.items():
        here.evaluate("(rule) => document.styleSheets[0].insertRule(rule)", rule)
        ran.clear()
        _check_looks("empty", tab, defaultdict(list))
        assert ran == looks | always, rule
        here.evaluate("document.styleSheets[0].deleteRule(0)")


def test_states_have_names_of_their_own() -> None:
    names = [state.name for state in PAGE_STATES]
    assert len(set(names)) == len(names)


def test_everything_can_be_done_at_320_pixels(site: LiveSite, open_page: OpenPage) -> None:
    site.bots(2)
    site.llm("Model", "https://api.example.com/v1")
    tab = open_page(viewport={"width": 320, "height": 640}, has_touch=True, is_mobile=True)
    expect(tab.locator("tbody tr").first.get_by_text("openai", exact=True)).to_be_visible()
    for name in ("Test Model", "Sign out"):
        expect(tab.get_by_role("button", name=name)).to_be_visible()
    tab.get_by_role("checkbox", name="Select all on this page").tap()
    tab.get_by_role("button", name="Delete Selected (3)").tap()
    tab.get_by_role("button", name="Delete 3 credentials").tap()
    tab.get_by_role("button", name="Undo").tap()
    tab.get_by_role("link", name="Edit Model").tap()
    tab.get_by_role("dialog").get_by_label("Name").fill("Renamed")
    tab.get_by_role("button", name="Save", exact=True).tap()
    expect(tab.locator(".message").get_by_text("Renamed is saved.")).to_be_visible()


def test_forced_colours_and_reduced_motion(site: LiveSite, open_page: OpenPage) -> None:
    """The chosen type and the current filter differ by more than a background; the spinner hardly moves."""
    site.llm("Model", "https://api.example.com/v1")
    tab = open_page(forced_colors="active", reduced_motion="reduce")
    expect(tab.locator(".chips [aria-current]")).to_have_css("outline-style", "solid")
    button = tab.get_by_role("button", name="Test Model")
    button.evaluate("(button) => { button.ariaBusy = 'true' }")
    assert button.evaluate("(button) => getComputedStyle(button, '::after').animationDuration") == "3s"
    tab.get_by_role("link", name="Add Credential").click()
    expect(tab.locator(".kind > input:checked + label")).to_have_css("outline-style", "solid")


def test_the_watch_would_tell_what_the_csp_blocks(open_page: OpenPage, watch: Watch) -> None:
    tab = open_page()
    tab.evaluate("document.body.append(Object.assign(document.createElement('script'), { textContent: 'bad = 1' }))")
    tab.evaluate("document.body.setAttribute('style', 'color: red')")
    tab.wait_for_timeout(100)
    complaints = " ".join(watch.complaints)
    assert "CSP script-src" in complaints, complaints
    assert "CSP style-src" in complaints, complaints
    watch.allow("CSP ", "Content Security Policy")
