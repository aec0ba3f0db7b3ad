"""What follows when a server contradicts itself: it accepted and refused the same within one test. Sans-IO.

A server that answers at random gives the sequence that passes once in a while. So a contradiction is remembered for its
destination (`Openness` "erratic", for an hour), and meanwhile nothing passes there.
"""

from dataclasses import replace

from credstore.probe import Openness, Outcome, Probe, Verdict

LATER = "Wait an hour, then test again."


def without_pass_after_contradiction(probe: Probe, actor: str, openness: Openness) -> Probe:
    """The same check. Where the destination is known to be erratic, a pass becomes "cannot tell"."""
    verdict = yield from probe
    if openness == "erratic" and verdict.outcome.mark == "pass":
        return contradicted_before(actor)
    if openness == "erratic" and verdict.openness != "erratic":
        return replace(verdict, openness=None)  # what this test learned must not end the hour
    return verdict


def contradicted(actor: str, what: str) -> Verdict:
    """`what` was accepted and refused within this test, or a made-up one in its place was."""
    return Verdict(
        outcome=Outcome.CANNOT_TELL,
        reason=f"{actor} contradicted itself: {what}. It may have locked this machine out for a while because of the "
        "made-up ones, or it answers at random.",
        advice=LATER,
        openness="erratic",
    )


def contradicted_before(actor: str) -> Verdict:
    return Verdict(
        outcome=Outcome.CANNOT_TELL,
        reason=f"{actor} answered as it should, but it contradicted itself in a test within the last hour, so that "
        "this proves nothing.",
        advice=LATER,
        openness="erratic",
    )
