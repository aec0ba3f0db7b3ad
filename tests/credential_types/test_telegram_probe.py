"""Telegram's getMe: a table of answers, and the same against a real socket with the token nowhere to be seen."""

from base64 import b64encode
from urllib.parse import quote

import pytest
from pytest_httpserver import HTTPServer

from credstore.credential_types import Telegram
from credstore.egress import OutboundClient, Policy
from credstore.probe import Outcome, ProbeResponse, Verdict
from credstore.tester import Tester
from credstore.vault.stored_verdicts import dump_verdict

SECRET = "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
TOKEN = f"123456789:{SECRET}"
ME = {"id": 123456789, "is_bot": True, "first_name": "Support", "username": "support_bot"}
GOOD = {"ok": True, "result": ME}


def refusal(code: int, words: str) -> dict[str, object]:
    return {"ok": False, "error_code": code, "description": words}


def judge(answer: ProbeResponse, token: str = TOKEN) -> Verdict:
    probe = Telegram.probe({"bot_token": token})
    ask = next(probe)
    assert (ask.method, ask.url, dict(ask.headers)) == ("GET", f"https://api.telegram.org/bot{token}/getMe", {})
    with pytest.raises(StopIteration) as end:
        probe.send(answer)
    verdict = end.value.value
    assert isinstance(verdict, Verdict)
    return verdict


@pytest.mark.parametrize(
    ("status", "json", "outcome"),
    [
        (200, GOOD, Outcome.VERIFIED),
        (200, {"ok": True, "result": ME | {"id": 987654321}}, Outcome.CANNOT_TELL),  # somebody else's answer
        (200, {"ok": True}, Outcome.CANNOT_TELL),
        (200, {"ok": "true", "result": ME}, Outcome.CANNOT_TELL),
        (200, [GOOD], Outcome.CANNOT_TELL),
        (200, None, Outcome.CANNOT_TELL),  # HTML, or nothing
        (200, refusal(401, "Unauthorized"), Outcome.CANNOT_TELL),
        (401, refusal(401, "Unauthorized"), Outcome.REJECTED),
        (404, refusal(404, "Not Found"), Outcome.REJECTED),
        (401, None, Outcome.CANNOT_TELL),  # a proxy's, not Telegram's
        (404, None, Outcome.CANNOT_TELL),
        (403, refusal(403, "Forbidden"), Outcome.CANNOT_TELL),
        (407, None, Outcome.CANNOT_TELL),
        (429, refusal(429, "Too Many Requests: retry after 7"), Outcome.PROVIDER_TROUBLE),
        (500, None, Outcome.PROVIDER_TROUBLE),
        (502, refusal(502, "Bad Gateway"), Outcome.PROVIDER_TROUBLE),
        (301, None, Outcome.CANNOT_TELL),
    ],
)
def test_the_verdict_on_each_answer(status: int, json: object, outcome: Outcome) -> None:
    verdict = judge(ProbeResponse(status=status, json=json))
    assert verdict.outcome is outcome
    assert verdict.reason.endswith(".")
    assert (verdict.facts == ()) == (outcome is not Outcome.VERIFIED)


def test_the_bot_is_named_in_words_and_facts() -> None:
    verdict = judge(ProbeResponse(status=200, json=GOOD))
    assert verdict.reason == "Telegram accepted this token: it belongs to @support_bot (Support)."
    assert verdict.facts == ("@support_bot", "Support")


def test_a_hostile_name_stays_one_short_printable_line() -> None:
    names = {"username": "x" * 500, "first_name": "evil\n\u202e\x00name"}
    verdict = judge(ProbeResponse(status=200, json={"ok": True, "result": ME | names}))
    assert verdict.facts == ("bot 123456789", "evilname")
    assert verdict.reason.isprintable()


@pytest.mark.parametrize("names", [{}, {"username": 7, "first_name": None}, {"username": "", "first_name": ["x"]}])
def test_a_bot_without_names_is_still_verified(names: dict[str, object]) -> None:
    verdict = judge(ProbeResponse(status=200, json={"ok": True, "result": {"id": 123456789} | names}))
    assert (verdict.outcome, verdict.facts) == (Outcome.VERIFIED, ("bot 123456789",))


def test_a_redirect_names_its_host_and_a_limit_its_seconds() -> None:
    assert (
        "portal.example" in judge(ProbeResponse(status=302, headers={"location": "https://portal.example/in"})).reason
    )
    busy = ProbeResponse(status=429, headers={"retry-after": "7"}, json=refusal(429, "Too Many Requests"))
    assert judge(busy).advice == "Wait 7 seconds, then test again."


def test_the_secret_is_bound_to_the_root() -> None:
    assert Telegram.testable
    assert Telegram.sealed_context({}) == {"dest": "https://api.telegram.org"}


@pytest.fixture
def telegram(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> HTTPServer:
    monkeypatch.setattr(Telegram, "root", httpserver.url_for("").rstrip("/"))
    return httpserver


def run(token: str = TOKEN) -> Verdict:
    secrets = {"bot_token": token}
    client = OutboundClient(Policy.parse([], loopback_open=True))
    return Tester(client, seconds=5).run(Telegram.probe(secrets), Telegram.texts_to_redact(secrets))


@pytest.mark.parametrize(
    ("status", "json", "outcome"),
    [
        (200, GOOD, Outcome.VERIFIED),
        (401, refusal(401, "Unauthorized"), Outcome.REJECTED),
        (404, refusal(404, "Not Found"), Outcome.REJECTED),
        (429, refusal(429, "Too Many Requests"), Outcome.PROVIDER_TROUBLE),
        (503, refusal(503, "Down"), Outcome.PROVIDER_TROUBLE),
    ],
)
def test_over_a_real_socket(telegram: HTTPServer, status: int, json: dict[str, object], outcome: Outcome) -> None:
    telegram.expect_ordered_request(f"/bot{TOKEN}/getMe", "GET").respond_with_json(json, status=status)
    verdict = run()
    assert verdict.outcome is outcome
    assert [(step.status, step.url.removeprefix(Telegram.root)) for step in verdict.steps] == [
        (status, "/bot[secret]/getMe")
    ]


def forms(text: str) -> set[str]:
    return {text, quote(text, safe=""), quote(text, safe="").lower(), b64encode(text.encode()).decode().rstrip("=")}


@pytest.mark.parametrize("status", [200, 401, 404, 429, 500, 302, 403])
def test_a_server_that_repeats_the_token_everywhere_gets_it_into_no_part_of_the_verdict(
    telegram: HTTPServer, status: int
) -> None:
    echoes = " ".join(sorted(forms(TOKEN) | forms(SECRET) | {f"bot{TOKEN}"}))
    body = {"ok": status == 200, "description": echoes, "result": ME | {"username": TOKEN, "first_name": SECRET}}
    location = {"Location": f"https://{SECRET}.example/bot{TOKEN}"} if status == 302 else {}
    telegram.expect_ordered_request(f"/bot{TOKEN}/getMe").respond_with_json(body, status=status, headers=location)
    verdict = run()
    shown = repr(verdict) + repr(dump_verdict(verdict)) + "".join(map(str, verdict.steps))
    assert not [form for form in forms(TOKEN) | forms(SECRET) if form.lower() in shown.lower()]
    assert SECRET[:12].lower() not in shown.lower(), "the beginning of the token was cut off and left"


def test_a_refused_connection_does_not_show_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Telegram, "root", "http://127.0.0.1:9")
    verdict = run()
    assert verdict.outcome in {Outcome.NOT_REACHED, Outcome.BLOCKED}
    assert not [form for form in forms(TOKEN) | forms(SECRET) if form in repr(verdict)]
