"""The general check of a key, for every API with a model listing and a completion endpoint. Sans-IO; spends no tokens.

A listing that is shown proves nothing by itself: many listings are public. So the same request is sent with made-up
keys of the same form, in the order of `made_up_key_control`: key, made-up key, another made-up key, key. The test
passes only when these are accepted, refused, refused and accepted.

- Where the listing does not tell keys apart, an empty completion request may. After two requests to the listing two are
  left, so the key can be accepted there, but not proven. The destination is then remembered as "open", and its next
  test sends all four requests to the completion endpoint.
- A refusal counts only when the completion endpoint refuses too, or the listing does so again past any cache.
- What a cache answers counts for nothing (`from_cache`): the listing is asked again past it, and then completions.
  Some caches do not say that they answered, so the listing that proves a key is asked past any cache.
- What earlier tests learned saves requests: for a day, a key that was proven at a listing is sent there once, and one
  that was proven by completions twice. It never counts for another key.
- Where `Knowledge.control` is False, no made-up key is sent, and the test never passes.

No check makes more than `MAX_REQUESTS` requests.
"""

from dataclasses import replace

from credstore.credential_types.inconclusive import from_cache
from credstore.credential_types.llm import comparison_verdicts, single_response_verdicts
from credstore.credential_types.llm.api_requests import LlmApi
from credstore.credential_types.llm.base_urls import without_endpoint
from credstore.credential_types.llm.completion_check import Listing, check_by_completion, check_completion_without_key
from credstore.credential_types.llm.hosts import KeyFacts, server_of
from credstore.credential_types.llm.listing_not_accepted import (
    check_past_cache,
    check_without_listing,
    confirm_refusal,
    with_sibling_offer,
)
from credstore.credential_types.llm.made_up_key_control import Comparison, Endpoint, Finding, compare
from credstore.credential_types.llm.model_lists import listed_for, with_models
from credstore.credential_types.llm.response_detail import response_detail
from credstore.credential_types.llm.response_meaning import NO_API_HERE, Meaning, provider_message
from credstore.probe import MAX_REQUESTS, Knowledge, Outcome, Probe, ProbeResponse, Verdict

_NOT_REFUSED = {Meaning.LISTED, Meaning.LIMITED, Meaning.FORBIDDEN}


def check_key(api: LlmApi, key: str, known: Knowledge) -> Probe:
    """Drive the whole check of `key` (may be empty: a server that needs none)."""
    verdict = yield from _check(api, key, known)
    if verdict.outcome.mark == "pass" and known.openness == "erratic":
        verdict = replace(
            comparison_verdicts.contradicted_before(api.display_name), provider_message=verdict.provider_message
        )
    if verdict.openness is None:  # nothing was learned, so nothing is forgotten
        return replace(verdict, openness=known.openness, key_proven=known.key_proven)
    return verdict


def _check(api: LlmApi, key: str, known: Knowledge) -> Probe:
    if without_endpoint(api.base) != api.base:
        # Workflows append to a base URL, so that whatever answers at an endpoint helps none of them.
        pasted = comparison_verdicts.endpoint_pasted(api.display_name)
        return (yield from with_sibling_offer(api, key, pasted, 2))
    if not key:
        return (yield from _check_without_key(api))
    if not api.listing or known.openness == "open":
        return (yield from check_by_completion(api, key, known, left=MAX_REQUESTS))
    proven = known.key_proven and known.openness == "gated"
    first = yield (api.proving_list_request if proven else api.list_request)("your key", key)
    meaning, api = api.classify_listing(first), api.on_server(server_of(first))
    if meaning is Meaning.LISTED and from_cache(first):
        return (yield from _cached(api, key, first, known))
    if meaning in _NOT_REFUSED:
        return (yield from _not_refused(api, key, first, known))
    if meaning in NO_API_HERE:
        return (yield from check_without_listing(api, key, first, known))
    if meaning is Meaning.REFUSED:
        return (yield from confirm_refusal(api, key, first, known))
    verdict = single_response_verdicts.verdict_on(api.display_name, meaning, response_detail(first, key), first.status)
    return replace(verdict, provider_message=provider_message(first))


def _cached(api: LlmApi, key: str, first: ProbeResponse, known: Knowledge) -> Probe:
    """A cache lists models for this key, which may be revoked since. What the server itself says counts."""
    server = server_of(first)
    if api.public_listing or (server and server.public_listing):  # which proves nothing anyway
        return (yield from _not_refused(api, key, first, known))
    fresh = yield api.fresh_list_request("your key, past any cache", key)
    listed = api.classify_listing(fresh) is Meaning.LISTED and not from_cache(fresh)
    if listed and ((known.key_proven and known.openness == "gated") or not known.control):
        return (yield from _not_refused(api, key, fresh, known))  # which then asks nothing more
    verdict = yield from check_past_cache(api, key, fresh, known)
    return with_models(verdict, api, fresh.json, "not-known") if listed else verdict


def _not_refused(api: LlmApi, key: str, first: ProbeResponse, known: Knowledge) -> Probe:
    meaning, server = api.classify_listing(first), server_of(first)
    listed = meaning is Meaning.LISTED
    key_facts = (api.key_facts(first.json) if listed else None) or KeyFacts()
    if key_facts.spent:
        verdict = single_response_verdicts.verdict_on(api.display_name, Meaning.NO_CREDIT)
        return replace(verdict, facts=key_facts.facts, expires_at=key_facts.expires_at)
    proven = known.key_proven and known.openness == "gated"
    if listed and (api.public_listing or (server and server.public_listing)):
        if proven:  # learned of something else that lived here; the next test learns anew
            return comparison_verdicts.openness_changed(api.display_name)
        listing = Listing(answered=True, listed=True, server=server)
        verdict = yield from check_by_completion(api, key, known, left=3, listing=listing)
        return with_models(verdict, api, first.json, "any-key")
    if listed and proven and known.control:
        verdict = _with_key_facts(comparison_verdicts.accepted(api.display_name, earlier=True), key_facts, api)
        return with_models(verdict, api, first.json, "this-key")
    if not known.control:
        denied = api.forbidden_action
        verdict = comparison_verdicts.without_control(api.display_name, denied, meaning, first.status, accepts=listed)
        verdict = replace(verdict, provider_message=provider_message(first))
        return with_models(verdict, api, first.json, "not-known")
    endpoint = Endpoint(request=api.list_request, classify=api.classify_listing, last_request=api.proving_list_request)
    found = yield from compare(endpoint, key, first, twice=meaning is not Meaning.FORBIDDEN)
    if _decides_nothing(meaning, found):
        same = found.finding is Finding.SAME
        listing = Listing(answered=True, listed=listed, same=same, differs=not same, server=server)
        verdict = yield from check_by_completion(api, key, known, left=2, listing=listing)
        return with_models(verdict, api, first.json, listed_for(found))
    verdict = replace(_verdict_on(api, meaning, found), provider_message="" if listed else provider_message(first))
    return with_models(_with_key_facts(verdict, key_facts, api), api, first.json, listed_for(found))


def _decides_nothing(meaning: Meaning, found: Comparison) -> bool:
    """Whether the listing says the same to any key, so that the completion endpoint has to be asked."""
    if meaning is Meaning.LIMITED:
        return False
    return found.finding is Finding.ALSO_ACCEPTED or (found.finding is Finding.SAME and meaning in _NOT_REFUSED)


def _verdict_on(api: LlmApi, meaning: Meaning, found: Comparison) -> Verdict:
    actor = api.display_name
    if found.finding is Finding.CACHED:
        return comparison_verdicts.cache_answered(actor)
    if found.finding is Finding.CONTRADICTED:
        return comparison_verdicts.contradicted(actor)
    if found.finding in {Finding.SAME, Finding.ALSO_ACCEPTED} or (
        found.finding is Finding.UNCLEAR and found.control in _NOT_REFUSED
    ):
        return comparison_verdicts.same_for_both(actor)
    if found.finding is Finding.UNCLEAR:
        return comparison_verdicts.unclear_control(actor, found.control)
    if meaning is Meaning.FORBIDDEN:
        return comparison_verdicts.known_but_forbidden(actor, api.forbidden_action)
    if meaning is Meaning.LIMITED:
        return comparison_verdicts.known_but_limited(actor, api.forbidden_action)
    return comparison_verdicts.accepted(actor)


def _with_key_facts(verdict: Verdict, key_facts: KeyFacts, api: LlmApi) -> Verdict:
    """The verdict with what the host says about the key. That counts only when it is proven to be about this key."""
    if verdict.outcome.mark != "pass":
        return verdict
    if key_facts.limited and verdict.outcome is Outcome.VERIFIED:
        verdict = comparison_verdicts.limited(api.display_name, key_facts.limited)
    return replace(verdict, facts=key_facts.facts, expires_at=key_facts.expires_at, openness="gated", key_proven=True)


def _check_without_key(api: LlmApi) -> Probe:
    if not api.listing:
        return (yield from check_completion_without_key(api))
    answer = yield api.list_request("no key", "")
    meaning, server = api.classify_listing(answer), server_of(answer)
    api = api.on_server(server)
    if meaning is Meaning.LISTED and (api.public_listing or (server and server.public_listing)):
        return with_models((yield from check_completion_without_key(api)), api, answer.json, "any-key")
    verdict = single_response_verdicts.without_key(api.display_name, meaning, response_detail(answer), answer.status)
    if meaning in NO_API_HERE:
        verdict = yield from with_sibling_offer(api, "", verdict, MAX_REQUESTS - 1)
    return with_models(replace(verdict, provider_message=provider_message(answer)), api, answer.json, "any-key")
