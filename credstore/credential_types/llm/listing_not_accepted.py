"""The checks that follow when the model listing did not accept the key. Sans-IO.

They find out whether the key is really refused, whether the completion endpoint accepts it, and whether the API has
another base URL. Each function makes at most three more requests after the one to the listing.
"""

from dataclasses import replace

from credstore.credential_types.error_words import is_api_error
from credstore.credential_types.inconclusive import from_cache
from credstore.credential_types.llm import comparison_verdicts, single_response_verdicts
from credstore.credential_types.llm.api_requests import LlmApi
from credstore.credential_types.llm.completion_check import (
    Listing,
    check_by_completion,
    judge_completion,
    without_this_key,
)
from credstore.credential_types.llm.made_up_key_control import Endpoint, Finding, compare
from credstore.credential_types.llm.response_meaning import (
    NO_API_HERE,
    REQUEST_INVALID,
    Meaning,
    classify,
    provider_message,
)
from credstore.probe import Knowledge, Outcome, Probe, ProbeResponse, Verdict, counted

_REFUSALS = {Meaning.REFUSED, Meaning.WRONG_ORGANIZATION}
_API_ANSWERS = {Meaning.REFUSED, Meaning.LIMITED, Meaning.FORBIDDEN}  # with JSON, that is


def confirm_refusal(api: LlmApi, key: str, refused: ProbeResponse, known: Knowledge) -> Probe:
    """The listing refused the key. It may be closed to every key, or a cache may repeat a refusal of another one.

    The completion endpoint decides. Where it does not check keys, the listing is asked again past any cache.
    """
    verdict = single_response_verdicts.verdict_on(
        api.display_name, api.classify_listing(refused), status=refused.status
    )
    verdict = replace(verdict, provider_message=provider_message(refused), openness=without_this_key(known))
    posted = yield api.completion_request("your key", key)
    meaning = api.classify_completion(posted)
    if meaning in _REFUSALS:
        return verdict
    if meaning in REQUEST_INVALID | {Meaning.LIMITED}:
        if not known.control:
            return comparison_verdicts.refused_by_listing_only(api.display_name, refused.status)
        other = yield from judge_completion(api, key, known, posted, left=1)
        if other.outcome.mark == "pass" or other.outcome is Outcome.ACCEPTED_UNPROVEN:
            return other
    fresh = yield api.fresh_list_request("your key, past any cache", key)
    again = api.classify_listing(fresh)
    if from_cache(fresh):
        return comparison_verdicts.cache_answered(api.display_name)
    if again in _REFUSALS:
        return verdict
    accepted = again in {Meaning.LISTED, Meaning.LIMITED, Meaning.FORBIDDEN}
    return comparison_verdicts.refused_once(api.display_name, refused.status, accepted=accepted)


def check_past_cache(api: LlmApi, key: str, fresh: ProbeResponse, known: Knowledge) -> Probe:
    """A cache accepted the key in place of the server, which then answered with `fresh`; two requests are left.

    They are too few to prove the key at the listing, so the completion endpoint is asked. Where that shows nothing
    either, the listing may be all that checks keys.
    """
    cached, meaning = comparison_verdicts.cache_answered(api.display_name), api.classify_listing(fresh)
    if from_cache(fresh) or meaning not in {Meaning.LISTED, Meaning.REFUSED}:
        return cached
    if meaning is Meaning.REFUSED:
        posted = yield api.completion_request("your key", key)
        if api.classify_completion(posted) not in _REFUSALS:
            return cached
        verdict = single_response_verdicts.verdict_on(api.display_name, meaning, status=fresh.status)
        return replace(verdict, provider_message=provider_message(fresh), openness=without_this_key(known))
    verdict = yield from check_by_completion(api, key, known, left=2, listing=Listing(answered=True, listed=True))
    decided = {Outcome.ACCEPTED_UNPROVEN, Outcome.REJECTED, Outcome.PROVIDER_TROUBLE}
    return verdict if verdict.outcome in decided else cached


def check_without_listing(api: LlmApi, key: str, missing: ProbeResponse, known: Knowledge) -> Probe:
    """There is no listing here: there may be a completion endpoint, or the API may have another base URL."""
    meaning, left = api.classify_listing(missing), 3
    verdict = single_response_verdicts.verdict_on(api.display_name, meaning, status=missing.status)
    if meaning is Meaning.NOT_FOUND:
        posted = yield api.completion_request("your key", key)
        left = 2
        if api.classify_completion(posted) is not Meaning.NOT_FOUND:
            verdict, made = yield from counted(judge_completion(api, key, known, posted, left=1))
            left -= made
            if api.classify_completion(posted) not in NO_API_HERE:
                return verdict
        elif known.control:
            # A server that checks keys before it looks for the page knows the key, and still has no API here.
            endpoint = Endpoint(request=api.completion_request, classify=api.classify_completion)
            found = yield from compare(endpoint, key, posted, twice=False)
            told_apart, left = found.finding is Finding.TOLD_APART_ONCE, 1
            verdict = comparison_verdicts.no_api_here(api.display_name, key_known=told_apart)
        else:
            verdict = comparison_verdicts.no_api_here(api.display_name, key_known=False)
    verdict = replace(verdict, openness=without_this_key(known))
    verdict = yield from with_sibling_offer(api, key, verdict, left)
    return replace(verdict, provider_message=verdict.provider_message or provider_message(missing))


def with_sibling_offer(api: LlmApi, key: str, verdict: Verdict, left: int) -> Probe:
    """`verdict`, with the base URL in its advice where the API does answer: offered, never applied silently."""
    for base in api.siblings[:left]:
        answer = yield api.sibling_request(base, key)
        if classify(answer) is Meaning.LISTED or (is_api_error(answer.json) and classify(answer) in _API_ANSWERS):
            return replace(
                verdict,
                advice=f"The API answers at {base}: set that as base URL.",
                provider_message=provider_message(answer),
            )
    return verdict
