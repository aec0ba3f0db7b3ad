"""The import page: a preview that stores nothing and shows no secret, then the import of the same file."""

from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import Any

import pytest
from flask import Flask

from credstore.vault import ListFilters, Vault
from credstore.web.views.import_file import MOST_BYTES
from tests.page import Page

SECRET = "sk-proj-CANARY0123456789abcdef"
FILE = f"OPENAI_API_KEY={SECRET}\nDEBUG=1\n".encode()


def send(page: Page, content: bytes = FILE, *, status: int = 200, **fields: str) -> str:
    data: dict[str, Any] = {"format": "env", "policy": "skip", "act": "preview"} | fields
    if content:
        data["file"] = (BytesIO(content), "app.env")
    page.get("/credentials/import")
    page.post("/credentials/import", data, status=status, content_type="multipart/form-data")
    assert SECRET not in page.text
    return page.text


def token(page: Page) -> str:
    (found,) = page.document.find("input", name="previewed")
    return found.attrs["value"] or ""


def stored(app: Flask) -> dict[str, Any]:
    with app.app_context():
        vault: Vault = app.extensions["credstore"].vault
        return {row.name: vault.resolve(row.public_id) for row in vault.page(ListFilters()).records}


def test_a_preview_then_the_import(admin: Page, app: Flask) -> None:
    text = send(admin)
    assert "1 new, 1 skipped. Nothing is stored yet." in text
    assert "Neither its name nor its value is that of a secret." in text
    assert stored(app) == {}
    send(admin, act="store", previewed=token(admin), status=303)
    admin.get("/credentials")
    assert "Import: 1 new, 1 skipped." in admin.text
    assert stored(app)["OPENAI_API_KEY"]["api_key"] == SECRET


def test_what_cannot_be_tested_is_told_in_the_preview(admin: Page) -> None:
    sentence = "It is stored, but it cannot be tested: it has no URL."
    assert sentence not in send(admin)
    assert sentence in send(admin, b"JIRA_TOKEN=abc-0123456789\n")


def test_a_file_without_an_item_of_the_chosen_format_names_the_one_to_try(admin: Page) -> None:
    text = send(admin, format="airflow")
    assert "Nothing in this file can be imported as “Airflow connections (JSON or .env)”." in text
    assert "Try the format “.env file”." in text
    assert "2 skipped." in text
    assert admin.document.find("button", **{"data-format": "env"})
    assert "Nothing in this file" not in send(admin)
    nothing = send(admin, b"DEBUG=1\n")
    assert "Nothing in this file can be imported as “.env file”. No other format of this list fits it." in nothing


def test_what_is_stored_already_fits_its_format(admin: Page) -> None:
    only = f"OPENAI_API_KEY={SECRET}\n".encode()
    send(admin, only)
    send(admin, only, act="store", previewed=token(admin), status=303)
    text = send(admin, only)
    assert "1 skipped." in text
    assert "Nothing in this file" not in text


@pytest.mark.parametrize("change", ["file", "policy", "no preview"])
def test_only_what_was_previewed_is_imported(admin: Page, app: Flask, change: str) -> None:
    send(admin)
    known = token(admin) if change != "no preview" else ""
    content = FILE + b"MORE_TOKEN=x\n" if change == "file" else FILE
    policy = "replace" if change == "policy" else "skip"
    text = send(admin, content, act="store", previewed=known, policy=policy, status=409)
    assert "This is not what the preview showed." in text
    assert stored(app) == {}


@pytest.mark.parametrize(
    ("content", "fields", "sentence"),
    [
        (b"", {}, "Choose a file."),
        (b" \n", {}, "This file is empty."),
        (FILE, {"format": "fax"}, "Choose a format."),
        (f'["{SECRET}", '.encode(), {"format": "n8n"}, "This is not valid JSON (line 1, column"),
        (FILE, {"format": "n8n"}, "This is not valid JSON (line 1, column 1). This looks like a .env file."),
        (b"# mine\n\nexport A_KEY=1\n", {"format": "bitwarden"}, "This looks like a .env file."),
        (b"\xff\xfe" + FILE, {}, "This file is not UTF-8 text."),
    ],
)
def test_what_cannot_be_read_is_a_sentence(admin: Page, content: bytes, fields: dict[str, str], sentence: str) -> None:
    assert sentence in send(admin, content, status=400, **fields)


def test_a_large_file_never_reaches_a_temporary_file(admin: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    class InMemory(SpooledTemporaryFile[bytes]):
        def rollover(self) -> None:
            pytest.fail("it was written to a file")

    monkeypatch.setattr("werkzeug.formparser.SpooledTemporaryFile", InMemory)
    assert "too large for the page" in send(admin, b"A" * MOST_BYTES, status=413)
    assert "Preview" in send(admin, FILE + b"#" * (MOST_BYTES - 2_000))
