"""A file is imported on its page: by mouse, by keyboard, and without JavaScript, where it is chosen twice."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import axe_faults
from tests.browser.conftest import OpenPage
from tests.browser.live_site import LiveSite
from tests.browser.test_keyboard import tab_to

pytestmark = pytest.mark.browser

SECRET = "sk-proj-imported0123456789abcdef"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "app.env"
    path.write_text(f"OPENAI_API_KEY={SECRET}\nDEBUG=1\n")
    return path


def open_import(tab: Page) -> None:
    """From the empty list, and where there is none from the form."""
    tab.get_by_role("link", name="import a file").click()
    expect(tab.get_by_role("heading", name="Import", exact=True)).to_be_visible()
    tab.get_by_label("Format").select_option("env")


def expect_preview(tab: Page) -> None:
    expect(tab.get_by_role("heading", name="Preview")).to_be_visible()
    expect(tab.locator(".results li").nth(0)).to_contain_text("OPENAI_API_KEY new, LLM, from line 1")
    expect(tab.locator(".results li").nth(1)).to_contain_text("DEBUG skipped, from line 2")
    assert SECRET not in tab.content()


def expect_imported(tab: Page, site: LiveSite) -> None:
    expect(tab.locator(".message")).to_contain_text("Import: 1 new, 1 skipped.")
    assert site.resolve("OPENAI_API_KEY")["api_key"] == SECRET


def by_mouse(site: LiveSite, tab: Page, file: Path) -> None:
    open_import(tab)
    tab.get_by_label("File").set_input_files(file)
    tab.get_by_role("button", name="Preview").click()
    expect_preview(tab)
    expect(tab.get_by_role("heading", name="Preview")).to_be_focused()
    expect(tab.get_by_text("Choose the same file again")).to_be_hidden()
    assert not list(axe_faults(tab))
    tab.get_by_label("A name that is in use").select_option("rename")
    expect(tab.get_by_role("heading", name="Preview")).to_have_count(0)
    tab.get_by_role("button", name="Preview").click()
    tab.get_by_role("button", name="Import 1 credential").click()
    expect_imported(tab, site)


def the_format_that_fits_is_one_press_away_and_the_file_stays(site: LiveSite, tab: Page, file: Path) -> None:
    tab.goto(f"{site.url}/import")
    tab.get_by_label("File").set_input_files(file)
    tab.get_by_label("A name that is in use").select_option("rename")
    tab.get_by_role("button", name="Preview", exact=True).click()
    expect(tab.locator("#preview .notice")).to_contain_text("Try the format “.env file”.")
    expect(tab.get_by_text("Choose it above, and the same file again")).to_be_hidden()
    assert not list(axe_faults(tab))
    tab.get_by_role("button", name="Preview in this format").click()
    expect_preview(tab)
    expect(tab.get_by_role("heading", name="Preview")).to_be_focused()
    expect(tab.locator("#preview .notice")).to_have_count(0)
    expect(tab.get_by_label("A name that is in use")).to_have_value("rename")
    tab.get_by_role("button", name="Import 1 credential").click()
    expect_imported(tab, site)


def the_format_that_fits_is_told(tab: Page, file: Path) -> None:
    """Without JavaScript."""
    tab.get_by_label("File").set_input_files(file)
    tab.get_by_role("button", name="Preview", exact=True).click()
    expect(tab.locator("#preview .notice")).to_contain_text("Try the format “.env file”.")
    expect(tab.get_by_text("Choose it above, and the same file again")).to_be_visible()
    expect(tab.get_by_role("button", name="Preview in this format")).to_be_hidden()


def by_keyboard(site: LiveSite, tab: Page, file: Path) -> None:
    tab.goto(site.url)
    open_import(tab)
    tab_to(tab, tab.get_by_label("File"))
    tab.get_by_label("File").set_input_files(file)  # the dialog of the operating system is out of reach here
    tab_to(tab, tab.get_by_role("button", name="Preview"))
    tab.keyboard.press("Enter")
    expect_preview(tab)
    tab_to(tab, tab.get_by_role("button", name="Import 1 credential"))
    tab.keyboard.press("Enter")
    expect_imported(tab, site)


def test_a_file_is_imported_by_mouse_and_by_keyboard(site: LiveSite, open_page: OpenPage, file: Path) -> None:
    tab = open_page()
    by_mouse(site, tab, file)
    site.clear()
    the_format_that_fits_is_one_press_away_and_the_file_stays(site, tab, file)
    site.clear()
    by_keyboard(site, tab, file)


def test_a_file_is_imported_without_javascript(site: LiveSite, open_page: OpenPage, file: Path) -> None:
    tab = open_page("/import", java_script_enabled=False)
    the_format_that_fits_is_told(tab, file)
    tab.goto(site.url)
    tab.get_by_role("link", name="Add Credential").first.click()
    open_import(tab)
    tab.get_by_label("File").set_input_files(file)
    tab.get_by_role("button", name="Preview").click()
    expect_preview(tab)
    expect(tab.get_by_text("Choose the same file again")).to_be_visible()
    tab.get_by_label("File").set_input_files(file)
    tab.get_by_role("button", name="Import 1 credential").click()
    expect_imported(tab, site)
