"""Selecting, deleting one and many, undoing, and where the list is afterwards."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.live_site import LiveSite, words

pytestmark = pytest.mark.browser


def tick(tab: Page, *names: str) -> None:
    for name in names:
        tab.get_by_role("checkbox", name=f"Select {name}", exact=True).check()


def the_header_follows_the_rows_and_the_button_counts_them(tab: Page) -> None:
    header = tab.get_by_role("checkbox", name="Select all on this page")
    button = tab.locator("#delete-selected")
    expect(button).to_be_hidden()

    tick(tab, "Bot 002")
    expect(button).to_have_accessible_name("Delete Selected (1)")
    assert header.evaluate("(box) => [box.checked, box.indeterminate]") == [False, True]
    tick(tab, "Bot 001", *(f"Bot {n:03}" for n in range(3, 14)))
    expect(button).to_have_accessible_name("Delete Selected (13)")
    assert header.evaluate("(box) => [box.checked, box.indeterminate]") == [True, False]
    expect(tab.locator("#live")).to_have_text("Delete Selected (13)")

    header.uncheck()
    expect(button).to_be_hidden()
    header.check()
    expect(button).to_have_accessible_name("Delete Selected (13)")
    assert tab.locator("tbody input:checked").count() == 13


def a_batch_is_named_up_to_ten_and_counted(site: LiveSite, tab: Page) -> None:
    tab.get_by_role("checkbox", name="Select Bot 001", exact=True).uncheck()
    tab.get_by_role("button", name="Delete Selected (12)").click()
    dialog = tab.get_by_role("dialog", name="Delete 12 credentials?")
    expect(dialog).to_be_visible()
    names = words(dialog.locator(".names li").all_text_contents())
    assert names == [*(f"Bot {n:03} Telegram" for n in range(13, 3, -1)), "and 2 more"]
    expect(dialog.get_by_role("heading")).to_be_in_viewport()
    expect(dialog.get_by_role("link", name="Cancel")).to_be_focused()

    tab.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(tab.locator("#delete-selected")).to_be_focused()
    tab.keyboard.press("Enter")
    dialog.get_by_role("button", name="Delete 12 credentials").click()
    expect(tab.locator(".message").get_by_text("Deleted 12 credentials.")).to_be_visible()
    assert site.names() == ["Bot 001"]
    tab.get_by_role("button", name="Undo").click()
    expect(tab.locator(".message").get_by_text("Restored 12 credentials.")).to_be_visible()
    assert len(site.names()) == 13


def the_trash_icon_asks_by_name_then_deletes_and_undo_brings_back(site: LiveSite, tab: Page) -> None:
    tab.goto(f"{site.url}?q=bot")
    tab.get_by_role("link", name="Delete Bot 013").click()
    dialog = tab.get_by_role("dialog", name="Delete “Bot 013”?")
    expect(dialog).to_contain_text("Workflow nodes that refer to it will fail")
    dialog.get_by_role("button", name="Delete credential").click()
    expect(tab.locator(".message").get_by_text("Deleted “Bot 013”.")).to_be_visible()
    expect(tab).to_have_url(f"{site.url}?q=bot")
    assert site.names() == [f"Bot {n:03}" for n in range(12, 0, -1)]
    tab.get_by_role("button", name="Undo").click()
    expect(tab.locator(".message").get_by_text("Restored “Bot 013”.")).to_be_visible()
    expect(tab.get_by_role("link", name="Bot 013", exact=True)).to_be_visible()
    expect(tab.locator("#changed")).to_contain_text("Bot 013")
    expect(tab).to_have_url(re.compile(re.escape(f"{site.url}?q=bot&changed=") + ".{36}#changed"))


def the_page_is_clamped_after_the_last_page_was_deleted(site: LiveSite, tab: Page) -> None:
    site.bots(39, "Other {:03}")  # 52 with those before
    tab.goto(f"{site.url}?page=2")
    expect(tab.get_by_text("Showing 51\N{EN DASH}52 of 52")).to_be_visible()
    tab.get_by_role("checkbox", name="Select all on this page").check()
    tab.get_by_role("button", name="Delete Selected (2)").click()
    tab.get_by_role("dialog").get_by_role("button", name="Delete 2 credentials").click()
    expect(tab.locator(".message").get_by_text("Deleted 2 credentials.")).to_be_visible()
    expect(tab.get_by_text("Showing 1\N{EN DASH}50 of 50")).to_be_visible()
    assert tab.locator("tbody tr").count() == 50
    tab.get_by_role("button", name="Undo").click()
    expect(tab.get_by_text("Showing 51\N{EN DASH}52 of 52")).to_be_visible()


@pytest.mark.spec("Checkbox Row selection for batch operations")
@pytest.mark.spec("Select multiple credentials using checkboxes, then click Delete Selected (N).")
@pytest.mark.spec("A confirmation dialog shows the count.")
@pytest.mark.spec("Click the trash icon on any row to open a confirmation dialog.")
def test_many_and_one_are_selected_deleted_and_brought_back(site: LiveSite, open_page: OpenPage) -> None:
    site.bots(13)
    tab = open_page()
    the_header_follows_the_rows_and_the_button_counts_them(tab)
    a_batch_is_named_up_to_ten_and_counted(site, tab)
    the_trash_icon_asks_by_name_then_deletes_and_undo_brings_back(site, tab)
    the_page_is_clamped_after_the_last_page_was_deleted(site, tab)
