"""Runs a probe: sends each `ProbeRequest` through the outbound client and returns the verdict with its steps.

Must never run longer than its deadline, leave a generator open, or let a secret or an exception's text into a verdict.
"""

import logging
import threading
import time
from collections.abc import Collection
from dataclasses import replace
from typing import Protocol

from credstore.errors import Blocked, EgressError, TestsBusy, Unreached
from credstore.probe import Outcome, Probe, ProbeRequest, ProbeResponse, Step, Verdict
from credstore.redaction import foreign_text_redactor, redactor

logger = logging.getLogger(__name__)

# What is shown of a provider's own words.
SAID_LENGTH, FACT_LENGTH, MOST_FACTS = 300, 120, 12
# Our own words may hold a host name that a provider chose.
REASON_LENGTH = 600


class Sender(Protocol):
    """What the tester needs of `egress.OutboundClient`."""

    def send(self, request: ProbeRequest, *, deadline: float) -> ProbeResponse: ...


class Tester:
    """Runs at most `at_once` tests at the same time in this process, each for at most `seconds` in all."""

    __test__ = False  # the name starts like a test class; pytest must not collect it

    def __init__(self, client: Sender, *, seconds: float = 10.0, at_once: int = 4) -> None:
        self._client = client
        self._seconds = seconds
        self._at_once = at_once
        self._slots = threading.BoundedSemaphore(at_once)

    def run(self, probe: Probe, secrets: Collection[str]) -> Verdict:
        """Drive the probe to its verdict; every text in it is scrubbed of each of `secrets`.

        The generator is closed in every case. Raises errors.TestsBusy, at once, when all places are taken.
        """
        if not self._slots.acquire(blocking=False):
            _close(probe)
            raise TestsBusy(f"{self._at_once} tests are running already. Wait a few seconds, then test again.")
        steps: list[Step] = []
        try:
            verdict = self._run_probe(probe, steps)
        finally:
            self._slots.release()
            _close(probe)
        return _redacted(verdict, steps, secrets)

    def _run_probe(self, probe: Probe, steps: list[Step]) -> Verdict:
        deadline = time.monotonic() + self._seconds
        answer: ProbeResponse | None = None
        while True:
            try:
                ask = next(probe) if answer is None else probe.send(answer)
            except StopIteration as end:
                return end.value if isinstance(end.value, Verdict) else _not_understood("no verdict")
            except Exception as confused:  # a bug of the probe on an odd answer must not become a page of error
                return _not_understood(type(confused).__name__)
            try:
                answer = self._send(ask, deadline, steps)
            except Blocked as refusal:
                return Verdict(outcome=Outcome.BLOCKED, reason=refusal.sentence, advice=refusal.advice)
            except Unreached as failure:
                return _not_reached(failure, first=answer is None)

    def _send(self, ask: ProbeRequest, deadline: float, steps: list[Step]) -> ProbeResponse:
        started = time.monotonic()
        status: int | None = None
        proxy = ""
        try:
            answer = self._client.send(ask, deadline=deadline)
            status, proxy = answer.status, answer.proxy
        except EgressError as failure:
            proxy = failure.proxy
            raise
        finally:
            ms = round((time.monotonic() - started) * 1000)
            purpose = f"{ask.purpose} (via proxy {proxy})" if proxy else ask.purpose
            steps.append(Step(purpose=purpose, method=ask.method, url=ask.url, status=status, ms=ms))
        return answer


def _redacted(verdict: Verdict, steps: list[Step], secrets: Collection[str]) -> Verdict:
    scrub, scrub_foreign = redactor(secrets), foreign_text_redactor(secrets)
    clean = tuple(replace(step, purpose=scrub(step.purpose), url=scrub(step.url)) for step in steps)
    facts = (scrub_foreign(fact, FACT_LENGTH) for fact in verdict.facts[:MOST_FACTS])
    return replace(
        verdict,
        reason=scrub(verdict.reason)[:REASON_LENGTH],
        advice=scrub(verdict.advice)[:REASON_LENGTH],
        provider_message=scrub_foreign(verdict.provider_message, SAID_LENGTH),
        facts=tuple(fact for fact in facts if fact),
        steps=clean,
    )


def _not_reached(failure: Unreached, *, first: bool) -> Verdict:
    if first:
        return Verdict(outcome=Outcome.NOT_REACHED, reason=failure.sentence, advice=failure.advice)
    return Verdict(
        outcome=Outcome.CANNOT_TELL,
        reason=f"The server answered, but the follow-up check did not come back: {failure.sentence}",
        advice=failure.advice,
    )


def _not_understood(what: str) -> Verdict:
    logger.warning("a probe ended with %s instead of a verdict", what)
    return Verdict(
        outcome=Outcome.CANNOT_TELL,
        reason="The answer was not understood.",
        advice="Check that the URL is the base URL of the API that this credential is for.",
    )


def _close(probe: Probe) -> None:
    try:
        probe.close()
    except Exception as stubborn:  # a probe that fails while it is closed has nothing left to say
        logger.warning("a probe raised %s while it was closed", type(stubborn).__name__)
