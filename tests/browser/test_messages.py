"""Messages: their tone, their end, and how they are said; and the button that copies a reference."""

import json
import re
import subprocess

import pytest
from playwright.sync_api import Locator, Page, expect

from credstore.vault import Record
from tests.browser.conftest import OpenPage
from tests.browser.live_site import LiveSite
from tests.browser.people_states import open_confirmed
from tests.browser.test_keyboard import tab_to
from tests.provider import Provider

pytestmark = pytest.mark.browser


def delete_first(tab: Page) -> Locator:
    """Delete a row by mouse; the message about it."""
    tab.locator(".trash").first.click()
    tab.get_by_role("button", name="Delete credential").click()
    message = tab.locator(".message")
    expect(message).to_have_count(1)
    return message


def picture(message: Locator) -> str:
    """The part of the icons that stands before the message."""
    return str(message.evaluate("(it) => getComputedStyle(it, '::before').maskPosition"))


def a_message_is_closed_by_mouse_and_by_keyboard(tab: Page) -> None:
    message = delete_first(tab)
    expect(message).to_have_role("status")
    expect(tab.locator("#live")).to_have_text("Deleted “Bot 002”.")
    message.get_by_role("button", name="Close this message").click()
    expect(message).to_have_count(0)
    expect(tab.get_by_role("main")).to_be_focused()  # Tab goes on from here, not from the start of the page

    message = delete_first(tab)
    tab_to(tab, message.get_by_role("button", name="Close this message"))
    tab.keyboard.press("Enter")
    expect(message).to_have_count(0)
    expect(tab.get_by_role("heading", name="No credentials yet")).to_be_visible()


def the_button_of_the_search_shows_when_the_focus_is_on_it(tab: Page) -> None:
    button = tab.get_by_role("button", name="Search", exact=True)
    tab_to(tab, button)
    box, field = button.bounding_box(), tab.get_by_role("searchbox").bounding_box()
    assert box
    assert field
    assert box["width"] >= 50
    assert box["height"] >= 24
    assert box["x"] >= field["x"]
    assert box["x"] + box["width"] <= field["x"] + field["width"]
    expect(button).to_have_css("outline-style", "solid")
    expect(button).to_have_css("clip-path", "none")


def expect_both_seen(tab: Page, text: str) -> None:
    """The message is in the window and nothing shows through it; the changed row is in the window, and not below it."""
    message, row = tab.locator(".message"), tab.locator("tbody tr:target")
    expect(message).to_contain_text(text)
    expect(message).to_be_in_viewport(ratio=1)
    expect(row).to_be_in_viewport(ratio=1)
    top, bottom = message.bounding_box(), row.bounding_box()
    assert top
    assert bottom
    assert top["y"] + top["height"] <= bottom["y"]
    assert not re.match(r"rgba|transparent", message.evaluate("(it) => getComputedStyle(it).backgroundColor"))
    over = f"document.elementFromPoint({top['x'] + top['width'] / 2}, {top['y'] + top['height'] - 4})"
    assert tab.evaluate(f"{over}.closest('.message') !== null")


def a_message_stays_in_sight_with_the_row_that_it_is_about(site: LiveSite, tab: Page) -> None:
    """The page is scrolled to that row, away from the top of the list."""
    site.bots(50)
    tab.goto(site.url)
    tab.get_by_role("link", name="Edit Bot 010").click()
    tab.get_by_label("Expires").fill("2031-01-01")
    tab.get_by_role("button", name="Save", exact=True).click()
    expect_both_seen(tab, "Bot 010 is saved.")
    assert tab.evaluate("scrollY") > 500
    tab.get_by_role("link", name="Delete Bot 009").click()
    tab.get_by_role("button", name="Delete credential").click()
    tab.get_by_role("button", name="Undo").click()
    expect_both_seen(tab, "Restored “Bot 009”.")
    assert tab.evaluate("scrollY") > 500


def test_a_message_is_closed_and_stays_in_sight_with_its_row(site: LiveSite, open_page: OpenPage) -> None:
    site.bots(2)
    tab = open_page()
    the_button_of_the_search_shows_when_the_focus_is_on_it(tab)
    a_message_is_closed_by_mouse_and_by_keyboard(tab)
    a_message_stays_in_sight_with_the_row_that_it_is_about(site, tab)


def test_a_message_stays_in_sight_with_its_row_on_a_phone(site: LiveSite, open_page: OpenPage) -> None:
    tab = open_page(None, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    a_message_stays_in_sight_with_the_row_that_it_is_about(site, tab)


def each_tone_has_an_icon_and_words_of_its_own(site: LiveSite, tab: Page, refused: Record) -> None:
    """Here each test ends in a message, which is gone from the next page; that one shows the reference."""
    tab.get_by_role("button", name="Test Refused").click()
    message = tab.locator(".message")
    expect(message).to_have_role("alert")
    expect(message).to_contain_text("Error: Refused: Rejected.")
    expect(message.locator(".close")).to_be_hidden()  # it would do nothing
    pictures = [picture(message)]
    tab.goto(f"{site.url}/{refused.public_id}")
    expect(message).to_have_count(0)
    expect(tab.get_by_text(refused.public_id, exact=True)).to_be_visible()
    expect(tab.locator("[data-copy='#reference']")).to_be_hidden()

    tab.goto(f"{site.url}/delete")
    expect(message).to_have_role("alert")
    expect(message).to_contain_text("Warning: Nothing was selected")
    pictures.append(picture(message))

    tab.get_by_role("link", name="Delete Refused").click()
    tab.get_by_role("button", name="Delete credential").click()
    expect(message).to_have_role("status")
    pictures.append(picture(message))
    assert len(set(pictures)) == 3, pictures


def test_without_javascript_a_message_has_an_icon_and_stays_in_sight_and_the_reference_can_be_selected(
    site: LiveSite, open_page: OpenPage, provider: Provider
) -> None:
    refused = site.llm("Refused", provider.url("/openai/v1"), key="sk-wrong-0123456789")
    tab = open_page(java_script_enabled=False)
    each_tone_has_an_icon_and_words_of_its_own(site, tab, refused)
    tab.emulate_media(color_scheme="dark")
    a_message_stays_in_sight_with_the_row_that_it_is_about(site, tab)


def the_reference_is_copied(tab: Page, reference: str) -> None:
    button = tab.get_by_role("button", name="Copy the reference")
    for key in ("", "Enter"):
        tab.evaluate("navigator.clipboard.writeText('something else')")
        if key:
            tab.reload()
            tab_to(tab, button)
            tab.keyboard.press(key)
        else:
            button.click()
        expect(tab.locator("#live")).to_have_text("Copied")
        assert tab.evaluate("navigator.clipboard.readText()") == reference, key


SHOWN_ONCE = (("/tokens", "Issue token", "Token"), ("/users", "Make a link", "Link"))


def what_is_shown_once_is_copied(site: LiveSite, tab: Page) -> None:
    for path, button, field in SHOWN_ONCE:
        open_confirmed(tab, site, path)
        if path == "/tokens":
            tab.get_by_label("Name").fill("Copied")
        tab.get_by_role("button", name=button).click()
        tab.get_by_role("button", name="Copy the").press("Enter")
        expect(tab.locator("#live")).to_have_text("Copied")
        copied = tab.evaluate("navigator.clipboard.readText()")
        assert copied == tab.get_by_label(field, exact=True).input_value() != "", path
        if path == "/tokens":
            line = tab.locator("pre").inner_text()
            answer = subprocess.run(["/bin/sh", "-c", line], env={"TOKEN": copied}, capture_output=True, check=True)
            assert "items" in json.loads(answer.stdout)


def test_the_reference_and_what_is_shown_once_are_copied_with_a_button(site: LiveSite, open_page: OpenPage) -> None:
    reference = site.bots(1)[0].public_id
    tab = open_page(f"/{reference}", permissions=["clipboard-read", "clipboard-write"])
    the_reference_is_copied(tab, reference)
    what_is_shown_once_is_copied(site, tab)
