"""Checks a key by completion requests with an empty body, where the model listing does not check keys. Sans-IO.

An endpoint that checks keys before it reads the body refuses a made-up key, and answers a right key with an error about
the missing fields. The body must always be `{}`, so that no tokens are spent.
"""

from dataclasses import dataclass, replace

from credstore.credential_types.llm import comparison_verdicts, single_response_verdicts
from credstore.credential_types.llm.api_requests import LlmApi
from credstore.credential_types.llm.hosts import ServerSoftware
from credstore.credential_types.llm.made_up_key_control import Comparison, Endpoint, Finding, compare
from credstore.credential_types.llm.response_detail import response_detail
from credstore.credential_types.llm.response_meaning import (
    NO_API_HERE,
    REQUEST_INVALID,
    Meaning,
    provider_message,
)
from credstore.probe import Knowledge, Openness, Probe, ProbeResponse, Verdict

_DENIED = {Meaning.FORBIDDEN, Meaning.LIMITED}
_NO_PROOF = {Meaning.SERVER_ERROR, Meaning.NOT_THIS_API, Meaning.LISTED}  # to a request that asks for nothing
_DENIED_ACTION = "ask for completions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What the model listing showed before: `answered` that an API is there, `listed` that it listed models.

    `same` and `differs` say whether it answered a made-up key just as it answered the key, or otherwise (neither: it
    was not asked). `server` is the server software that its response shows.
    """

    answered: bool = False
    listed: bool = False
    same: bool = False
    differs: bool = False
    server: ServerSoftware | None = None


def check_by_completion(api: LlmApi, key: str, known: Knowledge, *, left: int, listing: Listing = Listing()) -> Probe:
    """The verdict where the listing takes any key, or is not there. `left` is how many requests may be made: 2 to 4."""
    first = yield api.completion_request("your key", key)
    return (yield from judge_completion(api, key, known, first, left=left - 1, listing=listing))


def judge_completion(
    api: LlmApi, key: str, known: Knowledge, first: ProbeResponse, *, left: int, listing: Listing = Listing()
) -> Probe:
    """The verdict, where `first` answered an empty request with the key, and `left` more requests may be made: 1 to 3.

    With three left the whole control is asked, and only then can an unknown key pass. A key that was proven here before
    needs one.
    """
    meaning = api.classify_completion(first)
    # A completion endpoint that is not there says something only where the API is known to be there.
    accepts = meaning in REQUEST_INVALID or (meaning is Meaning.NOT_FOUND and listing.listed)
    if meaning is Meaning.REFUSED:
        verdict = yield from _refused(api, key, known, first, listing)
    elif not (accepts or meaning in _DENIED | _NO_PROOF):
        verdict = single_response_verdicts.verdict_on(
            api.display_name, meaning, response_detail(first, key), first.status
        )
        if meaning in NO_API_HERE:
            verdict = replace(verdict, openness="unknown")
            verdict = comparison_verdicts.same_for_both(api.display_name) if listing.answered else verdict
    elif not known.control:
        verdict = comparison_verdicts.without_control(
            api.display_name, _DENIED_ACTION, meaning, first.status, accepts=accepts
        )
    else:
        proven = known.key_proven and known.openness == "open"
        whole = left == 3 and not proven and (accepts or meaning is Meaning.LIMITED)
        endpoint = Endpoint(request=api.completion_request, classify=api.classify_completion)
        found = yield from compare(endpoint, key, first, twice=whole)
        verdict = _verdict_on(api, meaning, first, found, listing, proven=proven)
        verdict = replace(verdict, openness=verdict.openness or _after_control(meaning, found.finding, known))
    passed = verdict.outcome.mark == "pass"
    return replace(verdict, key_proven=passed, provider_message="" if passed else provider_message(first))


def _refused(api: LlmApi, key: str, known: Knowledge, first: ProbeResponse, listing: Listing) -> Probe:
    """The key was refused. Once more, for one of several servers behind an address may know less than the others."""
    again = api.classify_completion((yield api.completion_request("your key again", key)))
    if again in {Meaning.REFUSED, Meaning.WRONG_ORGANIZATION}:
        judges = listing.listed and known.openness == "unknown"
        openness: Openness = "open" if judges else without_this_key(known)
        return replace(
            single_response_verdicts.verdict_on(api.display_name, Meaning.REFUSED, status=first.status),
            openness=openness,
        )
    accepted = again in REQUEST_INVALID
    verdict = comparison_verdicts.refused_once(api.display_name, first.status, accepted=accepted)
    return replace(verdict, openness="erratic" if accepted else None)


def without_this_key(known: Knowledge) -> Openness:
    """What stays known of the destination once the key is not accepted there: only that the key was proves "gated"."""
    return "unknown" if known.openness == "gated" else known.openness


def check_completion_without_key(api: LlmApi) -> Probe:
    """Whether a server with a public listing wants a key shows only where it works."""
    answer = yield api.completion_request("no key", "")
    meaning = api.classify_completion(answer)
    works = Meaning.LISTED if meaning in REQUEST_INVALID else meaning
    return replace(
        single_response_verdicts.without_key(api.display_name, works, response_detail(answer), answer.status),
        provider_message=provider_message(answer),
    )


def _verdict_on(
    api: LlmApi, meaning: Meaning, first: ProbeResponse, found: Comparison, listing: Listing, *, proven: bool
) -> Verdict:
    actor, finding = api.display_name, found.finding
    if finding is Finding.CONTRADICTED:
        return comparison_verdicts.contradicted(actor)
    if finding is Finding.CACHED:
        return comparison_verdicts.cache_answered(actor)
    if finding is Finding.SAME:
        return _same_for_both(api, meaning, first, listing)
    if finding is Finding.ALSO_ACCEPTED:
        return comparison_verdicts.same_for_both(actor)
    if finding is Finding.UNCLEAR:
        return comparison_verdicts.unclear_control(actor, found.control)
    if meaning in _NO_PROOF:
        return comparison_verdicts.unclear_beside_refusal(actor, meaning, first.status)
    if meaning is Meaning.FORBIDDEN:
        return comparison_verdicts.known_but_forbidden(actor, _DENIED_ACTION)
    if finding is Finding.TOLD_APART_ONCE and not proven:
        return comparison_verdicts.accepted_once(actor)
    if meaning is Meaning.LIMITED:
        return comparison_verdicts.known_but_limited(actor, _DENIED_ACTION)
    return comparison_verdicts.accepted(actor, earlier=proven)


def _same_for_both(api: LlmApi, meaning: Meaning, first: ProbeResponse, listing: Listing) -> Verdict:
    actor = api.display_name
    # Plain http is permitted to local servers only, where an open server is the rule. On the public internet an
    # endpoint that validates before it authenticates looks just the same, and claiming "any key" would be a guess.
    takes_any = api.plain_http or bool(listing.server and listing.server.any_key)
    if listing.differs:
        return comparison_verdicts.same_for_both(actor)
    if meaning is Meaning.SERVER_ERROR:
        return comparison_verdicts.trouble_for_both(actor, any_key=takes_any)
    read = meaning in REQUEST_INVALID or (listing.same and meaning is Meaning.NOT_FOUND)
    if takes_any and (read or (meaning in _NO_PROOF and first.json is not None)):
        return comparison_verdicts.any_key(actor)
    if read:
        return comparison_verdicts.key_not_checked(actor)
    return comparison_verdicts.same_for_both(actor)


def _after_control(meaning: Meaning, finding: Finding, known: Knowledge) -> Openness | None:
    """Whether the completion endpoint was seen to check keys, so that the next test asks it at once."""
    if known.openness == "erratic" or meaning is Meaning.SERVER_ERROR:
        return None
    if finding in {Finding.TOLD_APART, Finding.TOLD_APART_ONCE} and meaning in REQUEST_INVALID | {Meaning.LIMITED}:
        return "open"
    return "unknown" if finding is Finding.SAME else None
