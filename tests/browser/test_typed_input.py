"""Nothing typed is lost: a session that ends under an open form, and leaving a form that something was typed into."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import axe_faults
from tests.browser.conftest import OpenPage
from tests.browser.live_site import BOT, LiveSite
from tests.browser.test_dialog import choose, open_dialog
from tests.browser.test_edit import HERE, edit
from tests.browser.test_form import drop
from tests.conftest import PASSWORD, USERNAME
from tests.fixtures.browsing import Watch, sign_in

pytestmark = pytest.mark.browser


def fill_in(form: Page | Locator, name: str) -> None:
    form.get_by_label("Name").fill(name)
    choose(form, "Telegram")
    form.get_by_label("Bot Token").fill(BOT)


def stored(tab: Page, name: str) -> None:
    expect(tab.locator(".message").get_by_text(f"{name} is encrypted and stored.")).to_be_visible()


def one_signs_in_on_top_of_the_form_and_goes_on(site: LiveSite, form: Locator, name: str) -> None:
    tab, before = form.page, site.names()
    fill_in(form, name)
    tab.context.clear_cookies()
    tab.keyboard.press("Enter")
    panel = tab.get_by_role("dialog", name="Sign in")
    expect(panel).to_contain_text("Your session has ended. Nothing was saved yet")
    expect(panel.get_by_label("Username")).to_be_focused()
    assert list(axe_faults(tab)) == []
    tab.keyboard.type(USERNAME)
    tab.keyboard.press("Tab")
    tab.keyboard.type("wrong")
    tab.keyboard.press("Enter")
    expect(panel.get_by_role("alert")).to_be_visible()
    panel.get_by_label("Username").fill(USERNAME)
    panel.get_by_label("Password").fill(PASSWORD)
    panel.get_by_role("button", name="Sign in").click()
    expect(panel).to_be_hidden()
    expect(form.get_by_text("You are signed in again. Nothing was saved yet")).to_be_visible()
    expect(form.get_by_role("button", name="Add Credential")).to_be_focused()
    expect(form.get_by_label("Name")).to_have_value(name)
    expect(form.get_by_label("Bot Token")).to_have_value(BOT)
    assert site.names() == before
    tab.keyboard.press("Enter")
    stored(tab, name)
    assert site.resolve(name) == {"bot_token": BOT}


def one_signs_in_in_another_tab_and_goes_on(site: LiveSite, tab: Page, seen: bool) -> None:
    """`seen`: with the panel open; else before the form is sent."""
    name = "With the panel open" if seen else "Before sending"
    dialog = open_dialog(tab)
    fill_in(dialog, name)
    tab.context.clear_cookies()
    save = dialog.get_by_role("button", name="Add Credential")
    panel = tab.get_by_role("dialog", name="Sign in")
    if seen:
        save.click()
        expect(panel).to_be_visible()
    other = tab.context.new_page()
    sign_in(other, site.server)
    other.close()
    tab.bring_to_front()
    if seen:
        tab.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # headless tabs are always visible
        expect(panel).to_be_hidden()
    save.click()
    stored(tab, name)
    assert site.resolve(name) == {"bot_token": BOT}


def not_now_keeps_the_form_as_it_is(tab: Page) -> None:
    dialog, cookies = edit(tab, "Model"), tab.context.cookies()
    dialog.get_by_label("API Key", exact=True).fill("sk-typed-0123456789")
    tab.context.clear_cookies()
    dialog.get_by_role("button", name="Save", exact=True).click()
    tab.get_by_role("dialog", name="Sign in").get_by_role("button", name="Not now").click()
    expect(dialog.locator(".alert")).to_be_focused()
    expect(dialog.get_by_label("API Key", exact=True)).to_have_value("sk-typed-0123456789")
    drop(dialog)
    tab.context.add_cookies(cookies)  # type: ignore[arg-type]


def test_when_the_session_has_ended_one_signs_in_and_goes_on_with_the_form_or_keeps_it(
    site: LiveSite, open_page: OpenPage, watch: Watch
) -> None:
    watch.allow_status(401)
    site.llm("Model", HERE)
    tab = open_page()
    one_signs_in_on_top_of_the_form_and_goes_on(site, open_dialog(tab), "In a dialog")
    tab.goto(f"{site.url}/new")
    one_signs_in_on_top_of_the_form_and_goes_on(site, tab.locator("main"), "On a page")
    not_now_keeps_the_form_as_it_is(tab)
    watch.judge()
    watch.allow("status of 40[01]")
    for seen in (True, False):
        one_signs_in_in_another_tab_and_goes_on(site, tab, seen)


def the_form_comes_back_after_the_sign_in(site: LiveSite, tab: Page, other_tab: bool) -> None:
    name = "Signed in in another tab" if other_tab else "Signed in here"
    tab.goto(f"{site.url}/new")
    fill_in(tab, name)
    tab.get_by_label("Expires").fill("2031-01-02")
    tab.context.clear_cookies()
    if other_tab:
        other = tab.context.new_page()
        sign_in(other, site.server)
        other.close()
    tab.get_by_role("button", name="Add Credential").click()
    if not other_tab:
        expect(tab.get_by_text("Your session has ended, so nothing was saved yet.")).to_be_visible()
        tab.get_by_label("Username").fill(USERNAME)
        tab.get_by_label("Password").fill(PASSWORD)
        tab.get_by_label("Password").press("Enter")
    expect(tab.get_by_role("heading", name="Add Credential")).to_be_visible()
    expect(tab.get_by_label("Name")).to_have_value(name)
    expect(tab.get_by_label("Expires")).to_have_value("2031-01-02")
    expect(tab.get_by_text("Enter the Bot Token again")).to_be_visible()
    assert BOT not in tab.content()
    tab.get_by_label("Bot Token").fill(BOT)
    tab.get_by_role("button", name="Add Credential").click()
    stored(tab, name)


def test_without_javascript_the_form_comes_back_after_the_sign_in(
    site: LiveSite, open_page: OpenPage, watch: Watch
) -> None:
    watch.allow("status of 40[01]")
    tab = open_page(None, java_script_enabled=False)
    for other_tab in (False, True):
        the_form_comes_back_after_the_sign_in(site, tab, other_tab)


def by_escape(tab: Page) -> None:
    tab.keyboard.press("Escape")


def by_cancel(tab: Page) -> None:
    tab.get_by_role("link", name="Cancel").click()


Leave = Callable[[Page], None]


def leaving_asks_before_typed_input_is_dropped(form: Locator, leave: Leave) -> None:
    tab, token = form.page, form.get_by_label("Bot Token")
    fill_in(form, "Typed")
    for answer in ("Keep editing", "Escape"):
        leave(tab)
        question = tab.get_by_role("alertdialog", name="Drop what you typed?")
        expect(question.get_by_role("button", name="Keep editing")).to_be_focused()
        if answer == "Escape":
            tab.keyboard.press("Escape")
        else:
            question.get_by_role("button", name=answer).click()
        expect(question).to_be_hidden()
        expect(token).to_have_value(BOT)
        expect(token if leave is by_escape else form.get_by_role("link", name="Cancel")).to_be_focused()
    leave(tab)
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")  # "Drop it"


def the_browser_asks_before_the_page_is_left(site: LiveSite, form: Locator, asked: list[str]) -> None:
    tab, name = form.page, form.get_by_label("Name")
    asked.clear()
    name.press_sequentially("T")
    tab.evaluate("(url) => { location.href = url; }", f"{site.url}?q=elsewhere")
    expect(name).to_have_value("T")
    tab.wait_for_function("() => true")
    assert asked == ["beforeunload"]
    name.press("Backspace")  # nothing is typed any more
    tab.evaluate("(url) => { location.href = url; }", f"{site.url}?q=elsewhere")
    tab.wait_for_url("**q=elsewhere")
    assert asked == ["beforeunload"]


def a_form_that_was_refused_counts_as_typed_and_an_untouched_one_does_not(tab: Page) -> None:
    dialog = open_dialog(tab)
    by_escape(tab)
    expect(dialog).to_be_hidden()
    dialog = open_dialog(tab)
    dialog.get_by_label("Organization ID").fill("org-1")
    dialog.get_by_role("button", name="Add Credential").click()
    expect(dialog.locator(".wrong").first).to_be_visible()
    by_escape(tab)
    expect(tab.get_by_role("alertdialog", name="Drop what you typed?")).to_be_visible()


def test_a_form_is_not_left_with_typed_input_without_a_question(
    site: LiveSite, open_page: OpenPage, watch: Watch
) -> None:
    tab, asked = open_page(), list[str]()
    for leave in (by_escape, by_cancel):
        dialog = open_dialog(tab)
        leaving_asks_before_typed_input_is_dropped(dialog, leave)
        expect(dialog).to_be_hidden()
        expect(tab.get_by_role("link", name="Add Credential")).to_be_focused()
        expect(tab).to_have_url(site.url)
    tab.goto(f"{site.url}/new")
    leaving_asks_before_typed_input_is_dropped(tab.locator("main"), by_cancel)
    expect(tab).to_have_url(site.url)
    assert site.names() == []
    tab.on("dialog", lambda question: (asked.append(question.type), question.dismiss()))
    the_browser_asks_before_the_page_is_left(site, open_dialog(tab), asked)
    tab.goto(f"{site.url}/new")
    the_browser_asks_before_the_page_is_left(site, tab.locator("main"), asked)
    watch.judge()
    watch.allow_status(400)
    a_form_that_was_refused_counts_as_typed_and_an_untouched_one_does_not(tab)
