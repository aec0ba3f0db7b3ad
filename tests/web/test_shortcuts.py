"""The shortcuts that the page and the guide list are those that the scripts know."""

import re
from pathlib import Path

from credstore.web.views.shortcuts import SHORTCUTS
from tests.documents import read_documents
from tests.page import Page

STATIC = Path(__file__).resolve().parents[2] / "static"
KEYS = {key for key, _ in SHORTCUTS}


def test_the_scripts_know_each_of_them_and_no_other() -> None:
    (listened,) = re.findall(r"/\^\[(.+?)\]\$/", (STATIC / "credstore.js").read_text())
    actions = (STATIC / "shortcuts.js").read_text().partition("export const actions = {")[2].partition("\n};")[0]
    assert set(listened) == KEYS
    assert set(re.findall(r'^  "?(.)"?:', actions, re.MULTILINE)) == KEYS


def test_the_page_and_the_guide_list_them(admin: Page) -> None:
    admin.get("/credentials/shortcuts")
    assert admin.document is not None
    assert [key.text for key in admin.document.find("kbd")] == [key for key, _ in SHORTCUTS]
    section = read_documents()["docs/guide.md"].text.partition("## Keyboard shortcuts")[2].partition("\n## ")[0]
    assert {key for key in KEYS if f"`{key}`" in section} == KEYS


def test_each_page_leads_to_them(admin: Page) -> None:
    for url in ("/credentials", "/credentials/new"):
        admin.get(url)
        assert admin.document is not None
        (link,) = admin.document.find("a", id="help")
        assert link.attrs["href"] == "/credentials/shortcuts"
