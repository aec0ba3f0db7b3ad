"""Checks a key by empty completion requests, for where a listing proves nothing: an endpoint that judges keys first
refuses a made-up one and finds the other's request wanting. Sans-IO; must never send a body other than `{}`.
"""

from collections.abc import Collection, Generator
from dataclasses import replace

from credstore.credential_types.llm import verdicts
from credstore.credential_types.llm.api_requests import Api
from credstore.credential_types.llm.hosts import Server
from credstore.credential_types.llm.response_meaning import ELSEWHERE, WANTING, Reading, moved_to, said
from credstore.credential_types.made_up_key import made_up
from credstore.probe import Answer, Ask, Outcome, Probe, Verdict

_WORTH_CONTROL = WANTING | {Reading.ABSENT, Reading.FORBIDDEN, Reading.LIMITED, Reading.BARRED}
_PASSED = WANTING | {Reading.ABSENT}  # beside a refusal of the made-up key
_NO_PROOF = {Reading.DOWN, Reading.FOREIGN, Reading.LISTED}  # to a request that asks for nothing
_REFUSALS = {Reading.REFUSED, Reading.WRONG_ORGANIZATION, Reading.FORBIDDEN, Reading.LIMITED}

Pair = tuple[Answer, Reading, Reading | None]


def by_completion(api: Api, key: str, server: Server | None = None) -> Probe:
    """The verdict where the listing takes any key. Two requests at most."""
    answer, reading, control = yield from empty_requests(api, key, _WORTH_CONTROL | _NO_PROOF)
    # Plain http is permitted to local servers only, where an open server is the rule. On the public internet an
    # endpoint that validates before it authenticates looks just the same, and claiming "any key" would be a guess.
    takes_any = api.plain_http or bool(server and server.any_key)
    if reading is control is Reading.DOWN:
        verdict = replace(verdicts.trouble_for_both(api.actor, any_key=takes_any), said=said(answer))
    elif (
        takes_any
        and reading is control
        and reading in WANTING | _NO_PROOF
        and (answer.status >= 400 or answer.json is not None)
    ):
        verdict = verdicts.any_key(api.actor)
    else:
        verdict = judged(api, key, (answer, reading, control), found=True)
    # Not to be remembered: a completion endpoint that is gone, and what a server showed that is not asked again.
    forget = (verdict.outcome is Outcome.CANNOT_TELL and reading in ELSEWHERE) or (
        verdict.outcome is Outcome.KEY_NOT_CHECKED and not api.plain_http
    )
    return replace(verdict, openness="unknown" if forget else "open")


def empty_requests(
    api: Api, key: str, worth_control: Collection[Reading] = frozenset(_WORTH_CONTROL)
) -> Generator[Ask, Answer, Pair]:
    """The empty request with the key and, where that can decide anything, with a made-up one: its control."""
    answer = yield api.complete("Send an empty request with your key", key)
    reading = api.read_empty(answer)
    if reading not in worth_control:
        return answer, reading, None
    return answer, reading, api.read_empty((yield api.complete("The same with a made-up key", made_up(key))))


def judged(api: Api, key: str, pair: Pair, *, found: bool) -> Verdict:
    """What the pair of answers means; `found` says that there is an API at this address at all."""
    answer, reading, control = pair
    if control is None:
        verdict = verdicts.plain(api.actor, reading, moved_to(answer, key), answer.status)
    elif reading in {Reading.FORBIDDEN, Reading.LIMITED}:
        verdict = verdicts.against_control(api.actor, reading, control, denied="ask for completions")
    elif control in _REFUSALS and reading in _PASSED:
        return verdicts.accepted(api.actor)
    elif control in _REFUSALS:
        verdict = verdicts.unclear_beside_refusal(api.actor, reading, answer.status)
    elif control is reading:
        verdict = verdicts.same_for_both(api.actor, found=found)
    else:
        verdict = verdicts.unclear_control(api.actor, control)
    return replace(verdict, said=said(answer))


def keyless_completion(api: Api) -> Probe:
    """Whether a server with a public listing wants a key shows only where it works."""
    answer = yield api.complete("Send an empty request without a key", "")
    reading = api.read_empty(answer)
    works = Reading.LISTED if reading in WANTING else reading
    return replace(verdicts.keyless(api.actor, works, moved_to(answer), answer.status), said=said(answer))
