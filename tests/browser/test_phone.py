"""The list at 390 px: low cards, a bar that hides no half of a button, and targets that can be hit anywhere."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.live_site import LiveSite
from tests.browser.page_states import furnish
from tests.browser.test_looks import SMALL_TARGETS

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 800}, "has_touch": True, "is_mobile": True}
HIGHEST = 120  # pixels
# Buttons and links of rows that are seen and yet covered by something else, wholly or in part.
COVERED = """() => {
  const bar = document.querySelector('.selection').getBoundingClientRect();
  return [...document.querySelectorAll('tbody :is(button, a, input)')]
    .map((it) => [it, it.getBoundingClientRect()])
    .filter(([, box]) => box.width && box.top >= 0 && box.bottom <= bar.top)
    .filter(([it, box]) => [[2, 2], [box.width - 2, box.height - 2]].some(([x, y]) => {
      const found = document.elementFromPoint(box.left + x, box.top + y);
      return !found || !(it.contains(found) || found.contains(it));
    }))
    .map(([it]) => it.outerHTML.slice(0, 80));
}"""


def test_cards_are_at_most_120_pixels_high_and_the_bar_of_a_selection_covers_no_button_of_them(
    site: LiveSite, open_page: OpenPage
) -> None:
    """The bar is as wide as the window and stands at its lower edge: what scrolls below it is wholly out of sight."""
    furnish(site)
    tab = open_page("", **PHONE)
    assert tab.locator("tbody tr").count() == 50
    heights = tab.locator("tbody tr").evaluate_all("(rows) => rows.map((row) => row.getBoundingClientRect().height)")
    assert max(heights) <= HIGHEST, sorted(heights)[-5:]
    tab.get_by_role("checkbox", name="Select all on this page").tap()
    bar = tab.locator(".selection")
    expect(bar).to_be_visible()
    for row in (0, 20, 49):
        tab.locator("tbody tr").nth(row).locator(".trash").evaluate("(it) => it.scrollIntoView({block: 'nearest'})")
        box = bar.bounding_box()
        assert box
        assert (box["x"], box["width"]) == (0, 390)
        expect(tab.locator("tbody tr").nth(row).locator(".trash")).to_be_in_viewport(ratio=1)
        assert tab.evaluate(COVERED) == []
        trash = tab.locator("tbody tr").nth(row).locator(".trash").bounding_box()
        assert trash
        assert trash["y"] + trash["height"] <= box["y"], "the bar hides the row that was asked for"


def how_many_more_are_deleted_can_be_read(tab: Page) -> None:
    tab.set_viewport_size({"width": 390, "height": 844})
    tab.get_by_role("checkbox", name="Select all on this page").check()
    tab.locator("#delete-selected").click()
    more = tab.get_by_role("dialog").locator(".names li").last
    for width in (390, 1280):
        tab.set_viewport_size({"width": width, "height": 844})
        expect(more).to_be_visible()
        assert more.inner_text() == "and 40 more", width
        expect(more).to_have_css("font-size", "14px")
        assert more.evaluate("(it) => getComputedStyle(it, '::after').content") == "none", width
        box = more.bounding_box()
        assert box
        assert box["width"] > 200, width


ACCENTS = {"light": "rgb(79, 79, 199)", "dark": "rgb(88, 88, 214)"}


def targets_are_24_pixels_in_wide_windows_too(tab: Page) -> None:
    """A checkbox is drawn smaller there, but takes clicks around it."""
    small = [target for target in tab.evaluate(SMALL_TARGETS) if 'type="checkbox"' not in target]
    assert small == []
    checkbox = tab.get_by_role("checkbox", name="Select Bot 050")
    box = checkbox.bounding_box()
    assert box
    for x, y in ((-3, -3), (box["width"] + 3, box["height"] + 3)):
        checked = checkbox.is_checked()
        tab.mouse.click(box["x"] + x, box["y"] + y)
        expect(checkbox).to_be_checked(checked=not checked)


def a_checkbox_follows_the_scheme(tab: Page) -> None:
    checkbox = tab.get_by_role("checkbox", name="Select Bot 050")
    expect(checkbox).to_have_css("color-scheme", "light dark")
    for scheme in ("dark", "light"):
        tab.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        expect(checkbox).to_have_css("accent-color", ACCENTS[scheme])


LINES_OF_NAMES = """[...document.querySelectorAll(".audit li div:last-child")].map((who) => {
  const range = document.createRange();
  range.selectNodeContents(who.firstChild);
  return range.getClientRects().length;
})"""


def the_name_of_who_acted_is_not_broken(site: LiveSite, tab: Page) -> None:
    tab.set_viewport_size({"width": 390, "height": 844})
    tab.goto(f"{site.server.url}/audit?act=sign-in")
    assert set(tab.evaluate(LINES_OF_NAMES)) == {1}


def test_what_is_small_can_be_hit_and_read_in_wide_and_narrow_windows(site: LiveSite, open_page: OpenPage) -> None:
    site.bots(50)
    tab = open_page()
    targets_are_24_pixels_in_wide_windows_too(tab)
    a_checkbox_follows_the_scheme(tab)
    how_many_more_are_deleted_can_be_read(tab)
    the_name_of_who_acted_is_not_broken(site, tab)
