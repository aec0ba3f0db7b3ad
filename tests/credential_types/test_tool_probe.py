"""The tool check as a table of answers, and against a real server; what cannot be sent is refused at entry."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from credstore.credential_types import Git, Telegram, Tool
from credstore.egress import OutboundClient, Policy
from credstore.errors import InvalidFields
from credstore.probe import Outcome, ProbeRequest, ProbeResponse, Verdict
from credstore.tester import Tester

KEY = "tool-canary-0123456789abcdef"
URL = "https://tool.example.com/api"
AUTH = {"Authorization": f"Bearer {KEY}"}


class Script:
    """A client that answers by who asks, and remembers the asks."""

    def __init__(self, you: int, nobody: int = 401, fake: int = 401, headers: dict[str, str] | None = None) -> None:
        self.statuses = {"you": you, "nobody": nobody, "fake": fake}
        self.headers = headers or {}
        self.asks: list[ProbeRequest] = []

    def send(self, ask: ProbeRequest, *, deadline: float) -> ProbeResponse:
        self.asks.append(ask)
        return ProbeResponse(status=self.statuses[who(ask)], headers=self.headers)


def who(ask: ProbeRequest) -> str:
    if KEY in repr(dict(ask.headers)) or KEY in ask.url:
        return "you"
    return "fake" if set(ask.headers) - {"Accept", "X-Org"} else "nobody"


def run(config: dict[str, Any], client: Any) -> Verdict:
    secrets = Tool.clean({"extra_config": json.dumps(config)})
    verdict = Tester(client).run(Tool.probe(secrets), Tool.texts_to_redact(secrets))
    assert KEY not in repr(verdict)
    assert len(verdict.steps) <= 3
    assert verdict.reason.endswith(".")
    return verdict


@pytest.mark.parametrize(
    ("you", "nobody", "fake", "outcome", "requests"),
    [
        (200, 401, 401, Outcome.VERIFIED, 3),
        (204, 403, 403, Outcome.VERIFIED, 3),
        (200, 401, 400, Outcome.VERIFIED, 3),
        (200, 401, 200, Outcome.KEY_NOT_CHECKED, 3),  # any header will do there
        (200, 200, 401, Outcome.KEY_NOT_CHECKED, 2),
        (200, 204, 401, Outcome.KEY_NOT_CHECKED, 2),
        (200, 302, 401, Outcome.CANNOT_TELL, 2),
        (200, 404, 401, Outcome.CANNOT_TELL, 2),
        (200, 500, 401, Outcome.CANNOT_TELL, 2),
        (401, 401, 401, Outcome.REJECTED, 1),
        (403, 401, 401, Outcome.REJECTED, 1),
        (404, 401, 401, Outcome.CANNOT_TELL, 1),
        (400, 401, 401, Outcome.CANNOT_TELL, 1),
        (302, 401, 401, Outcome.CANNOT_TELL, 1),
        (429, 401, 401, Outcome.PROVIDER_TROUBLE, 1),
        (503, 401, 401, Outcome.PROVIDER_TROUBLE, 1),
    ],
)
def test_the_verdict_on_what_the_tool_answers_to_whom(
    you: int, nobody: int, fake: int, outcome: Outcome, requests: int
) -> None:
    client = Script(you, nobody, fake)
    verdict = run({"url": URL, "headers": AUTH}, client)
    assert (verdict.outcome, len(client.asks)) == (outcome, requests)
    assert {ask.url for ask in client.asks} == {URL}


@pytest.mark.parametrize(
    ("expected", "you", "nobody", "outcome"),
    [
        (204, 204, 401, Outcome.VERIFIED),
        (204, 200, 401, Outcome.CANNOT_TELL),
        (404, 404, 401, Outcome.VERIFIED),
        (302, 302, 401, Outcome.VERIFIED),
        (403, 403, 401, Outcome.VERIFIED),
        (403, 403, 403, Outcome.KEY_NOT_CHECKED),
        (429, 429, 401, Outcome.VERIFIED),
    ],
)
def test_the_expected_status_decides(expected: int, you: int, nobody: int, outcome: Outcome) -> None:
    verdict = run({"url": URL, "headers": AUTH, "expect_status": expected}, Script(you, nobody))
    assert verdict.outcome is outcome


@pytest.mark.parametrize(
    ("headers", "kept"),
    [
        (AUTH | {"Accept": "text/plain", "X-Org": "acme"}, {"Accept", "X-Org"}),
        ({"X-Api-Key": KEY, "Accept": "text/plain"}, {"Accept"}),
        ({"Cookie": f"sid={KEY}"}, set()),
        ({"X-Who": KEY, "Accept": "text/plain"}, {"Accept"}),  # nothing looks like a secret: all but the plain ones
    ],
)
def test_the_control_leaves_out_what_says_who_asks(headers: dict[str, str], kept: set[str]) -> None:
    client = Script(200, 401, 401)
    assert run({"url": URL, "headers": headers}, client).outcome is Outcome.VERIFIED
    assert [set(ask.headers) for ask in client.asks] == [set(headers), kept, set(headers)]
    assert KEY not in repr(dict(client.asks[2].headers))


def test_a_made_up_header_keeps_the_word_before_the_token() -> None:
    client = Script(200, 401, 401)
    run({"url": URL, "headers": AUTH}, client)
    made_up = client.asks[2].headers["Authorization"]
    assert made_up.startswith("Bearer ")
    assert len(made_up) == len(AUTH["Authorization"])


@pytest.mark.parametrize(
    ("config", "status", "outcome"),
    [
        ({"url": URL}, 200, Outcome.KEY_NOT_CHECKED),
        ({"url": URL, "headers": {"Accept": "text/plain"}}, 200, Outcome.KEY_NOT_CHECKED),
        ({"url": URL}, 401, Outcome.REJECTED),
        ({"url": f"{URL}?key={KEY}"}, 200, Outcome.CANNOT_TELL),
    ],
)
def test_without_secret_headers_one_request_is_made(config: dict[str, Any], status: int, outcome: Outcome) -> None:
    client = Script(status, status)
    assert run(config, client).outcome is outcome
    assert len(client.asks) == 1


def test_a_key_in_the_query_is_scrubbed_from_the_steps() -> None:
    verdict = run({"url": f"{URL}?q=1&key={KEY}%3D", "headers": AUTH}, Script(200))
    assert verdict.steps[0].url == f"{URL}?q=1&key=[secret]"


def test_a_redirect_is_named_by_its_host_only() -> None:
    verdict = run({"url": URL, "headers": AUTH}, Script(302, headers={"location": f"https://sso.example/?k={KEY}"}))
    assert "sso.example" in verdict.reason


@pytest.mark.parametrize("config", [{"note": "x"}, {"headers": AUTH}, {"url": "ssh://tool.example.com/x"}])
def test_nothing_to_test_is_said_in_words_without_a_request(config: dict[str, Any]) -> None:
    client = Script(200)
    verdict = run(config, client)
    assert (verdict.outcome, client.asks) == (Outcome.CANNOT_TELL, [])
    assert verdict.reason.startswith("There is nothing to test: ")


@pytest.mark.parametrize(
    "config",
    [
        {"headers": {"Host": "hunter2hunter2"}},
        {"headers": {"content-length": "7"}},
        {"headers": {"Transfer-Encoding": "chunked"}},
        {"headers": {"X hunter2hunter2": "1"}},
        {"headers": {"": "hunter2hunter2"}},
        {"headers": {"X-Key": "hunter2\r\nX-Evil: hunter2"}},
        {"headers": {"X-Key": "hunter2hunter2\n"}},
        {"headers": {"X-Key": " hunter2hunter2"}},
        {"headers": {"X-Key": "hünter2"}},
        {"headers": {"X-Key": 7}},
        {"headers": {"X-Key": ["hunter2hunter2"]}},
        {"headers": {"X-Key": "hunter2hunter2", "x-key": "b"}},
        {"headers": ["hunter2hunter2"]},
        {"method": "POST"},
        {"method": "hunter2hunter2"},
        {"method": 7},
        {"expect_status": 99},
        {"expect_status": 600},
        {"expect_status": "200"},
        {"expect_status": True},
        {"url": "https://ann:hunter2hunter2@tool.example.com/"},
        {"url": "https://tool.example.com/#hunter2hunter2"},
        {"url": 'https://tool.example.com/?a="hunter2"'},
        {"url": "https://tool.example.com/?a=1#hunter2hunter2"},
        {"url": "https://[hunter2hunter2"},
    ],
)
def test_what_could_not_be_sent_is_refused_at_entry_without_repeating_it(config: dict[str, Any]) -> None:
    with pytest.raises(InvalidFields) as refusal:
        Tool.clean({"extra_config": json.dumps({"url": URL} | config)})
    assert set(refusal.value.fields) == {"extra_config"}
    assert "hunter2" not in repr(refusal.value.fields)


def client() -> OutboundClient:
    return OutboundClient(Policy.parse([], loopback_open=True), body_cap=10_000)


def gate(right: Callable[[Request], bool], length: int = 2) -> Callable[[Request], Response]:
    return lambda request: Response(b"x" * length, 200) if right(request) else Response(f"Bad: {request.headers}", 401)


@pytest.mark.parametrize("method", ["GET", "HEAD", "head", None])
@pytest.mark.parametrize(
    ("right", "outcome"),
    [
        (lambda request: request.headers.get("Authorization") == AUTH["Authorization"], Outcome.VERIFIED),
        (lambda request: "Authorization" in request.headers, Outcome.KEY_NOT_CHECKED),
        (lambda request: True, Outcome.KEY_NOT_CHECKED),
        (lambda request: False, Outcome.REJECTED),
    ],
)
def test_over_a_real_socket(
    httpserver: HTTPServer, method: str | None, right: Callable[[Request], bool], outcome: Outcome
) -> None:
    httpserver.expect_request("/api").respond_with_handler(gate(right))
    config = {"url": httpserver.url_for("/api"), "headers": AUTH} | ({"method": method} if method else {})
    assert run(config, client()).outcome is outcome
    assert {request.method for request, _ in httpserver.log} == {(method or "GET").upper()}


def test_the_announced_length_of_an_answer_to_head_is_no_reason_to_refuse_it(httpserver: HTTPServer) -> None:
    right = gate(lambda request: request.headers.get("Authorization") == AUTH["Authorization"], length=20_000)
    httpserver.expect_request("/api").respond_with_handler(right)
    config = {"url": httpserver.url_for("/api"), "headers": AUTH, "method": "HEAD"}
    assert run(config, client()).outcome is Outcome.VERIFIED


def test_every_kind_is_testable() -> None:
    assert all(kind.testable for kind in (Telegram, Git, Tool))
