"""The general check of a key, for every API with a model listing and a completion endpoint. Sans-IO; spends no tokens.

A listing that passes proves nothing by itself: many are public. So the same is asked with a made-up key of the same
shape; if that passes too, an empty completion request is asked with both. Must never make more than `MOST` requests,
nor more than `KNOWN` where earlier tests learned how this host treats a made-up key.
"""

from dataclasses import replace

from credstore.credential_types.llm import verdicts
from credstore.credential_types.llm.api_requests import Api
from credstore.credential_types.llm.base_urls import without_endpoint
from credstore.credential_types.llm.completion_check import by_completion, empty_requests, judged, keyless_completion
from credstore.credential_types.llm.hosts import Told, server_shown_by
from credstore.credential_types.llm.response_meaning import ELSEWHERE, WANTING, Reading, moved_to, read, said
from credstore.credential_types.made_up_key import made_up
from credstore.probe import Answer, Openness, Outcome, Probe, Verdict

MOST, KNOWN = 4, 2

_NOT_REFUSED = {Reading.LISTED, Reading.LIMITED, Reading.FORBIDDEN}
_API_ANSWERS = {Reading.REFUSED, Reading.LIMITED, Reading.FORBIDDEN}  # with JSON, that is


def check_key(api: Api, key: str, openness: Openness = "unknown") -> Probe:
    """Drive the whole check of `key` (may be empty: a server that needs none)."""
    if without_endpoint(api.base) != api.base:
        return (yield from _pasted(api, key))
    if not key:
        return (yield from _keyless(api))
    if not api.listing or openness == "open":
        return (yield from by_completion(api, key))
    answer = yield api.list("your key", key)
    reading, api = api.read(answer), api.seen_on(server_shown_by(answer))
    if reading in _NOT_REFUSED:
        return (yield from _not_refused(api, key, answer, openness))
    if reading in ELSEWHERE:
        return (yield from _elsewhere(api, key, answer, openness))
    verdict = verdicts.plain(api.actor, reading, moved_to(answer, key), answer.status)
    return replace(verdict, said=said(answer), openness=openness)


def _not_refused(api: Api, key: str, answer: Answer, openness: Openness) -> Probe:
    reading, server = api.read(answer), server_shown_by(answer)
    told = (api.tell(answer.json) if reading is Reading.LISTED else None) or Told()
    if told.spent:
        verdict = verdicts.plain(api.actor, Reading.NO_CREDIT)
        return replace(verdict, facts=told.facts, expires_at=told.expires_at, openness=openness)
    if reading is Reading.LISTED and (api.public_listing or (server and server.public_listing)):
        if openness == "gated":  # learned of something else that lived here; the next test learns anew
            return verdicts.changed(api.actor)
        return (yield from by_completion(api, key, server))
    if reading is Reading.LISTED and openness == "gated":
        return _with_told(verdicts.accepted(api.actor, earlier=True), told, api, openness)
    control = api.read((yield api.list("a made-up key", made_up(key))))
    if reading is control is Reading.LISTED:
        return (yield from by_completion(api, key, server))
    verdict = verdicts.against_control(api.actor, reading, control, denied=api.denied)
    return _with_told(replace(verdict, said="" if reading is Reading.LISTED else said(answer)), told, api, openness)


def _with_told(verdict: Verdict, told: Told, api: Api, openness: Openness) -> Verdict:
    """What the host told of the key counts only once it is proven that it was told of this key."""
    if verdict.outcome.mark != "pass":
        return replace(verdict, openness=openness)
    if told.limited and verdict.outcome is Outcome.VERIFIED:
        verdict = verdicts.limited(api.actor, told.limited)
    return replace(verdict, facts=told.facts, expires_at=told.expires_at, openness="gated")


def _elsewhere(api: Api, key: str, answer: Answer, openness: Openness) -> Probe:
    """No listing here: there may be a completion endpoint, or the API may have another base URL."""
    left = (MOST if openness == "unknown" else KNOWN) - 1
    reading = api.read(answer)
    verdict = verdicts.plain(api.actor, reading, status=answer.status)
    if reading is Reading.ABSENT and openness == "unknown":
        posted, reading, control = yield from empty_requests(api, key)
        verdict = judged(api, key, (posted, reading, control), found=reading in WANTING | {Reading.BARRED})
        left -= 1 if control is None else 2
        if verdict.outcome.mark == "pass":
            verdict = replace(verdict, openness="open")  # no listing to ask: next time the pair at once
    elif reading is Reading.ABSENT:
        verdict = verdicts.same_for_both(api.actor, found=False)
    if verdict.outcome is Outcome.CANNOT_TELL and reading in ELSEWHERE:
        verdict = yield from _offered(api, key, verdict, left)
    return replace(verdict, said=verdict.said or ("" if verdict.outcome.mark == "pass" else said(answer)))


def _pasted(api: Api, key: str) -> Probe:
    """A whole endpoint was typed. Workflows append to a base URL, so that whatever answers there helps none of them."""
    return (yield from _offered(api, key, verdicts.endpoint_pasted(api.actor), KNOWN))


def _offered(api: Api, key: str, verdict: Verdict, left: int) -> Probe:
    """`verdict`, with the base URL in its advice where the API does answer: offered, never applied silently."""
    for base in api.siblings[:left]:
        answer = yield api.look(base, key)
        if read(answer) is Reading.LISTED or (isinstance(answer.json, dict) and read(answer) in _API_ANSWERS):
            return replace(verdict, advice=f"The API answers at {base}: set that as base URL.", said=said(answer))
    return verdict


def _keyless(api: Api) -> Probe:
    if not api.listing:
        return (yield from keyless_completion(api))
    answer = yield api.list("no key", "")
    reading, server = api.read(answer), server_shown_by(answer)
    api = api.seen_on(server)
    if reading is Reading.LISTED and (api.public_listing or (server and server.public_listing)):
        return (yield from keyless_completion(api))
    verdict = verdicts.keyless(api.actor, reading, moved_to(answer), answer.status)
    if reading in ELSEWHERE:
        verdict = yield from _offered(api, "", verdict, MOST - 1)
    return replace(verdict, said=said(answer))
