"""The texts of the verdicts that one response is enough for. Pure.

Every reason names who answered, and every advice says what to do next. None repeats a provider's text.
"""

from credstore.credential_types.llm.response_meaning import REQUEST_INVALID, Meaning
from credstore.probe import Cause, Outcome, Verdict

NEW_KEY = "Create a new key at the provider, then enter it in place of this one."
CHECK_URL = "Check the base URL: most servers expect it to end in /v1."
TRY_IT = "The key may be good. Try it in a workflow."

# Outcome, what the server did, and what to do next, for each meaning that needs no second request.
_VERDICTS: dict[Meaning, tuple[Outcome, str, str]] = {
    Meaning.REFUSED: (Outcome.REJECTED, "refused this key ({status}).", NEW_KEY),
    Meaning.WRONG_ORGANIZATION: (
        Outcome.REJECTED,
        "refused the organization that goes with this key ({status}).",
        "Check the Organization ID.",
    ),
    Meaning.OTHER_LOGIN: (
        Outcome.CANNOT_TELL,
        "asks for {detail} ({status}), as a login proxy in front of an API does. It did not look at the key.",
        "Use a base URL that does not lead through that login, or ask who runs this server.",
    ),
    Meaning.ADDRESS_REFUSED: (
        Outcome.CANNOT_TELL,
        "does not take this key from the IP address of this machine ({status}).",
        "Allow the address of this machine at the provider, then test again. The key need not change.",
    ),
    Meaning.NOT_AN_API_ERROR: (
        Outcome.CANNOT_TELL,
        "answered {status}, but not as an API does: a firewall or bot guard may have answered.",
        "Try the key in a workflow. If that fails too, ask who runs this server.",
    ),
    Meaning.UNKNOWN_JSON: (
        Outcome.CANNOT_TELL,
        "answered {status} in JSON that credstore does not understand.",
        TRY_IT,
    ),
    Meaning.NO_CREDIT: (
        Outcome.PROVIDER_TROUBLE,
        "says that the account behind this key has no credit left.",
        "Add credit at the provider, then test again. The key need not change.",
    ),
    Meaning.RATE_LIMITED: (
        Outcome.PROVIDER_TROUBLE,
        "is limiting requests just now ({status}).",
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
    Meaning.GONE: (
        Outcome.CANNOT_TELL,
        "says that this API was switched off (410).",
        "See at the provider what took its place.",
    ),
    Meaning.REDIRECT: (
        Outcome.CANNOT_TELL,
        "answered with a redirect to {detail}; credstore never follows one with a key.",
        "Set the base URL to where the API really is, if you trust that address.",
    ),
    Meaning.NOT_THIS_API: (
        Outcome.CANNOT_TELL,
        "answers, but not as this API does (no model listing in JSON).",
        CHECK_URL,
    ),
}
_CAUSES = {
    Meaning.ADDRESS_REFUSED: Cause.ADDRESS_REFUSED,
    Meaning.NO_CREDIT: Cause.NO_CREDIT,
    Meaning.RATE_LIMITED: Cause.RATE_LIMITED,
    Meaning.MODEL_LOADING: Cause.MODEL_LOADING,
    Meaning.SERVER_ERROR: Cause.SERVER_ERROR,
    Meaning.GONE: Cause.SWITCHED_OFF,
}
_API_ANSWERED = REQUEST_INVALID | {Meaning.OTHER_ERROR, Meaning.LIMITED, Meaning.FORBIDDEN}


def verdict_on(actor: str, meaning: Meaning, detail: str = "another place", status: int = 0) -> Verdict:
    """The verdict on an answer that needs no second request. `detail` is its `response_detail`."""
    # Where an API answered, the base URL leads to it.
    unknown = (Outcome.CANNOT_TELL, "answered {status}, which says nothing about this key.")
    outcome, reason, advice = _VERDICTS.get(meaning, (*unknown, TRY_IT if meaning in _API_ANSWERED else CHECK_URL))
    reason = reason.format(detail=detail, status=status)
    cause = _CAUSES.get(meaning, Cause.NONE)
    return Verdict(outcome=outcome, reason=f"{actor} {reason}", advice=advice, cause=cause)


def without_key(actor: str, meaning: Meaning, detail: str, status: int) -> Verdict:
    """The verdict on a credential that has no key."""
    if meaning is Meaning.LISTED:
        return Verdict(
            outcome=Outcome.KEY_NOT_CHECKED,
            reason=f"{actor} works. No key is stored here, so there was none to check.",
            cause=Cause.NO_SECRET,
        )
    if meaning in {Meaning.REFUSED, Meaning.WRONG_ORGANIZATION}:
        return Verdict(
            outcome=Outcome.REJECTED,
            reason=f"{actor} asks for a key, and this credential has none.",
            advice="Edit this credential and add the key.",
            cause=Cause.NO_SECRET,
        )
    return verdict_on(actor, meaning, detail, status)
