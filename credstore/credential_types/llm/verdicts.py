"""The words of the check: one verdict for each thing that can be concluded. Pure.

Every sentence names the actor, and every advice the next act; none repeats a provider's text.
"""

from dataclasses import replace

from credstore.credential_types.llm.response_meaning import Meaning
from credstore.probe import Outcome, Verdict

NEW_KEY = "Create a new key at the provider, then edit this credential and replace the key."
CHECK_URL = "Check the base URL: most servers expect it to end in /v1."


def accepted(actor: str, *, earlier: bool = False) -> Verdict:
    when = "an earlier test saw it refuse" if earlier else "refused"
    return Verdict(
        outcome=Outcome.VERIFIED,
        reason=f"{actor} accepted this key, and {when} a made-up one.",
        advice="Whether the account has credit shows only in use.",
    )


def limited(actor: str, but: str) -> Verdict:
    return Verdict(
        outcome=Outcome.ACCEPTED_LIMITED,
        reason=f"{actor} knows this key, but {but}",
        advice="Check that it may do what your workflows do; if not, create a key for them at the provider.",
    )


def openness_changed(actor: str) -> Verdict:
    """What was learned of this host is no longer so; the unknown openness lets the next test learn it again."""
    return Verdict(
        outcome=Outcome.CANNOT_TELL,
        reason=f"{actor} lists its models for any key now; in an earlier test it did not.",
        advice="Test again: credstore then finds out anew how this server treats keys.",
    )


def endpoint_pasted(actor: str) -> Verdict:
    return Verdict(
        outcome=Outcome.CANNOT_TELL,
        reason=f"This is the URL of one endpoint of {actor}. Workflows append such a path to the base URL themselves.",
        advice="Cut the base URL off before the endpoint: most servers expect it to end in /v1.",
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


def same_for_both(actor: str, *, found: bool) -> Verdict:
    if not found:
        return Verdict(
            outcome=Outcome.CANNOT_TELL,
            reason=f"{actor} has neither a model listing nor a completion endpoint at this address.",
            advice=CHECK_URL,
        )
    return Verdict(
        outcome=Outcome.CANNOT_TELL,
        reason=f"{actor} was reached, but answered a made-up key just as it answered yours.",
        advice="The key may be good. Try it in a workflow.",
    )


def trouble_for_both(actor: str, *, any_key: bool) -> Verdict:
    """An empty completion request ends in a 5xx with any key: waiting would not help."""
    return Verdict(
        outcome=Outcome.KEY_NOT_CHECKED if any_key else Outcome.CANNOT_TELL,
        reason=f"{actor} had trouble of its own (a 5xx answer) with an empty request, whichever key went with it.",
        advice="The key may be good. Try it in a workflow.",
    )


def unclear_beside_refusal(actor: str, reading: Meaning, status: int) -> Verdict:
    """The made-up key was refused, but what came back for the key itself does not show that it was looked at."""
    if reading is Meaning.SERVER_ERROR:
        came, advice = "but had trouble of its own (a 5xx answer) with yours.", "Test again in a minute. "
    else:
        came, advice = f"but its answer to yours ({status}) is not one that an API gives.", ""
    return Verdict(
        outcome=Outcome.CANNOT_TELL,
        reason=f"{actor} refused a made-up key, {came}",
        advice=f"{advice}The key may be good. Try it in a workflow.",
    )


def unclear_control(actor: str, control: Meaning) -> Verdict:
    passing = control in {Meaning.RATE_LIMITED, Meaning.MODEL_LOADING, Meaning.SERVER_ERROR}
    by = ": a firewall or bot guard may have answered" if control is Meaning.NOT_AN_API_ERROR else ""
    return Verdict(
        outcome=Outcome.CANNOT_TELL,
        reason=f"{actor} gave no clear answer to the check with a made-up key{by}. Its answer to yours proves nothing.",
        advice="Test again in a minute." if passing else "The key may be good. Try it in a workflow.",
    )


def against_control(actor: str, reading: Meaning, control: Meaning, *, denied: str) -> Verdict:
    """What an answer to the key means, given how the same request with a made-up key was answered.

    `denied` says what the key may not do if it is known and yet not let through.
    """
    refused = {Meaning.REFUSED, Meaning.WRONG_ORGANIZATION, Meaning.FORBIDDEN}
    told_apart = control in refused and control is not reading
    # Some vendors answer a bad key with 400, or with 403 and words about permissions; beside a listing that passed,
    # that too is the key making the difference.
    if reading is Meaning.LISTED and (told_apart or control in {Meaning.BAD_REQUEST, Meaning.LIMITED}):
        return accepted(actor)
    if told_apart and reading is Meaning.FORBIDDEN:
        return Verdict(
            outcome=Outcome.CANNOT_TELL,
            reason=f"{actor} knows this key (it refused a made-up one), but does not let it {denied}.",
            advice="See what the provider says of this key, and whether it serves your region and account.",
        )
    if told_apart:
        return Verdict(
            outcome=Outcome.ACCEPTED_LIMITED,
            reason=f"{actor} knows this key (it refused a made-up one), but the key may not {denied}.",
            advice="Check that its scopes cover what your workflows do.",
        )
    if control in {Meaning.LISTED, Meaning.LIMITED, Meaning.FORBIDDEN} or control is reading:
        return same_for_both(actor, found=True)
    return unclear_control(actor, control)


def without_key(actor: str, reading: Meaning, moved_to: str, status: int) -> Verdict:
    """The verdict on a credential that has no key."""
    if reading is Meaning.LISTED:
        return Verdict(
            outcome=Outcome.KEY_NOT_CHECKED,
            reason=f"{actor} works. No key is stored here, so there was none to check.",
        )
    if reading in {Meaning.REFUSED, Meaning.WRONG_ORGANIZATION}:
        return Verdict(
            outcome=Outcome.REJECTED,
            reason=f"{actor} asks for a key, and this credential has none.",
            advice="Edit this credential and add the key.",
        )
    return verdict_on(actor, reading, moved_to, status)


# Outcome, what the server did, and what to do next, for each meaning that needs no second request.
_VERDICTS: dict[Meaning, tuple[Outcome, str, str]] = {
    Meaning.REFUSED: (Outcome.REJECTED, "refused this key ({status}).", NEW_KEY),
    Meaning.WRONG_ORGANIZATION: (
        Outcome.REJECTED,
        "refused the organization that goes with this key ({status}).",
        "Check the Organization ID.",
    ),
    Meaning.NOT_AN_API_ERROR: (
        Outcome.CANNOT_TELL,
        "answered {status}, but not as an API does: a firewall or bot guard may have answered.",
        "Try the key in a workflow. If that fails too, ask who runs this server.",
    ),
    Meaning.NO_CREDIT: (
        Outcome.PROVIDER_TROUBLE,
        "says that the account behind this key has no credit left.",
        "Add credit at the provider, then test again. The key need not change.",
    ),
    Meaning.RATE_LIMITED: (
        Outcome.PROVIDER_TROUBLE,
        "is limiting requests just now (429).",
        "Wait a minute, then test again.",
    ),
    Meaning.MODEL_LOADING: (
        Outcome.PROVIDER_TROUBLE,
        "is up, but still loading its model.",
        "Wait until the model is loaded, then test again.",
    ),
    Meaning.SERVER_ERROR: (
        Outcome.PROVIDER_TROUBLE,
        "has trouble of its own (a 5xx answer).",
        "Wait a minute, then test again.",
    ),
    Meaning.REDIRECT: (
        Outcome.CANNOT_TELL,
        "answered with a redirect to {moved_to}; credstore never follows one with a key.",
        "Set the base URL to where the API really is, if you trust that address.",
    ),
    Meaning.NOT_THIS_API: (
        Outcome.CANNOT_TELL,
        "answers, but not as this API does (no model listing in JSON).",
        CHECK_URL,
    ),
}


def verdict_on(actor: str, reading: Meaning, moved_to: str = "another place", status: int = 0) -> Verdict:
    """The verdict on an answer that needs no second request."""
    outcome, reason, advice = _VERDICTS.get(
        reading, (Outcome.CANNOT_TELL, "answered in a way that says nothing about this key.", CHECK_URL)
    )
    reason = reason.format(moved_to=moved_to, status=status)
    return Verdict(outcome=outcome, reason=f"{actor} {reason}", advice=advice)
