"""A key that looks like one of another provider: the API stores and tests it only when the program confirms it."""

from typing import Any

import pytest

from tests.api.conftest import Program
from tests.web.test_key_mismatch import ANTHROPIC, wrong_pairs
from tests.web.test_mismatched_key_elsewhere import no_part, planted

CONFIRMED = {"confirm_key_mismatch": True}


@pytest.fixture
def database_url() -> str:
    """Nothing here is a question to the database: one is enough."""
    return ""


def body(key: str, slug: str, name: str = "Wrong") -> dict[str, Any]:
    """With an address that may not be called, so that a test sends nothing."""
    fields = {"provider_type": slug, "api_key": key, "base_url": "http://192.0.2.1/v1"}
    return {"type": "llm", "name": name, "fields": fields}


def refused(program: Program, method: str, path: str, sent: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = program.send(method, path, json=sent, status=422, **more)
    assert isinstance(answer.json, dict)
    assert answer.json["code"] == "key-mismatch"
    assert answer.json["detail"].endswith("If it is meant so, send confirm_key_mismatch: true.")
    assert [error["pointer"] for error in answer.json["errors"]] == ["/fields/api_key"]
    assert str(sent["fields"]["api_key"]) not in answer.text
    return answer.json


def test_no_key_is_stored_or_tested_under_another_provider_unless_confirmed(program: Program) -> None:
    """Every prefix with every provider that is not its own."""
    pairs = list(wrong_pairs())
    for key, slug in pairs:
        sent = body(key, slug)
        told = refused(program, "POST", "/credentials", sent)
        assert told["looks_like"] in told["detail"]
        assert told["chosen"] in told["detail"] or told["chosen"] == "192.0.2.1"
        del sent["name"]
        refused(program, "POST", "/credentials/test", sent)
    assert program.send("GET", "/credentials", status=200).json["items"] == []  # type: ignore[index]
    for number, (key, slug) in enumerate(pairs[::10]):
        sent = body(key, slug, f"Meant {number}") | CONFIRMED
        program.send("POST", "/credentials", json=sent, status=201)
        del sent["name"]
        tested = program.send("POST", "/credentials/test", json=sent, status=200).json
        assert tested["outcome"] == "blocked"  # type: ignore[index]


def test_a_change_asks_about_a_new_key_only(program: Program, made: str) -> None:
    path, any_version = f"/credentials/{made}", {"If-Match": "*"}
    sent = {"fields": {"api_key": ANTHROPIC}}
    told = refused(program, "PATCH", path, sent, headers=any_version)
    assert (told["looks_like"], told["chosen"]) == ("Anthropic", "OpenAI")
    assert program.send("GET", path, status=200).json["version"] == 1  # type: ignore[index]
    program.send("PATCH", path, json=sent | CONFIRMED, headers=any_version, status=200)
    program.send("PATCH", path, json={"name": "Gateway"}, headers=any_version, status=200)
    right = {"fields": {"provider_type": "anthropic", "api_key": ANTHROPIC}}
    program.send("PATCH", path, json=right, headers=any_version, status=200)


@pytest.mark.parametrize("confirmed", [False, "true", 7, None])
def test_a_consent_is_true_and_nothing_else(program: Program, confirmed: object) -> None:
    sent = body(ANTHROPIC, "openai") | {"confirm_key_mismatch": confirmed}
    if confirmed is False:
        refused(program, "POST", "/credentials", sent)
    else:
        told = program.send("POST", "/credentials", json=sent, status=400).json
        assert told["errors"][0]["pointer"] == "/confirm_key_mismatch"  # type: ignore[index]


def test_no_answer_repeats_a_key_that_stands_in_another_field_too(program: Program, made: str) -> None:
    for key, texts in planted():
        outer = {"name": texts.get("name", "Wrong")}
        fields = {"provider_type": "openai_compatible", "base_url": "https://gateway.example.com/v1", "api_key": key}
        fields |= {name: text for name, text in texts.items() if name not in {"name", "expires"}}
        typed = {"type": "llm", "fields": fields}
        calls: tuple[tuple[str, str, dict[str, Any]], ...] = (
            ("POST", "/credentials", typed | outer),
            ("POST", "/credentials/test", typed),
            ("PATCH", f"/credentials/{made}", {"fields": fields} | outer),
        )
        for method, path, sent in calls:
            answer = program.app.test_client().open(
                f"/api/v1{path}",
                method=method,
                json=sent,
                headers={"Authorization": f"Bearer {program.token}", "If-Match": "*"},
            )
            if answer.status_code >= 400:
                no_part(answer, key, typed="")
