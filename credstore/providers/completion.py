"""Checks a key by empty completion requests, for where a listing proves nothing: an endpoint that judges keys first
refuses a made-up one and finds the other's request wanting. Sans-IO; must never send a body other than `{}`.
"""

from collections.abc import Generator
from dataclasses import replace

from credstore.providers import verdicts
from credstore.providers.api import Api
from credstore.providers.hosts import Server
from credstore.providers.keys import made_up
from credstore.providers.probe import Answer, Ask, Outcome, Probe, Verdict
from credstore.providers.reading import ELSEWHERE, Reading, moved_to, read, said

_WORTH_CONTROL = {Reading.INVALID, Reading.ABSENT, Reading.FORBIDDEN, Reading.LIMITED}
_REFUSALS = {Reading.REFUSED, Reading.FORBIDDEN, Reading.LIMITED}

Pair = tuple[Answer, Reading, Reading | None]


def by_completion(api: Api, key: str, server: Server | None = None) -> Probe:
    """The verdict where the listing takes any key. Two requests at most."""
    answer, reading, control = yield from empty_requests(api, key)
    if reading is control is Reading.INVALID and (api.plain_http or (server and server.any_key)):
        # Plain http is permitted to local servers only, where an open server is the rule. On the public internet an
        # endpoint that validates before it authenticates looks just the same, and claiming "any key" would be a guess.
        verdict = verdicts.any_key(api.actor)
    else:
        verdict = judged(api, answer, reading, control, found=True)
    # Not to be remembered: a completion endpoint that is gone, and what a server showed that is not asked again.
    forget = (verdict.outcome is Outcome.CANNOT_TELL and reading in ELSEWHERE) or (
        verdict.outcome is Outcome.KEY_NOT_CHECKED and not api.plain_http
    )
    return replace(verdict, openness="unknown" if forget else "open")


def empty_requests(api: Api, key: str) -> Generator[Ask, Answer, Pair]:
    """The empty request with the key and, where that can decide anything, with a made-up one: its control."""
    answer = yield api.complete("Send an empty request with your key", key)
    reading = read(answer)
    if reading not in _WORTH_CONTROL:
        return answer, reading, None
    return answer, reading, read((yield api.complete("The same with a made-up key", made_up(key))))


def judged(api: Api, answer: Answer, reading: Reading, control: Reading | None, *, found: bool) -> Verdict:
    """What the pair of answers means; `found` says that there is an API at this address at all."""
    if control is None:
        verdict = verdicts.plain(api.actor, reading, moved_to(answer), answer.status)
    elif reading in {Reading.FORBIDDEN, Reading.LIMITED}:
        verdict = verdicts.against_control(api.actor, reading, control)
    elif control in _REFUSALS:
        return verdicts.accepted(api.actor)
    else:
        verdict = verdicts.same_for_both(api.actor, found=found)
    return replace(verdict, said=said(answer))


def keyless_completion(api: Api) -> Probe:
    """Whether a server with a public listing wants a key shows only where it works."""
    answer = yield api.complete("Send an empty request without a key", "")
    reading = read(answer)
    works = Reading.LISTED if reading is Reading.INVALID else reading
    return replace(verdicts.keyless(api.actor, works, moved_to(answer), answer.status), said=said(answer))
