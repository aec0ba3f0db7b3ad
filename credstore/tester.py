"""Runs a probe: sends each `ProbeRequest` through the outbound client and returns the verdict with its steps.

A test ends at its deadline or at `MAX_REQUESTS`, its generator is always closed, and its verdict contains no secret and
no exception's text.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Protocol

from credstore.errors import Blocked, EgressError, TestsBusy, Unreached
from credstore.probe import MAX_REQUESTS, ModelList, Outcome, Probe, ProbeRequest, ProbeResponse, Step, Verdict
from credstore.redaction import MASK, WITHHELD, foreign_text_redactor, redactor

logger = logging.getLogger(__name__)

# The longest provider message and fact in characters, and the largest number of facts.
SAID_LENGTH, FACT_LENGTH, MOST_FACTS = 300, 120, 12
# The longest name of a model in characters, and the largest number of names.
MODEL_LENGTH, MOST_MODELS = 120, 500
# Characters. A reason may contain a host name that a provider chose.
REASON_LENGTH = 600


class Sender(Protocol):
    """What the tester needs of `egress.OutboundClient`: `deadline` is a time.monotonic() instant."""

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
        """Run the probe and return its verdict, with each of `secrets` removed from every text.

        The generator is closed in every case. Raises errors.TestsBusy at once when all slots are taken.
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
        response: ProbeResponse | None = None
        while True:
            try:
                request = next(probe) if response is None else probe.send(response)
            except StopIteration as end:
                return end.value if isinstance(end.value, Verdict) else _not_understood("no verdict")
            except Exception as failure:  # a bug of the probe with an odd response must not become an error page
                return _not_understood(type(failure).__name__)
            if len(steps) == MAX_REQUESTS:  # a bug of the probe: the user is promised no more than this
                return _too_many_requests()
            try:
                response = self._send(request, deadline, steps)
            except Blocked as refusal:
                return Verdict(outcome=Outcome.BLOCKED, reason=refusal.sentence, advice=refusal.advice)
            except Unreached as failure:
                return _not_reached(failure, first=response is None)

    def _send(self, request: ProbeRequest, deadline: float, steps: list[Step]) -> ProbeResponse:
        started = time.monotonic()
        status: int | None = None
        proxy = ""
        try:
            response = self._client.send(request, deadline=deadline)
            status, proxy = response.status, response.proxy
        except EgressError as failure:
            proxy = failure.proxy
            raise
        finally:
            ms = round((time.monotonic() - started) * 1000)
            purpose = f"{request.purpose} (via proxy {proxy})" if proxy else request.purpose
            steps.append(Step(purpose=purpose, method=request.method, url=request.url, status=status, ms=ms))
        return response


def _redacted(verdict: Verdict, steps: list[Step], secrets: Collection[str]) -> Verdict:
    redact, redact_foreign = redactor(secrets), foreign_text_redactor(secrets)
    clean = tuple(replace(step, purpose=redact(step.purpose), url=redact(step.url)) for step in steps)
    facts = (redact_foreign(fact, FACT_LENGTH) for fact in verdict.facts[:MOST_FACTS])
    return replace(
        verdict,
        reason=redact(verdict.reason)[:REASON_LENGTH],
        advice=redact(verdict.advice)[:REASON_LENGTH],
        provider_message=redact_foreign(verdict.provider_message, SAID_LENGTH),
        facts=tuple(fact for fact in facts if fact),
        models=verdict.models and _clean_models(verdict.models, redact_foreign),
        steps=clean,
    )


def _clean_models(models: ModelList, redact_foreign: Callable[[str, int], str]) -> ModelList:
    """Printable names without repetitions. One that shares a part with a secret is left out, and still counted."""
    names = (redact_foreign(name, MODEL_LENGTH) for name in models.names[:MOST_MODELS])
    shown = dict.fromkeys(name for name in names if name and MASK not in name and name != WITHHELD)
    return replace(models, names=tuple(shown))


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


def _too_many_requests() -> Verdict:
    logger.warning("a probe wanted to make more than %d requests", MAX_REQUESTS)
    return Verdict(
        outcome=Outcome.CANNOT_TELL,
        reason=f"The answers to {MAX_REQUESTS} requests did not decide, and a test makes no more than that.",
        advice="Check that the URL is the base URL of the API that this credential is for.",
    )


def _close(probe: Probe) -> None:
    try:
        probe.close()
    except Exception as failure:  # the verdict is known already; a failure to close changes nothing
        logger.warning("a probe raised %s while it was closed", type(failure).__name__)
