"""Checks a key by empty completion requests, for where a listing proves nothing: an endpoint that judges keys first
refuses a made-up one and finds the other's request wanting. Sans-IO; must never send a body other than `{}`.
"""

from collections.abc import Collection, Generator
from dataclasses import replace

from credstore.credential_types.llm import verdicts
from credstore.credential_types.llm.api_requests import LlmApi
from credstore.credential_types.llm.hosts import ServerSoftware
from credstore.credential_types.llm.response_meaning import (
    NO_API_HERE,
    REQUEST_INVALID,
    Meaning,
    provider_message,
    redirect_host,
)
from credstore.credential_types.made_up_key import made_up_key
from credstore.probe import Outcome, Probe, ProbeRequest, ProbeResponse, Verdict

_NEEDS_CONTROL = REQUEST_INVALID | {Meaning.NOT_FOUND, Meaning.FORBIDDEN, Meaning.LIMITED, Meaning.NOT_AN_API_ERROR}
_PASSED = REQUEST_INVALID | {Meaning.NOT_FOUND}  # beside a refusal of the made-up key
_NO_PROOF = {Meaning.SERVER_ERROR, Meaning.NOT_THIS_API, Meaning.LISTED}  # to a request that asks for nothing
_REFUSALS = {Meaning.REFUSED, Meaning.WRONG_ORGANIZATION, Meaning.FORBIDDEN, Meaning.LIMITED}

Pair = tuple[ProbeResponse, Meaning, Meaning | None]


def check_by_completion(api: LlmApi, key: str, server: ServerSoftware | None = None) -> Probe:
    """The verdict where the listing takes any key. Two requests at most."""
    answer, reading, control = yield from empty_requests(api, key, _NEEDS_CONTROL | _NO_PROOF)
    # Plain http is permitted to local servers only, where an open server is the rule. On the public internet an
    # endpoint that validates before it authenticates looks just the same, and claiming "any key" would be a guess.
    takes_any = api.plain_http or bool(server and server.any_key)
    if reading is control is Meaning.SERVER_ERROR:
        verdict = replace(
            verdicts.trouble_for_both(api.display_name, any_key=takes_any), provider_message=provider_message(answer)
        )
    elif (
        takes_any
        and reading is control
        and reading in REQUEST_INVALID | _NO_PROOF
        and (answer.status >= 400 or answer.json is not None)
    ):
        verdict = verdicts.any_key(api.display_name)
    else:
        verdict = verdict_on_pair(api, key, (answer, reading, control), found=True)
    # Not to be remembered: a completion endpoint that is gone, and what a server showed that is not asked again.
    forget = (verdict.outcome is Outcome.CANNOT_TELL and reading in NO_API_HERE) or (
        verdict.outcome is Outcome.KEY_NOT_CHECKED and not api.plain_http
    )
    return replace(verdict, openness="unknown" if forget else "open")


def empty_requests(
    api: LlmApi, key: str, worth_control: Collection[Meaning] = frozenset(_NEEDS_CONTROL)
) -> Generator[ProbeRequest, ProbeResponse, Pair]:
    """The empty request with the key and, where that can decide anything, with a made-up one: its control."""
    answer = yield api.completion_request("Send an empty request with your key", key)
    reading = api.classify_completion(answer)
    if reading not in worth_control:
        return answer, reading, None
    return (
        answer,
        reading,
        api.classify_completion((yield api.completion_request("The same with a made-up key", made_up_key(key)))),
    )


def verdict_on_pair(api: LlmApi, key: str, pair: Pair, *, found: bool) -> Verdict:
    """What the pair of answers means; `found` says that there is an API at this address at all."""
    answer, reading, control = pair
    if control is None:
        verdict = verdicts.verdict_on(api.display_name, reading, redirect_host(answer, key), answer.status)
    elif reading in {Meaning.FORBIDDEN, Meaning.LIMITED}:
        verdict = verdicts.against_control(api.display_name, reading, control, denied="ask for completions")
    elif control in _REFUSALS and reading in _PASSED:
        return verdicts.accepted(api.display_name)
    elif control in _REFUSALS:
        verdict = verdicts.unclear_beside_refusal(api.display_name, reading, answer.status)
    elif control is reading:
        verdict = verdicts.same_for_both(api.display_name, found=found)
    else:
        verdict = verdicts.unclear_control(api.display_name, control)
    return replace(verdict, provider_message=provider_message(answer))


def check_completion_without_key(api: LlmApi) -> Probe:
    """Whether a server with a public listing wants a key shows only where it works."""
    answer = yield api.completion_request("Send an empty request without a key", "")
    reading = api.classify_completion(answer)
    works = Meaning.LISTED if reading in REQUEST_INVALID else reading
    return replace(
        verdicts.without_key(api.display_name, works, redirect_host(answer), answer.status),
        provider_message=provider_message(answer),
    )
