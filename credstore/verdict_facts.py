"""Three facts that follow from a verdict: is the server reached, is the secret accepted, and is it usable now?

They follow from the outcome, from what decided it (`Cause`), from the steps, and from a completion that a person tried
later. They are computed and not stored, so that older verdicts have them too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from credstore.probe import Cause, Outcome, Verdict

State = Literal["yes", "no", "unknown"]


@dataclass(frozen=True, slots=True)
class Fact:
    """`state` and why, in one sentence."""

    state: State
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    reached: Fact
    accepted: Fact
    usable: Fact


def _yes(reason: str) -> Fact:
    return Fact("yes", reason)


def _no(reason: str) -> Fact:
    return Fact("no", reason)


def _unknown(reason: str) -> Fact:
    return Fact("unknown", reason)


_NOT_TRIED = _unknown("Not tried since this test: a test spends nothing.")
_NOT_SHOWN = _unknown("The answers do not show it.")
_ABOUT_SOMETHING_ELSE = _unknown("The answer says nothing of the secret.")
_ACCEPTED = _yes("The server accepted it.")
_UNPROVEN = _unknown("The server accepted it, but was not seen to refuse others.")
_REFUSED = _no("The server refused it.")
_UNTESTED, _STALE, _UNREADABLE = (
    _unknown("Not tested yet."),
    _unknown("Edited since the last test."),
    _unknown("Nothing was sent."),
)

# Of an outcome and its cause: whether the secret is accepted, and whether it is usable. What is not listed here follows
# from the outcome alone.
ACCEPTED_AND_USABLE: Mapping[tuple[Outcome, Cause], tuple[Fact, Fact]] = MappingProxyType(
    {
        (Outcome.VERIFIED, Cause.NONE): (_ACCEPTED, _NOT_TRIED),
        (Outcome.VERIFIED, Cause.USED): (_ACCEPTED, _yes("The test used it as a workflow does.")),
        (Outcome.ACCEPTED_LIMITED, Cause.NONE): (
            _yes("The server knows it, but limits what it may do."),
            _unknown("Not tried. It depends on what the secret may do."),
        ),
        (Outcome.ACCEPTED_LIMITED, Cause.USED): (
            _yes("The server knows it, but limits what it may do."),
            _yes("For what it is allowed to do."),
        ),
        (Outcome.ACCEPTED_UNPROVEN, Cause.NONE): (_UNPROVEN, _NOT_TRIED),
        (Outcome.ACCEPTED_UNPROVEN, Cause.COMPLETED): (_UNPROVEN, _yes("The model ran.")),
        (Outcome.REJECTED, Cause.NONE): (_REFUSED, _no("What the server refuses cannot be used.")),
        (Outcome.REJECTED, Cause.NO_SECRET): (
            _no("The server asks for a secret, and none is stored."),
            _no("Not without a secret."),
        ),
        (Outcome.REJECTED, Cause.NOT_ALLOWED): (
            _yes("The server knows it."),
            _no("It may not do what it is for."),
        ),
        (Outcome.KEY_NOT_CHECKED, Cause.NONE): (_unknown("The server answers made-up ones just the same."), _NOT_TRIED),
        (Outcome.KEY_NOT_CHECKED, Cause.NO_SECRET): (
            _unknown("None is stored, so there was none to check."),
            _NOT_TRIED,
        ),
        (Outcome.CANNOT_TELL, Cause.NONE): (_NOT_SHOWN, _NOT_SHOWN),
        (Outcome.CANNOT_TELL, Cause.ADDRESS_REFUSED): (
            _NOT_SHOWN,
            _no("The server does not let the address of this machine use it."),
        ),
        (Outcome.CANNOT_TELL, Cause.SWITCHED_OFF): (_NOT_SHOWN, _no("The server says that this API was switched off.")),
        (Outcome.CANNOT_TELL, Cause.UNKNOWN_MODEL): (
            _NOT_SHOWN,
            _no("The server has no such model for completions."),
        ),
        (Outcome.CANNOT_TELL, Cause.NOT_ALLOWED): (
            _NOT_SHOWN,
            _no("The key may not use this model."),
        ),
        (Outcome.CANNOT_TELL, Cause.OTHER_LIMIT_NAME): (_NOT_SHOWN, _unknown("The model did not run.")),
        (Outcome.PROVIDER_TROUBLE, Cause.NONE): (_ABOUT_SOMETHING_ELSE, _NOT_SHOWN),
        (Outcome.PROVIDER_TROUBLE, Cause.NO_CREDIT): (
            _unknown("The answer is about the account's credit. It may be given to any secret."),
            _no("The account has no credit left."),
        ),
        (Outcome.PROVIDER_TROUBLE, Cause.RATE_LIMITED): (
            _ABOUT_SOMETHING_ELSE,
            _no("Not just now: the server limits requests."),
        ),
        (Outcome.PROVIDER_TROUBLE, Cause.MODEL_LOADING): (
            _ABOUT_SOMETHING_ELSE,
            _no("Not just now: the model is still being loaded."),
        ),
        (Outcome.PROVIDER_TROUBLE, Cause.SERVER_ERROR): (
            _ABOUT_SOMETHING_ELSE,
            _unknown("The server has trouble of its own."),
        ),
        (Outcome.NOT_REACHED, Cause.NONE): (
            _unknown("The server could not be asked."),
            _unknown("It could not be tried."),
        ),
        (Outcome.BLOCKED, Cause.NONE): (_unknown("The server was not asked."), _unknown("It was not tried.")),
        (Outcome.UNREADABLE, Cause.NONE): (_UNREADABLE, _no("The secret cannot be decrypted.")),
        (Outcome.UNTESTED, Cause.NONE): (_UNTESTED, _UNTESTED),
        (Outcome.STALE, Cause.NONE): (_STALE, _STALE),
    }
)
_REACHED: Mapping[Outcome, Fact] = MappingProxyType(
    {
        Outcome.NOT_REACHED: _no("No answer came."),
        Outcome.BLOCKED: _no("credstore may not call this address."),
        Outcome.UNREADABLE: _UNREADABLE,
        Outcome.UNTESTED: _UNTESTED,
        Outcome.STALE: _STALE,
    }
)


def facts_of(verdict: Verdict) -> Facts:
    """The three facts of a verdict."""
    accepted, usable = _accepted_and_usable(verdict)
    if verdict.completion:
        tried = verdict.completion.verdict
        usable = Fact(_accepted_and_usable(tried)[1].state, tried.reason)
        if tried.outcome is Outcome.REJECTED and accepted.state == "yes":
            accepted = _unknown("A test saw it accepted, but a completion after it was refused. Test again.")
    return Facts(reached=_reached(verdict), accepted=accepted, usable=usable)


def _accepted_and_usable(verdict: Verdict) -> tuple[Fact, Fact]:
    by_outcome = ACCEPTED_AND_USABLE[verdict.outcome, Cause.NONE]
    return ACCEPTED_AND_USABLE.get((verdict.outcome, verdict.cause), by_outcome)


def _reached(verdict: Verdict) -> Fact:
    answered = [step.status is not None for step in verdict.steps]
    if any(answered):
        return _yes("The server answered." if all(answered) else "The server answered, but not every request.")
    if verdict.outcome in _REACHED:
        return _REACHED[verdict.outcome]
    return _no("No answer came.") if answered else _unknown("Nothing was sent.")
