"""Large bodies get a short answer, and no work is done for what is not looked at."""

import json
from typing import Any

import pytest
from marshmallow import fields

from tests.api.conftest import Program

ID = "00000000-0000-4000-8000-000000000000"
MANY = 900_000
UNKNOWN = {f"m{number}": 0 for number in range(150_000)}
LARGE: dict[str, tuple[str, str, Any]] = {
    "zeros as references": ("PUT", "/references", {"consumer": "w", "references": [0] * MANY}),
    "zeros as ids": ("POST", "/credentials/delete", {"ids": [0] * MANY}),
    "unknown members": ("POST", "/credentials/delete", {"ids": [ID]} | UNKNOWN),
    "unknown members of a typed body": ("POST", "/credentials", {"type": "llm", "name": "A"} | UNKNOWN),
    "unknown fields": ("POST", "/credentials", {"type": "llm", "name": "A", "fields": UNKNOWN}),
    "unknown members of a reference": (
        "PUT",
        "/references",
        {"consumer": "w", "references": [{"credential": ID} | UNKNOWN]},
    ),
}


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The kinds of fields that marshmallow looked at."""
    seen: list[str] = []
    for kind in (fields.Nested, fields.UUID):
        real = kind.deserialize

        def noted(self: Any, value: Any, *more: Any, real: Any = real, **named: Any) -> Any:
            seen.append(type(self).__name__)
            return real(self, value, *more, **named)

        monkeypatch.setattr(kind, "deserialize", noted)
    return seen


@pytest.mark.parametrize(("method", "path", "body"), LARGE.values(), ids=LARGE)
def test_a_large_body_is_refused_shortly(
    program: Program, looked_at: list[str], method: str, path: str, body: Any
) -> None:
    sent = json.dumps(body, separators=(",", ":")).encode()
    assert len(sent) < 2_000_000
    answer = program.send(method, path, data=sent, content_type="application/json", status=400)
    assert len(answer.data) < 1000
    (error,) = answer.json["errors"]  # type: ignore[index]
    assert "at most" in error["detail"]
    assert len(looked_at) < 5


@pytest.mark.parametrize("link", [0, "ftp://x"], ids=["by the schema", "by the vault"])
def test_a_hundred_errors_are_listed_and_more_are_told(program: Program, link: object) -> None:
    for count, words in ((100, ""), (101, "Only the first 100 are listed."), (1000, "Only the first 100 are listed.")):
        body = {"consumer": "w", "references": [{"credential": ID, "link": link}] * count}
        answer = program.send("PUT", "/references", json=body, status=400)
        assert isinstance(answer.json, dict)
        assert len(answer.json["errors"]) == 100
        assert answer.json["detail"].endswith(words)
        assert ("Only" in answer.json["detail"]) == bool(words)
        assert len(answer.data) < 100_000


def test_a_thousand_are_taken(program: Program, made: str) -> None:
    body = {"consumer": "w", "references": [{"credential": made, "node": str(number)} for number in range(1000)]}
    program.send("PUT", "/references", json=body, status=200)
    for node, status in (("7", 200), ("one more", 400)):
        one = {"consumer": "w", "node": node, "label": "again"}
        program.send("PUT", f"/credentials/{made}/references", json=one, status=status)
    program.send("PUT", f"/credentials/{made}/references", json={"consumer": "another"}, status=200)
    assert len(program.send("GET", "/references?consumer=w", status=200).json["items"]) == 1000  # type: ignore[index]
    program.send("POST", "/credentials/delete", json={"ids": [ID] * 1000}, status=200)
    program.send("POST", "/credentials/delete", json={"ids": []}, status=400)
