"""States of the import page that are worth looking at."""

from playwright.sync_api import Page, expect

from tests.browser.live_site import LiveSite

_VARIABLES = """OPENAI_API_KEY=sk-proj-shown0123456789abcdef
LOCAL_LLM_API_KEY=sk-local-0123456789
LOCAL_LLM_BASE_URL=http://127.0.0.1:8000/v1
DEBUG=1
A_TOKEN_WITH_A_NAME_THAT_GOES_ON_AND_ON_WITHOUT_A_BREAK_UNTIL_IT_IS_TOO_LONG_FOR_A_PHONE=value
"""


def import_preview(tab: Page, site: LiveSite) -> None:
    tab.goto(f"{site.url}/import")
    tab.get_by_label("Format").select_option("env")
    file = {"name": "app.env", "mimeType": "text/plain", "buffer": _VARIABLES.encode()}
    tab.get_by_label("File").set_input_files(file)  # type: ignore[arg-type]  # a dict is a FilePayload
    tab.get_by_role("button", name="Preview").click()
    expect(tab.get_by_role("heading", name="Preview")).to_be_visible()


def import_in_another_format(tab: Page, site: LiveSite) -> None:
    """A .env file, with the format that is chosen first."""
    tab.goto(f"{site.url}/import")
    file = {"name": "app.env", "mimeType": "text/plain", "buffer": _VARIABLES.encode()}
    tab.get_by_label("File").set_input_files(file)  # type: ignore[arg-type]  # a dict is a FilePayload
    tab.get_by_role("button", name="Preview").click()
    expect(tab.get_by_role("button", name="Preview in this format")).to_be_visible()
