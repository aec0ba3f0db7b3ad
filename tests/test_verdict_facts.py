"""Three facts beneath the one word: each outcome with each cause, with and without answers, and after a completion."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credstore.probe import Cause, Completion, Outcome, Step, Verdict
from credstore.vault.stored_verdicts import dump_completion, dump_verdict, load_verdict
from credstore.verdict_facts import ACCEPTED_AND_USABLE, facts_of

ANSWERED = Step(purpose="List", method="GET", url="https://api.example.com/v1/models", status=200, ms=3)
SILENT = Step(purpose="List", method="GET", url="https://api.example.com/v1/models", status=None, ms=3)
NOW = datetime(2026, 11, 26, tzinfo=UTC)

# What each outcome, with each cause that it occurs with, says of (accepted, usable).
STATES = {
    "verified": ("yes", "unknown"),
    "verified used": ("yes", "yes"),
    "accepted-limited": ("yes", "unknown"),
    "accepted-limited used": ("yes", "yes"),
    "accepted-not-proven": ("unknown", "unknown"),
    "accepted-not-proven completed": ("unknown", "yes"),
    "rejected": ("no", "no"),
    "rejected no-secret": ("no", "no"),
    "rejected not-allowed": ("yes", "no"),
    "key-not-checked": ("unknown", "unknown"),
    "key-not-checked no-secret": ("unknown", "unknown"),
    "cannot-tell": ("unknown", "unknown"),
    "cannot-tell address-refused": ("unknown", "no"),
    "cannot-tell switched-off": ("unknown", "no"),
    "cannot-tell unknown-model": ("unknown", "no"),
    "cannot-tell not-allowed": ("unknown", "no"),
    "cannot-tell other-limit-name": ("unknown", "unknown"),
    "provider-trouble": ("unknown", "unknown"),
    "provider-trouble no-credit": ("unknown", "no"),
    "provider-trouble rate-limited": ("unknown", "no"),
    "provider-trouble model-loading": ("unknown", "no"),
    "provider-trouble server-error": ("unknown", "unknown"),
    "not-reached": ("unknown", "unknown"),
    "blocked": ("unknown", "unknown"),
    "unreadable": ("unknown", "no"),
    "untested": ("unknown", "unknown"),
    "stale": ("unknown", "unknown"),
}
REACHED_WITHOUT_ANSWER = {"not-reached": "no", "blocked": "no"}

verdicts = st.builds(
    Verdict,
    outcome=st.sampled_from(Outcome),
    reason=st.just("Because."),
    cause=st.sampled_from(Cause),
    steps=st.lists(st.sampled_from([ANSWERED, SILENT]), max_size=4).map(tuple),
)


def states(verdict: Verdict) -> tuple[str, str, str]:
    found = facts_of(verdict)
    return found.reached.state, found.accepted.state, found.usable.state


def test_every_pair_of_the_table_is_tested() -> None:
    assert {f"{outcome} {cause}".strip() for outcome, cause in ACCEPTED_AND_USABLE} == set(STATES)
    assert {outcome for outcome, cause in ACCEPTED_AND_USABLE if cause is Cause.NONE} == set(Outcome)


@pytest.mark.parametrize("pair", STATES)
def test_an_outcome_and_its_cause_say_whether_the_secret_is_accepted_and_usable(pair: str) -> None:
    outcome, _, cause = pair.partition(" ")
    verdict = Verdict(outcome=Outcome(outcome), reason="Because.", cause=Cause(cause), steps=(ANSWERED,))
    assert states(verdict) == ("yes", *STATES[pair])


@pytest.mark.parametrize("outcome", Outcome)
def test_reached_is_what_the_steps_show(outcome: Outcome) -> None:
    def reached(*steps: Step) -> str:
        return states(Verdict(outcome=outcome, reason="Because.", steps=steps))[0]

    assert reached(ANSWERED) == reached(ANSWERED, SILENT) == "yes"
    if outcome not in {Outcome.UNTESTED, Outcome.STALE, Outcome.UNREADABLE}:
        assert reached(SILENT) == "no"
    assert reached() == REACHED_WITHOUT_ANSWER.get(outcome, "unknown")


@given(verdicts)
def test_any_verdict_has_three_facts_each_with_a_sentence(verdict: Verdict) -> None:
    found = facts_of(verdict)
    for fact in (found.reached, found.accepted, found.usable):
        assert fact.state in {"yes", "no", "unknown"}
        assert fact.reason.endswith(".")
    if found.accepted.state == "yes":
        green = verdict.outcome.mark == "pass"
        assert green or verdict.cause is Cause.NOT_ALLOWED, "neither green nor known"


@given(verdicts, verdicts)
def test_a_completion_decides_what_is_usable_and_never_makes_a_secret_accepted(test: Verdict, tried: Verdict) -> None:
    both = Verdict(
        outcome=test.outcome,
        reason=test.reason,
        cause=test.cause,
        steps=test.steps,
        completion=Completion(model="m", verdict=tried, tried_at=NOW),
    )
    before, after = facts_of(test), facts_of(both)
    assert after.usable.state == facts_of(tried).usable.state
    assert after.usable.reason == tried.reason
    assert after.reached == before.reached
    if tried.outcome is Outcome.REJECTED and before.accepted.state == "yes":
        assert after.accepted.state == "unknown"
    else:
        assert after.accepted == before.accepted


@given(verdicts, verdicts)
def test_what_is_stored_says_the_same_when_it_is_read(test: Verdict, tried: Verdict) -> None:
    stored: dict[str, Any] = dump_verdict(test)
    assert load_verdict(stored) == test
    completion = Completion(model="m", verdict=tried, tried_at=NOW)
    read = load_verdict(stored | {"completion": dump_completion(completion)})
    assert read is not None
    assert read.completion == completion


@pytest.mark.parametrize("outcome", Outcome)
def test_a_verdict_that_an_older_version_stored_reads_well(outcome: Outcome) -> None:
    steps = [["List the models", "GET", "https://api.example.com/v1/models", 200, 12]]
    old = {"outcome": outcome.value, "reason": "It said so.", "advice": "", "steps": steps, "facts": [], "said": "no"}
    read = load_verdict(old)
    assert read is not None
    assert (read.cause, read.models, read.completion) == (Cause.NONE, None, None)
    assert states(read)[1:] == STATES[outcome.value]


@pytest.mark.parametrize(
    "damage",
    [
        {"cause": "no such cause"},
        {"models": "many"},
        {"models": {"count": "12"}},
        {"completion": []},
        {"completion": {"model": "m", "verdict": {"outcome": "verified", "reason": "", "advice": "", "steps": []}}},
        {"completion": {"verdict": 1}},
        {"completion": {"model": "m", "verdict": {"outcome": "nothing"}, "tried_at": NOW.isoformat()}},
    ],
)
def test_a_damaged_part_of_a_stored_verdict_is_left_out(damage: dict[str, Any]) -> None:
    stored = dump_verdict(Verdict(outcome=Outcome.VERIFIED, reason="Because.", steps=(ANSWERED,)))
    assert load_verdict(stored | damage) == load_verdict(stored)
