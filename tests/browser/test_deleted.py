"""Recently deleted, as a person uses it: by mouse, by keyboard, on a phone, and without JavaScript."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.live_site import LiveSite
from tests.browser.test_keyboard import keyring, tab_to
from tests.browser.test_selection import tick
from tests.fixtures.browsing import Watch

pytestmark = pytest.mark.browser


def delete(site: LiveSite, *names: str) -> None:
    """Somebody deletes bots of these names, one after the other."""
    for name in names:
        (record,) = site.bots(1, name)
        with site.vault() as vault:
            vault.delete([record.public_id], "ann")


def waiting(site: LiveSite) -> list[str]:
    with site.vault() as vault:
        return [record.name for record in vault.deleted.page().records]


def said(tab: Page, words: str) -> None:
    expect(tab.locator(".message").get_by_text(words)).to_be_visible()


def from_a_delete_to_the_page_and_back_by_mouse(site: LiveSite, tab: Page) -> None:
    site.bots(2)
    tab.goto(site.url)
    tab.get_by_role("link", name="Delete Bot 002").click()
    tab.get_by_role("dialog").get_by_role("button", name="Delete credential").click()
    expect(tab.get_by_role("button", name="Undo")).to_be_visible()
    tab.locator(".message").get_by_role("link", name="Recently deleted").click()
    expect(tab.get_by_role("heading", name="Recently deleted")).to_be_visible()
    row = tab.get_by_role("row", name="Bot 002")
    expect(row).to_contain_text("just now")
    expect(row).to_contain_text("ann")
    expect(row).to_contain_text("30 d left")
    tab.get_by_role("button", name="Restore Bot 002").click()
    said(tab, "Restored “Bot 002”.")
    expect(tab.get_by_role("heading", name="Nothing to restore")).to_be_visible()
    tab.get_by_role("link", name="Back to the credentials").click()
    expect(tab.get_by_role("link", name="Bot 002", exact=True)).to_be_visible()


def many_are_restored_in_a_dialog_which_asks_about_taken_names(site: LiveSite, tab: Page) -> None:
    delete(site, "One", "Two", "Three", "Four")
    site.bots(1, "one")
    site.bots(1, "Three")
    tab.goto(f"{site.url}/deleted")
    tab.get_by_role("checkbox", name="Select all on this page").check()
    tick(tab, "Four")  # it is checked already
    tab.get_by_role("button", name="Restore Selected (4)").click()
    dialog = tab.get_by_role("dialog", name="Restore 4 credentials?")
    expect(dialog).to_contain_text("2 names are in use by now.")
    three, one = dialog.get_by_label("New name for “Three”"), dialog.get_by_label("New name for “One”")
    expect(three).to_be_focused()
    expect(one).to_have_value("One (restored)")
    one.fill("ONE")
    dialog.get_by_label("Leave “Three” deleted").check()
    dialog.get_by_role("button", name="Restore").click()
    expect(one).to_be_focused()
    expect(one).to_have_accessible_description("Another credential has this name. Choose a new one.")
    expect(tab.locator("#live")).to_have_text("Another credential has this name. Choose a new one.")
    expect(dialog.get_by_label("Leave “Three” deleted")).to_be_checked()
    assert len(waiting(site)) == 4
    one.fill("One of last year")
    dialog.get_by_role("button", name="Restore").click()
    said(tab, "Restored 3 credentials. 1 stays deleted.")
    assert waiting(site) == ["Three"]
    assert set(site.names()) == {"one", "Three", "One of last year", "Two", "Four"}


def a_taken_name_is_marked_and_asked_about_by_its_row(site: LiveSite, tab: Page) -> None:
    delete(site, "Mine", "Other")
    site.bots(1, "Mine")
    tab.goto(f"{site.url}/deleted")
    expect(tab.get_by_role("row", name="Mine")).to_contain_text("name in use")
    tab.get_by_role("link", name="Restore Mine").click()
    dialog = tab.get_by_role("dialog", name="Restore “Mine”?")
    expect(dialog.get_by_label("New name for “Mine”")).to_have_value("Mine (restored)")
    dialog.get_by_role("button", name="Restore").click()
    said(tab, "Restored “Mine (restored)”.")
    assert waiting(site) == ["Other"]


def delete_for_good_asks_in_a_dialog(site: LiveSite, tab: Page) -> None:
    delete(site, "One", "Two", "Three")
    tab.goto(f"{site.url}/deleted?q=t")
    trash = tab.get_by_role("link", name="Delete for good Two")
    trash.click()
    dialog = tab.get_by_role("dialog", name="Delete “Two” for good?")
    expect(dialog.get_by_role("link", name="Cancel")).to_be_focused()
    tab.keyboard.press("Escape")
    expect(trash).to_be_focused()
    assert len(waiting(site)) == 3
    tab.get_by_role("checkbox", name="Select all on this page").check()
    tab.get_by_role("button", name="Delete for good (2)").click()
    dialog = tab.get_by_role("dialog", name="Delete 2 credentials for good?")
    expect(dialog).to_contain_text("This cannot be undone.")
    dialog.get_by_role("button", name="Delete for good").click()
    said(tab, "Deleted 2 credentials for good.")
    expect(tab).to_have_url(f"{site.url}/deleted?q=t")
    assert waiting(site) == ["One"]


def all_of_it_by_keyboard(site: LiveSite, tab: Page) -> None:
    delete(site, "One", "Two", "Three")
    site.bots(1, "Two")
    tab.goto(site.url)
    press, write = tab.keyboard.press, tab.keyboard.type
    tab_to(tab, tab.get_by_role("link", name="Recently deleted"))
    press("Enter")
    expect(tab.get_by_role("heading", name="Recently deleted")).to_be_visible()
    tab_to(tab, tab.get_by_role("searchbox", name="Search by name"))
    write("o")
    press("Enter")
    expect(tab.get_by_role("row", name="Three")).to_be_hidden()
    for name in ("Two", "One"):
        box = tab.get_by_role("checkbox", name=f"Select {name}")
        tab_to(tab, box)
        press("Space")
    restore = tab.get_by_role("button", name="Restore Selected (2)")
    tab_to(tab, restore)
    assert keyring(restore) == "solid 2px"
    press("Enter")
    field = tab.get_by_role("dialog").get_by_label("New name for “Two”")
    expect(field).to_be_focused()
    press("ControlOrMeta+a")
    write("Two again")
    press("Enter")
    said(tab, "Restored 2 credentials.")
    tab.goto(f"{site.url}/deleted")
    tab_to(tab, tab.get_by_role("link", name="Delete for good Three"))
    press("Enter")
    expect(tab.get_by_role("link", name="Cancel")).to_be_focused()
    press("Shift+Tab")
    press("Enter")
    said(tab, "Deleted “Three” for good.")
    assert waiting(site) == []


def test_one_deletes_and_restores_by_mouse_and_by_keyboard(site: LiveSite, open_page: OpenPage) -> None:
    tab = open_page(None)
    for by in (
        from_a_delete_to_the_page_and_back_by_mouse,
        a_taken_name_is_marked_and_asked_about_by_its_row,
        delete_for_good_asks_in_a_dialog,
        all_of_it_by_keyboard,
    ):
        site.clear()
        by(site, tab)


def test_without_javascript_the_dialogs_are_pages(site: LiveSite, open_page: OpenPage, watch: Watch) -> None:
    watch.allow_status(400)
    delete(site, "One", "Two", "Three", "Four")
    site.bots(1, "Two")
    tab = open_page(java_script_enabled=False)
    tab.get_by_role("link", name="Recently deleted").click()
    expect(tab.get_by_role("checkbox", name="Select all on this page")).to_be_hidden()  # it could do nothing
    tab.get_by_role("button", name="Restore Four").click()
    said(tab, "Restored “Four”.")
    tick(tab, "One", "Two")
    tab.get_by_role("button", name="Restore Selected").click()
    expect(tab.get_by_role("heading", name="Restore 2 credentials?")).to_be_visible()
    tab.get_by_label("New name for “Two”").fill("One")  # so that both would have it
    tab.get_by_role("button", name="Restore").click()
    expect(tab.locator(".wrong").first).to_be_visible()
    tab.get_by_label("New name for “Two”").fill("Two again")
    tab.get_by_role("button", name="Restore").click()
    said(tab, "Restored 2 credentials.")
    tick(tab, "Three")
    tab.get_by_role("button", name="Delete for good").click()
    expect(tab.get_by_role("heading", name="Delete “Three” for good?")).to_be_visible()
    tab.get_by_role("button", name="Delete for good").click()
    said(tab, "Deleted “Three” for good.")
    assert sorted(site.names()) == ["Four", "One", "Two", "Two again"]
    assert waiting(site) == []


def a_name_that_was_taken_meanwhile_is_asked_about_on_a_page(site: LiveSite, tab: Page) -> None:
    delete(site, "Mine")
    tab.goto(f"{site.url}/deleted")
    site.bots(1, "Mine")
    tab.get_by_role("button", name="Restore Mine").click()
    expect(tab.get_by_role("heading", name="Restore “Mine”?")).to_be_visible()
    tab.get_by_role("button", name="Restore").click()
    said(tab, "Restored “Mine (restored)”.")


def test_a_taken_name_is_asked_about_where_many_are_restored_and_where_it_was_taken_meanwhile(
    site: LiveSite, open_page: OpenPage, watch: Watch
) -> None:
    watch.allow_status(400)
    tab = open_page(None)
    many_are_restored_in_a_dialog_which_asks_about_taken_names(site, tab)
    site.clear()
    a_name_that_was_taken_meanwhile_is_asked_about_on_a_page(site, tab)


def test_cards_on_a_phone_are_low_and_tell_all(site: LiveSite, open_page: OpenPage) -> None:
    delete(site, "One")
    tab = open_page("/deleted", viewport={"width": 390, "height": 700}, has_touch=True, is_mobile=True)
    card = tab.get_by_role("row", name="One")
    for words in ("just now", "ann", "30 d left"):
        expect(card.get_by_text(words)).to_be_visible()
    box = card.bounding_box()
    assert box
    assert box["height"] <= 120
    tab.get_by_role("button", name="Restore One").tap()
    said(tab, "Restored “One”.")
