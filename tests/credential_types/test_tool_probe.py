"""The tool check as a table of answers, and against a real server; what cannot be sent is refused at entry."""

import base64
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from credstore.credential_types import Git, Telegram, Tool
from credstore.credential_types.tool.made_up_headers import made_up_header
from credstore.credential_types.tool.response_comparison import same_answer
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
    assert len(verdict.steps) <= 4
    assert verdict.reason.endswith(".")
    return verdict


@pytest.mark.parametrize(
    ("you", "nobody", "fake", "outcome", "requests"),
    [
        (200, 401, 401, Outcome.VERIFIED, 4),
        (204, 403, 403, Outcome.VERIFIED, 4),
        (200, 200, 401, Outcome.VERIFIED, 4),  # open to all, and yet it judges headers that are sent
        (200, 404, 404, Outcome.VERIFIED, 4),  # hidden from strangers
        (200, 401, 400, Outcome.CANNOT_TELL, 2),
        (200, 401, 429, Outcome.CANNOT_TELL, 2),
        (200, 401, 500, Outcome.CANNOT_TELL, 2),
        (200, 401, 302, Outcome.CANNOT_TELL, 2),
        (200, 401, 200, Outcome.KEY_NOT_CHECKED, 3),  # any header will do there
        (200, 200, 200, Outcome.KEY_NOT_CHECKED, 3),
        (200, 401, 204, Outcome.CANNOT_TELL, 2),  # accepted too, but not with the same answer
        (401, 401, 401, Outcome.REJECTED, 1),
        (403, 401, 401, Outcome.REJECTED, 4),  # known, but not allowed
        (403, 403, 403, Outcome.CANNOT_TELL, 3),  # perhaps a firewall
        (403, 401, 200, Outcome.CANNOT_TELL, 3),
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


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("headers", [{"x-cache": "HIT"}, {"age": "5"}, {"cf-cache-status": "HIT"}])
def test_what_a_cache_answers_is_no_acceptance_at_any_place(number: int, headers: dict[str, str]) -> None:
    class Cached(Script):
        def send(self, ask: ProbeRequest, *, deadline: float) -> ProbeResponse:
            found = super().send(ask, deadline=deadline)
            if len(self.asks) - 1 != number:
                return found
            return ProbeResponse(status=200, headers=headers)

    verdict = run({"url": URL, "headers": AUTH}, Cached(200, 401, 401))
    assert verdict.outcome is Outcome.CANNOT_TELL
    assert (
        verdict.reason == "A cache on the way answered in place of tool.example.com, so the headers were not checked."
    )


@pytest.mark.parametrize(
    ("expected", "you", "fake", "outcome"),
    [
        (204, 204, 401, Outcome.VERIFIED),
        (204, 200, 401, Outcome.CANNOT_TELL),
        (404, 404, 401, Outcome.VERIFIED),
        (302, 302, 401, Outcome.VERIFIED),
        (403, 403, 401, Outcome.VERIFIED),
        (403, 403, 403, Outcome.KEY_NOT_CHECKED),
        (404, 404, 404, Outcome.KEY_NOT_CHECKED),
        (302, 302, 404, Outcome.CANNOT_TELL),  # hidden counts beside a 2xx only
        (429, 429, 401, Outcome.VERIFIED),
    ],
)
def test_the_expected_status_decides(expected: int, you: int, fake: int, outcome: Outcome) -> None:
    verdict = run({"url": URL, "headers": AUTH, "expect_status": expected}, Script(you, fake=fake))
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
def test_the_control_makes_up_what_says_who_asks(headers: dict[str, str], kept: set[str]) -> None:
    client = Script(200, 401, 401)
    assert run({"url": URL, "headers": headers}, client).outcome is Outcome.VERIFIED
    assert [who(ask) for ask in client.asks] == ["you", "fake", "fake", "you"]
    assert all(set(ask.headers) == set(headers) for ask in client.asks)
    fakes = [dict(ask.headers) for ask in client.asks[1:3]]
    assert KEY not in repr(fakes)
    assert all({name for name in headers if fake[name] == headers[name]} == kept for fake in fakes)


@pytest.mark.parametrize(
    ("refuse_status", "you", "fake", "outcome", "requests"),
    [
        (400, 200, 400, Outcome.VERIFIED, 4),
        (404, 200, 404, Outcome.VERIFIED, 4),
        (400, 200, 401, Outcome.CANNOT_TELL, 2),
        (400, 400, 400, Outcome.REJECTED, 1),
        (400, 401, 400, Outcome.REJECTED, 1),
    ],
)
def test_the_declared_status_refuses_and_no_other(
    refuse_status: int, you: int, fake: int, outcome: Outcome, requests: int
) -> None:
    client = Script(you, fake=fake)
    verdict = run({"url": URL, "headers": AUTH, "refuse_status": refuse_status}, client)
    assert (verdict.outcome, len(client.asks)) == (outcome, requests)


@pytest.mark.parametrize(
    ("status", "headers", "body", "words"),
    [
        (401, {"www-authenticate": 'Digest realm="a, Basic b", nonce="x="'}, None, "wants Digest authentication"),
        (401, {"www-authenticate": "Negotiate, NTLM"}, None, "wants Negotiate or Ntlm authentication"),
        (401, {"www-authenticate": 'Digest realm="x", Bearer realm="y"'}, None, "refused these headers"),
        (401, {"www-authenticate": "Bearer"}, None, "refused these headers"),
        (401, {"www-authenticate": 'Basic realm="proxy"'}, None, "wants Basic authentication (401), and something"),
        (401, {"www-authenticate": 'Basic realm="x"'}, {"message": "Invalid credentials"}, "login of a proxy"),
        (401, {"www-authenticate": 'Basic realm="Stripe"'}, {"error": "Invalid API Key provided"}, "refused these"),
        (401, {"www-authenticate": f"{KEY} a=b"}, None, "wants another authentication (401)"),
        (401, {"age": "12"}, None, "A cache on the way"),
        (401, {"x-cache": "HIT from proxy"}, None, "A cache on the way"),
        (401, {"x-cache": "MISS"}, None, "refused these headers"),
        (401, {}, {"error": {"message": "IP not authorized"}}, "from this network address"),
        (403, {}, {"Message": "Your IP address is not on the list"}, "from this network address"),
        (403, {}, {"error": "Invalid API key"}, "refused these headers (403)"),
        (403, {"retry-after": "60"}, None, "is limiting requests"),
        (403, {"x-ratelimit-remaining": "0"}, None, "is limiting requests"),
        (302, {"location": "file:///etc/passwd"}, None, "a “file:” address, which is not on the web"),
        (302, {"location": "http://tool.example.com/api"}, None, "redirect to http://tool.example.com."),
        (302, {"location": "/login"}, None, "redirect to another page of the same host."),
    ],
)
def test_a_refusal_is_red_only_where_the_tool_itself_judged(
    status: int, headers: dict[str, str], body: Any, words: str
) -> None:
    class Fixed:
        def send(self, ask: ProbeRequest, *, deadline: float) -> ProbeResponse:
            return ProbeResponse(status=status, headers=headers, json=body)

    verdict = run({"url": URL, "headers": AUTH}, Fixed())
    assert words in verdict.reason
    assert (verdict.outcome is Outcome.REJECTED) == ("refused these" in verdict.reason)


@pytest.mark.parametrize(("you", "fake"), [(400, 400), (200, 400)])
def test_the_declared_status_out_of_a_cache_refuses_nothing(you: int, fake: int) -> None:
    class Cached(Script):
        def send(self, ask: ProbeRequest, *, deadline: float) -> ProbeResponse:
            found = super().send(ask, deadline=deadline)
            return replace(found, headers={"age": "7"}) if found.status == 400 else found

    verdict = run({"url": URL, "headers": AUTH, "refuse_status": 400}, Cached(you, fake=fake))
    assert verdict.outcome is Outcome.CANNOT_TELL


SCHEMES = ["Basic", "Bearer", "Token", "ApiKey", "Digest", "Negotiate"]


@given(
    st.sampled_from(["Authorization: Basic", "Authorization: Bearer", "Authorization: Token", "X-Api-Key", "Cookie"]),
    st.lists(st.sampled_from(SCHEMES), min_size=1, max_size=3, unique=True),
    st.sampled_from([None, {"message": "Unauthorized"}, {"error": "Invalid credentials"}]),
)
def test_a_login_that_asks_for_another_scheme_before_the_tool_is_never_red(
    header: str, wanted: list[str], body: Any
) -> None:
    name, _, scheme = header.partition(": ")
    value = (
        basic(f"ann:{KEY}") if scheme == "Basic" else f"sid={KEY}" if name == "Cookie" else f"{scheme} {KEY}".strip()
    )

    class Proxy:
        def send(self, ask: ProbeRequest, *, deadline: float) -> ProbeResponse:
            challenge = ", ".join(f'{asked} realm="proxy"' for asked in wanted)
            page = b"<html>401 Authorization Required"
            return ProbeResponse(status=401, headers={"www-authenticate": challenge}, json=body, body_start=page)

    verdict = run({"url": URL, "headers": {name: value}}, Proxy())
    asked_for = scheme in wanted if scheme else "ApiKey" in wanted
    assert verdict.outcome is (Outcome.REJECTED if asked_for else Outcome.CANNOT_TELL)


@pytest.mark.parametrize(
    ("challenge", "outcome"),
    [("Basic", Outcome.REJECTED), ("Bearer", Outcome.REJECTED), ("Digest", Outcome.CANNOT_TELL)],
)
def test_without_headers_a_challenge_says_that_the_tool_asks_for_more(challenge: str, outcome: Outcome) -> None:
    client = Script(401, 401, headers={"www-authenticate": f'{challenge} realm="x"'})
    assert run({"url": URL}, client).outcome is outcome


def basic(login: str) -> str:
    return "Basic " + base64.b64encode(login.encode()).decode()


@pytest.mark.parametrize(
    ("name", "value", "form"),
    [
        ("Authorization", f"Bearer {KEY}", r"Bearer tool-canary-[0-9a-f]{16}"),
        ("Authorization", f"Token token={KEY}", r"Token token=tool-canary-[0-9a-z]{16}"),
        ("Authorization", f'Key id="a7", secret="{KEY}"', r'Key id="a7", secret="tool-canary-[0-9a-z]{16}"'),
        ("X-Api-Key", KEY, r"tool-canary-[0-9a-z]{16}"),
        ("Cookie", f"lang=en; sid={KEY}", r"lang=en; sid=tool-canary-[0-9a-z]{16}"),
        ("Cookie", f"a={KEY}", r"a=tool-canary-[0-9a-z]{16}"),
        ("X-Secret", " ", "made-up"),
    ],
)
def test_a_made_up_value_keeps_the_form(name: str, value: str, form: str) -> None:
    fake = made_up_header(name, value)
    assert fake != value
    assert re.fullmatch(form.replace("[0-9a-f]", "[0-9a-z]"), fake), fake


@pytest.mark.parametrize(
    ("login", "form"),
    [("deploy:hunter22hunter", r"deploy:[a-z]{6}\d\d[a-z]{6}"), ("sk_live_4eC39HqLyj:", r"(?!sk_live_4eC39HqLyj).+:"),
     ("a:b:c9", r"a:.*"), ("de\u00fcloy:pass-word99", r"de\u00fcloy:.*")],
)  # fmt: skip
@pytest.mark.parametrize("scheme", ["Basic", "ApiKey"])
def test_in_a_made_up_basic_value_the_password_is_another_and_it_is_encoded_again(
    login: str, form: str, scheme: str
) -> None:
    value = f"{scheme} {basic(login).partition(' ')[2]}"
    fake = made_up_header("Authorization", value)
    kind, _, coded = fake.partition(" ")
    decoded = base64.b64decode(coded, validate=True).decode()
    assert kind == scheme
    assert decoded != login
    assert re.fullmatch(form, decoded), decoded
    assert len(decoded) == len(login)


@pytest.mark.parametrize(
    ("value", "inside"),
    [
        (basic(f"deploy:{KEY}"), {f"deploy:{KEY}", KEY}),
        (basic(f"{KEY}:"), {KEY}),
        (f"lang=en; sid={KEY}", {KEY}),
        (f'Key id="a7", secret="{KEY}"', {KEY}),
    ],
)
def test_what_a_header_holds_in_another_form_is_scrubbed_too(value: str, inside: set[str]) -> None:
    texts = Tool.texts_to_redact({"extra_config": json.dumps({"url": URL, "headers": {"Authorization": value}})})
    assert inside <= texts
    assert "deploy" not in texts


def test_lists_that_are_empty_for_made_up_headers_are_not_the_same_answer() -> None:
    class Lists:
        def send(self, ask: ProbeRequest, *, deadline: float) -> ProbeResponse:
            return ProbeResponse(status=200, json={"items": [{"id": 1}, {"id": 2}] if who(ask) == "you" else []})

    verdict = run({"url": URL, "headers": AUTH}, Lists())
    assert (verdict.outcome, "other contents" in verdict.reason) == (Outcome.CANNOT_TELL, True)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"at": "10:00", "n": 1, "list": [{"a": 1}]}, {"at": "10:01", "n": 2, "list": [{"a": 2}, {"a": 3}]}, True),
        ({"a": 1}, {"a": None}, False),
        ({"a": True}, {"a": False}, False),
        ({"list": [1]}, {"list": []}, False),
        ({"error": "no key"}, {"error": "wrong key"}, False),
        ({"a": 1}, {"b": 1}, False),
        ({"a": 1}, None, False),
        (None, None, True),
    ],
)
def test_two_answers_are_the_same_but_for_what_changes_by_the_minute(one: Any, other: Any, same: bool) -> None:
    assert same_answer(ProbeResponse(status=200, json=one), ProbeResponse(status=200, json=other)) is same


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
        {"refuse_status": 99},
        {"refuse_status": 204},
        {"refuse_status": 404, "expect_status": 404},
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
