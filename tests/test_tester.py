"""The tester with a scripted client: its verdicts on responses, refusals, failures and faulty probes."""

import logging
import threading
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from credstore.errors import Blocked, TestsBusy, Unreached
from credstore.probe import MAX_REQUESTS, Outcome, Probe, ProbeRequest, ProbeResponse, Step, Verdict
from credstore.tester import Tester

SECRET = "sk/canary+1234567890=?&ü"  # needs quoting, and its base64 differs between the alphabets
VERIFIED = Verdict(outcome=Outcome.VERIFIED, reason="The key was accepted.", advice="Nothing.")
REFUSED = Unreached("refused", "api.example.com refused the connection on port 443.", "Check the port.")
BLOCKED = Blocked("169.254.169.254 is a metadata address.", "No setting allows it.")


class Script:
    """A client with a list of results: `send` returns or raises the next one."""

    def __init__(self, *script: ProbeResponse | Exception) -> None:
        self.script = list(script)
        self.deadlines: list[float] = []

    def send(self, request: ProbeRequest, *, deadline: float) -> ProbeResponse:
        self.deadlines.append(deadline)
        item = self.script.pop(0)
        if isinstance(item, Exception):
            raise item
        return item


def requesting(count: int, verdict: Any = VERIFIED, closed: list[str] | None = None) -> Probe:
    """A probe that sends `count` requests, whatever the responses are."""
    try:
        for number in range(count):
            yield ProbeRequest(purpose=f"ask {number}", method="GET", url=f"https://api.example.com/{number}")
        return verdict
    finally:
        if closed is not None:
            closed.append("closed")


def run(probe: Probe, *script: ProbeResponse | Exception, secrets: tuple[str, ...] = ()) -> Verdict:
    return Tester(Script(*script)).run(probe, secrets)


OK = ProbeResponse(status=200, json={})


@pytest.mark.parametrize(
    ("script", "outcome", "statuses"),
    [
        ((OK, OK), Outcome.VERIFIED, [200, 200]),
        ((REFUSED,), Outcome.NOT_REACHED, [None]),
        ((OK, REFUSED), Outcome.CANNOT_TELL, [200, None]),
        ((BLOCKED,), Outcome.BLOCKED, [None]),
        ((OK, BLOCKED), Outcome.BLOCKED, [200, None]),
    ],
)
def test_every_request_is_a_step_and_the_outcome_follows(
    script: tuple[ProbeResponse | Exception, ...], outcome: Outcome, statuses: list[int | None]
) -> None:
    closed: list[str] = []
    verdict = run(requesting(2, closed=closed), *script)
    assert verdict.outcome is outcome
    assert [step.status for step in verdict.steps] == statuses
    assert [step.purpose for step in verdict.steps] == ["ask 0", "ask 1"][: len(statuses)]
    assert closed == ["closed"]


@pytest.mark.parametrize("count", [MAX_REQUESTS, MAX_REQUESTS + 1, 1000])
def test_a_probe_cannot_make_more_than_the_promised_requests(count: int) -> None:
    closed: list[str] = []
    client = Script(*[OK] * count)
    verdict = Tester(client).run(requesting(count, closed=closed), ())
    assert len(client.deadlines) == len(verdict.steps) == MAX_REQUESTS
    assert closed == ["closed"]
    if count == MAX_REQUESTS:
        assert verdict.outcome is Outcome.VERIFIED
    else:
        assert verdict.outcome is Outcome.CANNOT_TELL
        assert "no more than that" in verdict.reason


def test_a_probe_is_told_the_answers_in_order() -> None:
    statuses: list[int] = []

    def probe() -> Probe:
        for number in (1, 2):
            answer = yield ProbeRequest(purpose=str(number), method="POST", url="https://api.example.com/", json={})
            statuses.append(answer.status)
        return VERIFIED

    run(probe(), ProbeResponse(status=401), ProbeResponse(status=429))
    assert statuses == [401, 429]


def test_a_probe_that_asks_nothing_has_no_steps() -> None:
    assert run(requesting(0)) == VERIFIED


def test_a_refusal_is_told_in_the_words_of_the_door() -> None:
    verdict = run(requesting(1), BLOCKED)
    assert (verdict.reason, verdict.advice) == (BLOCKED.sentence, BLOCKED.advice)


def test_a_failed_follow_up_says_so_and_why() -> None:
    verdict = run(requesting(2), OK, REFUSED)
    assert "follow-up check did not come back" in verdict.reason
    assert REFUSED.sentence in verdict.reason
    assert verdict.advice == REFUSED.advice


def test_the_clock_runs_for_the_whole_test() -> None:
    client = Script(OK, OK, OK)
    before = time.monotonic()
    Tester(client, seconds=3.0).run(requesting(3), ())
    assert len(set(client.deadlines)) == 1
    assert before + 3.0 <= client.deadlines[0] <= time.monotonic() + 3.0


def test_a_step_measures_milliseconds() -> None:
    class Slow:
        def send(self, request: ProbeRequest, *, deadline: float) -> ProbeResponse:
            time.sleep(0.05)
            return OK

    (step,) = Tester(Slow()).run(requesting(1), ()).steps
    assert 45 <= step.ms < 1000
    assert str(step) == f"GET https://api.example.com/0 -> 200 in {step.ms} ms"


def confused_by(trouble: Callable[[Any], Any]) -> Probe:
    answer = yield ProbeRequest(purpose="list", method="GET", url="https://api.example.com/")
    trouble(answer.json)
    return VERIFIED


def deep(levels: int) -> Any:
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("body", "trouble"),
    [
        (7, lambda body: body["data"]),
        ({"data": None}, lambda body: len(body["data"])),
        ([SECRET], lambda body: int(body[0])),
        (deep(10_000), repr),
    ],
)
def test_a_probe_confused_by_an_answer_cannot_tell(
    body: Any, trouble: Callable[[Any], Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        verdict = run(confused_by(trouble), ProbeResponse(status=200, json=body), secrets=(SECRET,))
    assert verdict.outcome is Outcome.CANNOT_TELL
    assert verdict.reason == "The answer was not understood."
    assert [step.status for step in verdict.steps] == [200]
    assert "Error" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize("returned", [None, "verified", True, Outcome.VERIFIED])
def test_only_a_verdict_is_a_verdict(returned: object) -> None:
    assert run(requesting(1, verdict=returned), OK).outcome is Outcome.CANNOT_TELL


def test_a_probe_that_will_not_be_closed_does_not_spoil_the_verdict() -> None:
    def stubborn() -> Probe:
        try:
            yield ProbeRequest(purpose="list", method="GET", url="https://api.example.com/")
        finally:
            raise ValueError(SECRET)
        return VERIFIED

    assert run(stubborn(), REFUSED).outcome is Outcome.NOT_REACHED


def test_the_place_is_given_back_even_when_the_door_breaks() -> None:
    tester = Tester(Script(KeyError("a bug"), OK), at_once=1)
    closed: list[str] = []
    with pytest.raises(KeyError):
        tester.run(requesting(1, closed=closed), ())
    assert closed == ["closed"]
    assert tester.run(requesting(1), ()).outcome is Outcome.VERIFIED


def test_one_test_too_many_is_told_at_once_and_its_probe_closed() -> None:
    arrived, release = threading.Semaphore(0), threading.Event()

    class Gate:
        def send(self, request: ProbeRequest, *, deadline: float) -> ProbeResponse:
            arrived.release()
            release.wait(5)
            return OK

    tester = Tester(Gate(), at_once=2)
    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(tester.run, requesting(1), ()) for _ in range(2)]
        assert all(arrived.acquire(timeout=5) for _ in running)
        extra = requesting(1)
        started = time.monotonic()
        with pytest.raises(TestsBusy) as caught:
            tester.run(extra, ())
        assert time.monotonic() - started < 0.5
        assert "2 tests are running" in caught.value.sentence
        with pytest.raises(StopIteration):
            next(extra)
        release.set()
        assert [future.result().outcome for future in running] == [Outcome.VERIFIED] * 2
    assert tester.run(requesting(1), ()).outcome is Outcome.VERIFIED


RAW = SECRET.encode()
FORMS = [SECRET, quote(SECRET), quote(SECRET, safe=""), quote_plus(SECRET), quote(SECRET, safe="").lower()]
FORMS += [b64encode(RAW).decode(), urlsafe_b64encode(RAW).decode(), b64encode(RAW).decode().rstrip("=")]


@pytest.mark.parametrize("form", FORMS)
def test_no_text_carries_the_secret_in_any_form(form: str) -> None:
    def leaky() -> Probe:
        yield ProbeRequest(purpose=f"try {form}", method="GET", url=f"https://api.example.com/?key={form}&x=1")
        return Verdict(outcome=Outcome.REJECTED, reason=f"Bad key {form}.", advice=f"Replace {form}, {form}")

    verdict = run(leaky(), ProbeResponse(status=401), secrets=(SECRET,))
    assert verdict == Verdict(
        outcome=Outcome.REJECTED,
        reason="Bad key [secret].",
        advice="Replace [secret], [secret]",
        steps=(
            Step(
                purpose="try [secret]",
                method="GET",
                url="https://api.example.com/?key=[secret]&x=1",
                status=401,
                ms=verdict.steps[0].ms,
            ),
        ),
    )


def test_the_sentences_of_the_client_are_redacted_too() -> None:
    leaky = Unreached("name", f"DNS knows no address for {SECRET}.example.", f"Check {SECRET}.")
    verdict = run(requesting(1), leaky, secrets=(SECRET,))
    assert SECRET not in verdict.reason + verdict.advice


def test_a_secret_that_begins_with_another_leaves_no_tail() -> None:
    verdict = run(requesting(0, Verdict(outcome=Outcome.REJECTED, reason="key-12345")), secrets=("key-", "key-12345"))
    assert verdict.reason == "[secret]"


def test_very_short_secrets_do_not_blot_out_the_sentence() -> None:
    reason = "The key was accepted."
    assert run(requesting(0, VERIFIED), secrets=("", "a", "key")).reason == reason
