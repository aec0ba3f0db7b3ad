"""The texts of the verdicts on a git token: one function for each conclusion. Pure.

`actor` is the host. Every reason says what the host did, and every advice says what to do next.
"""

from credstore.credential_types.contradictions import contradicted
from credstore.credential_types.git.host_apis import TokenFacts
from credstore.probe import Cause, Outcome, Verdict

NEW_TOKEN = "Create a new token at the host, then enter it in place of this one."  # noqa: S105
CHECK_URL = "Check “url”: it is the address that git clone takes, often ending in .git."


def may_read(actor: str, facts: TokenFacts) -> Verdict:
    return _verified(f"{actor} shows the repository with this token, and refuses a made-up one.", facts)


def may_write(actor: str, facts: TokenFacts) -> Verdict:
    return _verified(
        f"{actor} gives this token the right to write, and not to a made-up one. Anybody may read this repository.",
        facts,
    )


def may_read_unproven(actor: str) -> Verdict:
    return Verdict(
        outcome=Outcome.ACCEPTED_UNPROVEN,
        reason=f"{actor} shows the repository with this token, and refused a made-up one once. Its API did not say "
        "whether it knows this token.",
        advice="Test again later; the API may answer then.",
    )


def may_write_unproven(actor: str) -> Verdict:
    return Verdict(
        outcome=Outcome.ACCEPTED_UNPROVEN,
        reason=f"{actor} gave this token the right to write, and refused it to a made-up one, once each. Anybody may "
        "read this repository.",
        advice="Test again: that test asks for the right to write only, and can prove the token.",
        openness="open",
    )


def may_write_says_git_alone(actor: str) -> Verdict:
    return Verdict(
        outcome=Outcome.ACCEPTED_UNPROVEN,
        reason=f"{actor} gave this token the right to write. Its API did not say whether it knows this token. Anybody "
        "may read this repository.",
        advice="Test again later; the API may answer then.",
    )


def dead_but_accepted(actor: str) -> Verdict:
    return Verdict(
        outcome=Outcome.CANNOT_TELL,
        reason=f"{actor} let git in with this token, and its API says that the token is not valid.",
        advice="Look at the token at the host: it may have ended a moment ago. If so, create a new one.",
    )


def may_not_write(actor: str, status: int) -> Verdict:
    return Verdict(
        outcome=Outcome.CANNOT_TELL,
        reason=f"{actor} does not give this token the right to write ({status}). In an earlier test anybody could read "
        "this repository, so reading was not asked for.",
        advice="Test again: that test asks who may read now.",
    )


def made_up_accepted_once(actor: str) -> Verdict:
    return contradicted(actor, "it refused a made-up token, and then accepted another made-up one")


def refused_in_the_end(actor: str, status: int) -> Verdict:
    return contradicted(actor, f"it accepted this token, and refused it ({status}) when asked again")


def refused_by_api(actor: str) -> Verdict:
    return contradicted(actor, "it let git in with this token, and its API refused the token (401)")


def refused_at_first(actor: str) -> Verdict:
    return contradicted(actor, "it refused this token (403), and accepted it when asked again")


def _verified(reason: str, facts: TokenFacts) -> Verdict:
    return Verdict(outcome=Outcome.VERIFIED, reason=reason, facts=facts.facts, expires_at=facts.expires_at)


def read_only(actor: str, facts: TokenFacts) -> Verdict:
    return Verdict(
        outcome=Outcome.ACCEPTED_LIMITED,
        reason=f"{actor} knows this token, but does not let it write. Anybody may read this public repository.",
        advice="Nothing to do, if your workflows only read.",
        facts=facts.facts,
        expires_at=facts.expires_at,
    )


def perhaps_read_only(actor: str) -> Verdict:
    return Verdict(
        outcome=Outcome.CANNOT_TELL,
        reason=f"{actor} does not let this token write (403), and answers a made-up one with 401. It seems to know "
        "this token, but one answer proves nothing. Anybody may read this repository.",
        advice="If your workflows only read this repository, they need no token.",
    )


def not_allowed(actor: str, facts: TokenFacts) -> Verdict:
    if facts.known:
        return Verdict(
            outcome=Outcome.REJECTED,
            reason=f"{actor} knows this token, but it may not read this repository (403).",
            advice="Give the token access to this repository at the host, or correct “url”.",
            facts=facts.facts,
            expires_at=facts.expires_at,
            cause=Cause.NOT_ALLOWED,
        )
    if facts.known is False:
        return refused(actor)
    return Verdict(
        outcome=Outcome.CANNOT_TELL,
        reason=f"{actor} does not let this token read the repository (403), nor a made-up one: it may let nobody.",
        advice="Check what the host allows, from this network too.",
    )


def refused(actor: str, *, reading_is_open: bool = False) -> Verdict:
    where = " when asked for the right to write; reading needs no token, the repository is public" * reading_is_open
    return Verdict(outcome=Outcome.REJECTED, reason=f"{actor} refused this token (401){where}.", advice=NEW_TOKEN)


def not_found(actor: str, facts: TokenFacts) -> Verdict:
    if facts.known is False:
        return refused(actor)
    known = "knows this token, but has no such repository" if facts.known else "has no such repository"
    return Verdict(
        outcome=Outcome.CANNOT_TELL,
        reason=f"{actor} {known}, or hides it from those who may not see it (404).",
        advice=f"{CHECK_URL} If it is right, give the token access to this repository.",
        facts=facts.facts,
        expires_at=facts.expires_at,
    )


def any_token(actor: str) -> Verdict:
    return Verdict(
        outcome=Outcome.KEY_NOT_CHECKED,
        reason=f"{actor} answered a made-up token just as it answered yours: it takes any token.",
        advice="Nothing to do, if this server is meant to be open.",
    )


def public_repository(actor: str) -> Verdict:
    return Verdict(
        outcome=Outcome.CANNOT_TELL,
        reason=f"{actor} shows this repository to a made-up token too, and does not say whether it knows yours.",
        advice="If your workflows only read this repository, they need no token.",
    )


def cached(actor: str) -> Verdict:
    return Verdict(
        outcome=Outcome.CANNOT_TELL,
        reason=f"A cache on the way answered in place of {actor}, so the token was not checked.",
        advice="Test again later. If it stays so, whoever runs the host should keep caches from answering for it.",
    )


def no_control(actor: str, *, by_cache: bool = False) -> Verdict:
    if by_cache:
        return cached(actor)
    return Verdict(
        outcome=Outcome.CANNOT_TELL,
        reason=f"{actor} did not refuse this token, but the check with a made-up one got no clear refusal.",
        advice="Test again in a minute.",
    )


def changed_its_mind(actor: str, status: int) -> Verdict:
    return Verdict(
        outcome=Outcome.CANNOT_TELL,
        reason=f"{actor} answered {status} when the same was asked once more with this token, and otherwise before.",
        advice="Test again in a minute.",
    )


def forbidden_without_control(actor: str) -> Verdict:
    return Verdict(
        outcome=Outcome.CANNOT_TELL,
        reason=f"{actor} does not let this token read the repository (403); a made-up one got no clear refusal.",
        advice="Test again in a minute.",
    )


def no_token(actor: str, *, open_to_all: bool) -> Verdict:
    if open_to_all:
        return Verdict(
            outcome=Outcome.KEY_NOT_CHECKED,
            reason=f"{actor} shows this public repository to anybody. No token is stored here, so none was checked.",
            cause=Cause.NO_SECRET,
        )
    return Verdict(
        outcome=Outcome.REJECTED,
        reason=f"{actor} asks for a token, and this credential has none.",
        advice="Edit this credential and add “token”.",
        cause=Cause.NO_SECRET,
    )


def not_git(actor: str) -> Verdict:
    return Verdict(
        outcome=Outcome.CANNOT_TELL,
        reason=f"{actor} answers, but not as a git repository over smart HTTP does.",
        advice=CHECK_URL,
    )


def nothing_to_test(reason: str, advice: str) -> Verdict:
    """No request was made, and why."""
    return Verdict(outcome=Outcome.CANNOT_TELL, reason=f"There is nothing to test: {reason}", advice=advice)
