"""Paste detection: values and notes for the other fields, before anything is stored."""

import pytest

from tests.page import Page
from tests.web.conftest import JSON

KEY = "sk-ant-api03-abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize(
    ("typed", "fields"),
    [
        (KEY, {"llm-provider_type": "anthropic"}),
        (f"ANTHROPIC_API_KEY='{KEY}'", {"llm-provider_type": "anthropic"}),
        ("gsk_abcdefghijklmnopqrstuvwx", {"llm-provider_type": "openai_compatible"}),
        ("some-key-of-our-own", {}),
    ],
)
def test_the_provider_follows_the_pasted_key(admin: Page, typed: str, fields: dict[str, str]) -> None:
    admin.get("/credentials/new")
    answer = admin.post("/credentials/detect-paste", {"type": "llm", "llm-api_key": typed}, status=200)
    assert answer.json is not None
    assert fields.items() <= answer.json["fields"].items()
    assert KEY not in answer.text


def test_what_was_recognised_is_said(admin: Page) -> None:
    admin.get("/credentials/new")
    answer = admin.post("/credentials/detect-paste", {"type": "llm", "llm-api_key": KEY}, status=200)
    assert answer.json is not None
    assert answer.json["words"] == {"llm-api_key": "This looks like an Anthropic key, so Provider Type is Anthropic."}


def test_what_was_dropped_and_what_looks_wrong_is_said(admin: Page) -> None:
    admin.get("/credentials/new")
    data = {"type": "llm", "llm-provider_type": "openai", "llm-api_key": f"Bearer {KEY}"}
    answer = admin.post("/credentials/detect-paste", data, status=200)
    assert answer.json is not None
    words = answer.json["words"]["llm-api_key"]
    assert "Bearer" in words
    assert "Anthropic" in words
    assert KEY not in answer.text


def test_an_unknown_type_is_refused(admin: Page) -> None:
    admin.get("/credentials/new")
    assert admin.post("/credentials/detect-paste", {"type": "x"}, status=400, headers=JSON).json is not None


def test_what_was_written_as_json_is_said_before_and_after_saving(admin: Page) -> None:
    admin.get("/credentials/new?type=git")
    typed = "https://deploy:hunter2hunter2@git.example.com/team/repo.git"
    answer = admin.post("/credentials/detect-paste", {"type": "git", "git-extra_config": typed}, status=200)
    assert answer.json is not None
    assert "Wrote the URL as JSON" in answer.json["words"]["git-extra_config"]
    assert "hunter2" not in answer.text
    admin.post("/credentials/new", {"type": "git", "name": "repo", "git-extra_config": typed}, follow=True, status=200)
    assert "Took name and token out of the URL, into “username” and “token”." in admin.text
    assert "hunter2" not in admin.text
