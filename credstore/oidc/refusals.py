"""The sentences of a sign-in with the provider that was refused, and the short reasons for the log."""

from credstore.access_errors import ProviderRefused, ProviderUnreached

AGAIN = "Start again from this page."


def unreachable(label: str, cause: str) -> ProviderUnreached:
    """`cause` is one of the words of `errors.Unreached`, or "blocked"."""
    return ProviderUnreached(
        f"{label} cannot be reached just now. Try again in a moment. The operator can run credstore doctor.",
        f"not reached: {cause}",
    )


def trouble(label: str, reason: str) -> ProviderRefused:
    """The provider answered with an error or with something that it should not answer."""
    return ProviderRefused(f"{label} gave an answer that credstore cannot use. Tell the operator.", reason)


def not_genuine(label: str, reason: str) -> ProviderRefused:
    """An ID token that does not prove who signs in."""
    return ProviderRefused(f"The answer of {label} does not prove who you are, so nobody is signed in.", reason)


def stale(reason: str) -> ProviderRefused:
    """A return from the provider that belongs to no sign-in of this browser, or to one that is over."""
    return ProviderRefused(
        f"This sign-in was started in another browser, is older than ten minutes, or was used already. {AGAIN}", reason
    )


def wrong_client(label: str) -> ProviderRefused:
    """The provider does not know credstore."""
    return ProviderRefused(
        f"{label} does not accept credstore's client ID or client secret. The operator has to correct them.",
        "client refused",
    )


def wrong_clock(label: str, reason: str) -> ProviderRefused:
    """The times in the ID token do not fit this machine's clock."""
    return ProviderRefused(
        f"The answer of {label} has expired, or comes from the future: the clock of one of the two machines is wrong. "
        "Tell the operator.",
        reason,
    )


def by_provider(label: str, error: str) -> ProviderRefused:
    """`error` is the parameter with which the provider sent the browser back; its text is shown nowhere."""
    if error == "access_denied":
        return ProviderRefused(f"{label} did not let you in, or you stopped there.", "access_denied")
    if error in {"login_required", "interaction_required", "consent_required", "account_selection_required"}:
        return ProviderRefused(f"{label} wants to ask you something first. {AGAIN}", error)
    if error in {"temporarily_unavailable", "server_error"}:
        return ProviderRefused(f"{label} has trouble just now. Try again in a moment.", error)
    known = {"invalid_request", "unauthorized_client", "unsupported_response_type", "invalid_scope"}
    return ProviderRefused(
        f"{label} refused credstore's request. Tell the operator.", error if error in known else "other error"
    )
