"""The general check of a key, for every API with a model listing and a completion endpoint. Sans-IO; spends no tokens.

A listing that passes proves nothing by itself: many are public. So the same is asked with a made-up key of the same
shape; if that passes too, an empty completion request is asked with both. Must never make more than `MOST` requests,
nor more than `KNOWN` where earlier tests learned how this host treats a made-up key.
"""

from dataclasses import replace

from credstore.credential_types.llm import verdicts
from credstore.credential_types.llm.api_requests import LlmApi
from credstore.credential_types.llm.base_urls import without_endpoint
from credstore.credential_types.llm.completion_check import (
    check_by_completion,
    check_completion_without_key,
    empty_requests,
    verdict_on_pair,
)
from credstore.credential_types.llm.hosts import KeyFacts, server_of
from credstore.credential_types.llm.response_meaning import (
    NO_API_HERE,
    REQUEST_INVALID,
    Meaning,
    classify,
    provider_message,
    redirect_host,
)
from credstore.credential_types.made_up_key import made_up_key
from credstore.probe import Openness, Outcome, Probe, ProbeResponse, Verdict

MAX_REQUESTS, MAX_REQUESTS_KNOWN_HOST = 4, 2

_NOT_REFUSED = {Meaning.LISTED, Meaning.LIMITED, Meaning.FORBIDDEN}
_API_ANSWERS = {Meaning.REFUSED, Meaning.LIMITED, Meaning.FORBIDDEN}  # with JSON, that is


def check_key(api: LlmApi, key: str, openness: Openness = "unknown") -> Probe:
    """Drive the whole check of `key` (may be empty: a server that needs none)."""
    if without_endpoint(api.base) != api.base:
        return (yield from _endpoint_pasted(api, key))
    if not key:
        return (yield from _check_without_key(api))
    if not api.listing or openness == "open":
        return (yield from check_by_completion(api, key))
    answer = yield api.list_request("your key", key)
    reading, api = api.classify_listing(answer), api.on_server(server_of(answer))
    if reading in _NOT_REFUSED:
        return (yield from _not_refused(api, key, answer, openness))
    if reading in NO_API_HERE:
        return (yield from _no_listing(api, key, answer, openness))
    verdict = verdicts.verdict_on(api.display_name, reading, redirect_host(answer, key), answer.status)
    return replace(verdict, provider_message=provider_message(answer), openness=openness)


def _not_refused(api: LlmApi, key: str, answer: ProbeResponse, openness: Openness) -> Probe:
    reading, server = api.classify_listing(answer), server_of(answer)
    told = (api.key_facts(answer.json) if reading is Meaning.LISTED else None) or KeyFacts()
    if told.spent:
        verdict = verdicts.verdict_on(api.display_name, Meaning.NO_CREDIT)
        return replace(verdict, facts=told.facts, expires_at=told.expires_at, openness=openness)
    if reading is Meaning.LISTED and (api.public_listing or (server and server.public_listing)):
        if openness == "gated":  # learned of something else that lived here; the next test learns anew
            return verdicts.openness_changed(api.display_name)
        return (yield from check_by_completion(api, key, server))
    if reading is Meaning.LISTED and openness == "gated":
        return _with_key_facts(verdicts.accepted(api.display_name, earlier=True), told, api, openness)
    control = api.classify_listing((yield api.list_request("a made-up key", made_up_key(key))))
    if reading is control is Meaning.LISTED:
        return (yield from check_by_completion(api, key, server))
    verdict = verdicts.against_control(api.display_name, reading, control, denied=api.forbidden_action)
    return _with_key_facts(
        replace(verdict, provider_message="" if reading is Meaning.LISTED else provider_message(answer)),
        told,
        api,
        openness,
    )


def _with_key_facts(verdict: Verdict, told: KeyFacts, api: LlmApi, openness: Openness) -> Verdict:
    """What the host told of the key counts only once it is proven that it was told of this key."""
    if verdict.outcome.mark != "pass":
        return replace(verdict, openness=openness)
    if told.limited and verdict.outcome is Outcome.VERIFIED:
        verdict = verdicts.limited(api.display_name, told.limited)
    return replace(verdict, facts=told.facts, expires_at=told.expires_at, openness="gated")


def _no_listing(api: LlmApi, key: str, answer: ProbeResponse, openness: Openness) -> Probe:
    """No listing here: there may be a completion endpoint, or the API may have another base URL."""
    left = (MAX_REQUESTS if openness == "unknown" else MAX_REQUESTS_KNOWN_HOST) - 1
    reading = api.classify_listing(answer)
    verdict = verdicts.verdict_on(api.display_name, reading, status=answer.status)
    if reading is Meaning.NOT_FOUND and openness == "unknown":
        posted, reading, control = yield from empty_requests(api, key)
        verdict = verdict_on_pair(
            api, key, (posted, reading, control), found=reading in REQUEST_INVALID | {Meaning.NOT_AN_API_ERROR}
        )
        left -= 1 if control is None else 2
        if verdict.outcome.mark == "pass":
            verdict = replace(verdict, openness="open")  # no listing to ask: next time the pair at once
    elif reading is Meaning.NOT_FOUND:
        verdict = verdicts.same_for_both(api.display_name, found=False)
    if verdict.outcome is Outcome.CANNOT_TELL and reading in NO_API_HERE:
        verdict = yield from _with_sibling_offer(api, key, verdict, left)
    return replace(
        verdict,
        provider_message=verdict.provider_message
        or ("" if verdict.outcome.mark == "pass" else provider_message(answer)),
    )


def _endpoint_pasted(api: LlmApi, key: str) -> Probe:
    """A whole endpoint was typed. Workflows append to a base URL, so that whatever answers there helps none of them."""
    return (
        yield from _with_sibling_offer(api, key, verdicts.endpoint_pasted(api.display_name), MAX_REQUESTS_KNOWN_HOST)
    )


def _with_sibling_offer(api: LlmApi, key: str, verdict: Verdict, left: int) -> Probe:
    """`verdict`, with the base URL in its advice where the API does answer: offered, never applied silently."""
    for base in api.siblings[:left]:
        answer = yield api.sibling_request(base, key)
        if classify(answer) is Meaning.LISTED or (isinstance(answer.json, dict) and classify(answer) in _API_ANSWERS):
            return replace(
                verdict,
                advice=f"The API answers at {base}: set that as base URL.",
                provider_message=provider_message(answer),
            )
    return verdict


def _check_without_key(api: LlmApi) -> Probe:
    if not api.listing:
        return (yield from check_completion_without_key(api))
    answer = yield api.list_request("no key", "")
    reading, server = api.classify_listing(answer), server_of(answer)
    api = api.on_server(server)
    if reading is Meaning.LISTED and (api.public_listing or (server and server.public_listing)):
        return (yield from check_completion_without_key(api))
    verdict = verdicts.without_key(api.display_name, reading, redirect_host(answer), answer.status)
    if reading in NO_API_HERE:
        verdict = yield from _with_sibling_offer(api, "", verdict, MAX_REQUESTS - 1)
    return replace(verdict, provider_message=provider_message(answer))
