"""The texts of the verdicts that two or more responses are compared for: one function for each conclusion. Pure.

Every reason names who answered, and every advice says what to do next. None repeats a provider's text.
"""

from dataclasses import replace

from credstore.credential_types.llm.response_meaning import Meaning
from credstore.credential_types.llm.single_response_verdicts import CHECK_URL, TRY_IT
from credstore.probe import Outcome, Verdict

TEST_AGAIN = "Test again: the next test asks there alone, with two made-up keys, and can prove the key."
NO_CONTROL = "This credential is tested without a made-up key, so nothing more can be proven. Try it in a workflow."


def accepted(actor: str, *, earlier: bool = False) -> Verdict:
    proof = f"{actor} accepted this key, and refused made-up ones."
    if earlier:
        proof = f"{actor} accepted this key. Another test of it in the last day showed that made-up ones are refused."
    return Verdict(
        outcome=Outcome.VERIFIED,
        reason=proof,
        advice="Whether the account has credit shows only in use.",
    )


def accepted_once(actor: str) -> Verdict:
    """One acceptance and one refusal: a guard of an open server may look the same."""
    return Verdict(
        outcome=Outcome.ACCEPTED_UNPROVEN,
        reason=f"{actor} accepted this key for completions, and refused a made-up one, once each.",
        advice=TEST_AGAIN,
    )


def without_control(actor: str, denied: str, meaning: Meaning, status: int, *, accepts: bool) -> Verdict:
    """The answer to the key alone, where no made-up key may be sent."""
    if accepts:
        return Verdict(
            outcome=Outcome.ACCEPTED_UNPROVEN,
            reason=f"{actor} accepted this key. Whether it refuses others was not asked.",
            advice=NO_CONTROL,
        )
    if meaning in {Meaning.LIMITED, Meaning.FORBIDDEN}:
        return Verdict(
            outcome=Outcome.CANNOT_TELL,
            reason=f"{actor} does not let this key {denied} ({status}). It may know the key all the same.",
            advice=NO_CONTROL,
        )
    return Verdict(
        outcome=Outcome.CANNOT_TELL,
        reason=f"{actor} answered {status}, which neither accepts nor refuses this key.",
        advice=NO_CONTROL,
    )


def limited(actor: str, but: str) -> Verdict:
    return Verdict(
        outcome=Outcome.ACCEPTED_LIMITED,
        reason=f"{actor} knows this key, but {but}",
        advice="Check that it may do what your workflows do; if not, create a key for them at the provider.",
    )


def known_but_limited(actor: str, denied: str) -> Verdict:
    return Verdict(
        outcome=Outcome.ACCEPTED_LIMITED,
        reason=f"{actor} knows this key (it refused made-up ones), but the key may not {denied}.",
        advice="Check that its scopes cover what your workflows do.",
    )


def known_but_forbidden(actor: str, denied: str) -> Verdict:
    return Verdict(
        outcome=Outcome.CANNOT_TELL,
        reason=f"{actor} knows this key (it refused a made-up one), but does not let it {denied}.",
        advice="See what the provider says of this key, and whether it serves your region and account.",
    )


def cache_answered(actor: str) -> Verdict:
    return Verdict(
        outcome=Outcome.CANNOT_TELL,
        reason=f"A cache answered in place of {actor}. It may repeat what was true of a key some time ago.",
        advice="Test again in a few minutes. If this stays so, ask who runs this server to cache no model listing.",
    )


def contradicted(actor: str) -> Verdict:
    return Verdict(
        outcome=Outcome.CANNOT_TELL,
        reason=f"{actor} contradicted itself: it accepted a key, and then refused it or accepted a made-up one too. "
        "It may have locked this machine out for a while because of the made-up keys, a cache "
        "may repeat old answers, or it answers at random.",
        advice="Wait an hour, then test again. If made-up keys lock this machine out, choose a test without them.",
        openness="erratic",
    )


def contradicted_before(actor: str) -> Verdict:
    return Verdict(
        outcome=Outcome.CANNOT_TELL,
        reason=f"{actor} accepted this key, but it contradicted itself in a test within the last hour, so that proves "
        "nothing.",
        advice="Wait an hour, then test again.",
        openness="erratic",
    )


def openness_changed(actor: str) -> Verdict:
    """What was learned of this host is no longer so; the unknown openness lets the next test learn it again."""
    return Verdict(
        outcome=Outcome.CANNOT_TELL,
        reason=f"{actor} lists its models for any key now; in an earlier test it did not.",
        advice="Test again: credstore then finds out anew how this server treats keys.",
        openness="unknown",
    )


def endpoint_pasted(actor: str) -> Verdict:
    return Verdict(
        outcome=Outcome.CANNOT_TELL,
        reason=f"This is the URL of one endpoint of {actor}. Workflows append such a path to the base URL themselves.",
        advice="Cut the base URL off before the endpoint: most servers expect it to end in /v1.",
    )


def no_api_here(actor: str, *, key_known: bool) -> Verdict:
    reason = f"{actor} has neither a model listing nor a completion endpoint at this address."
    if key_known:
        reason += " It refused a made-up key and not yours, so it seems to know yours."
    return Verdict(outcome=Outcome.CANNOT_TELL, reason=reason, advice=CHECK_URL)


def refused_by_listing_only(actor: str, status: int) -> Verdict:
    return Verdict(
        outcome=Outcome.CANNOT_TELL,
        reason=f"{actor} refused this key where models are listed ({status}), and not where completions are asked for.",
        advice=NO_CONTROL,
    )


def refused_once(actor: str, status: int, *, accepted: bool) -> Verdict:
    """A refusal that a second look did not confirm."""
    then = (
        "and did not when asked again: a cache or one of several servers may have answered first"
        if accepted
        else "but gave no clear answer when asked again"
    )
    return Verdict(
        outcome=Outcome.CANNOT_TELL,
        reason=f"{actor} refused this key at first ({status}), {then}.",
        advice="Test again in a minute. If this stays so, ask who runs this server.",
    )


def wrong_dialect(actor: str, base_url: str, refused: Verdict) -> Verdict:
    """A refusal that may be meant for the header, not for the key."""
    return replace(
        refused,
        outcome=Outcome.CANNOT_TELL,
        reason=f"{actor} refused this key where Anthropic's clients send it; it may take keys in another way only.",
        advice=f"Use the provider type OpenAI Compatible with the base URL {base_url}.",
    )


def any_key(actor: str) -> Verdict:
    return Verdict(
        outcome=Outcome.KEY_NOT_CHECKED,
        reason=f"{actor} works, but it answered a made-up key just as it answered yours: this server takes any key.",
        advice="Nothing to do, if this server is meant to be open.",
    )


def key_not_checked(actor: str) -> Verdict:
    """For servers of which "takes any key" would be a guess: they may look at the key later than they were asked."""
    return Verdict(
        outcome=Outcome.KEY_NOT_CHECKED,
        reason=f"{actor} answered a made-up key of the same form just as it answered yours: it checked neither.",
        advice=TRY_IT,
    )


def same_for_both(actor: str) -> Verdict:
    return Verdict(
        outcome=Outcome.CANNOT_TELL,
        reason=f"{actor} was reached, but did not tell a made-up key from yours.",
        advice=TRY_IT,
    )


def trouble_for_both(actor: str, *, any_key: bool) -> Verdict:
    """An empty completion request ends in a 5xx with any key: waiting would not help."""
    return Verdict(
        outcome=Outcome.KEY_NOT_CHECKED if any_key else Outcome.CANNOT_TELL,
        reason=f"{actor} had trouble of its own (a 5xx answer) with an empty request, whichever key went with it.",
        advice=TRY_IT,
    )


def unclear_beside_refusal(actor: str, meaning: Meaning, status: int) -> Verdict:
    """The made-up key was refused, but what came back for the key itself does not show that it was looked at."""
    if meaning is Meaning.SERVER_ERROR:
        came, advice = "but had trouble of its own (a 5xx answer) with yours.", "Test again in a minute. "
    else:
        came, advice = f"but its answer to yours ({status}) is not one that an API gives.", ""
    return Verdict(
        outcome=Outcome.CANNOT_TELL,
        reason=f"{actor} refused a made-up key, {came}",
        advice=f"{advice}{TRY_IT}",
    )


def unclear_control(actor: str, control: Meaning) -> Verdict:
    passing = control in {Meaning.RATE_LIMITED, Meaning.MODEL_LOADING, Meaning.SERVER_ERROR}
    by = ": a firewall or bot guard may have answered" if control is Meaning.NOT_AN_API_ERROR else ""
    return Verdict(
        outcome=Outcome.CANNOT_TELL,
        reason=f"{actor} gave no clear answer to the check with made-up keys{by}. Its answer to yours proves nothing.",
        advice="Test again in a minute." if passing else TRY_IT,
    )
