"""Checks a token for a repository that a made-up token may read too: may the token write? Sans-IO; nothing is written.

Two requests are left of the four, so the right to write is asked for once with each token. One refusal of a made-up
token proves nothing: a guard before an open server may look the same. So the token is accepted there, but not proven,
and the destination is remembered as "open": its next test asks for the right to write with all four requests, in the
order of `http_check`. A refusal of a made-up token counts only as a 401 with a challenge: servers that authenticate
send one, firewalls and bans do not. Where pushing is refused alike with both tokens, the token may be wrong, or good
for reading only.

github.com and gitlab.com are asked about the token itself, and believed.
"""

from collections.abc import Generator
from dataclasses import replace

from credstore.credential_types.git import host_apis, verdicts
from credstore.credential_types.git.host_apis import TokenFacts
from credstore.credential_types.git.response_meaning import GitResponse, challenges_sender, classify, refuses
from credstore.credential_types.git.smart_http import WRITE, Repository
from credstore.credential_types.inconclusive import from_cache, inconclusive_verdict, unfounded_refusal
from credstore.probe import ProbeRequest, ProbeResponse, Verdict

_ASK = "Ask for the right to write with your token"
_MADE_UP = ("The same with a made-up token", "The same with another made-up token")


def check_write_access(repo: Repository) -> Generator[ProbeRequest, ProbeResponse, Verdict]:
    """Reading proves nothing. May this token write, where a made-up one may not? Two requests."""
    answer = yield repo.request(_ASK, WRITE, repo.token)
    seen = classify(answer, WRITE)
    if seen is not GitResponse.REFS and (verdict := _not_judged(repo, answer)):
        return verdict
    if host_apis.api_decides(repo.url, repo.token):
        return _with_facts(repo, seen, (yield from host_apis.token_facts(repo.url, repo.token)))
    return _with_control(repo, answer, (yield repo.made_up_request(WRITE, _MADE_UP[0])))


def prove_write_access(repo: Repository) -> Generator[ProbeRequest, ProbeResponse, Verdict]:
    """The same where an earlier test saw that a made-up token may read. Four requests, of which a proof needs all.

    Where the token may not write, that is forgotten: the next test asks again who may read.
    """
    answer = yield repo.request(_ASK, WRITE, repo.token)
    if classify(answer, WRITE) is not GitResponse.REFS:
        verdict = _not_judged(repo, answer) or verdicts.may_not_write(repo.host, answer.status)
        return replace(verdict, openness="unknown")
    for number, purpose in enumerate(_MADE_UP):
        control = yield repo.made_up_request(WRITE, purpose)
        if classify(control, WRITE) is GitResponse.REFS:
            return verdicts.made_up_accepted_once(repo.host) if number else verdicts.any_token(repo.host)
        if not challenges_sender(control):
            return verdicts.no_control(repo.host, by_cache=from_cache(control))
    again = yield repo.request("Ask for the right to write once more with your token", WRITE, repo.token)
    if classify(again, WRITE) is GitResponse.REFS:
        return replace(verdicts.may_write(repo.host, TokenFacts(known=True)), openness="open")
    if refuses(again):
        return verdicts.refused_in_the_end(repo.host, again.status)
    if from_cache(again):
        return verdicts.cached(repo.host)
    return verdicts.changed_its_mind(repo.host, again.status)


def _not_judged(repo: Repository, answer: ProbeResponse) -> Verdict | None:
    """The verdict on an answer that gives no right to write, and says nothing of the token; None where it may."""
    if classify(answer, WRITE) is GitResponse.CACHED:
        return verdicts.cached(repo.host)
    verdict = inconclusive_verdict(repo.host, answer, [repo.token]) or unfounded_refusal(repo.host, answer, "basic")
    if verdict is None and classify(answer, WRITE) is GitResponse.UNKNOWN:
        return verdicts.public_repository(repo.host)
    return verdict


def _with_facts(repo: Repository, seen: GitResponse, facts: TokenFacts) -> Verdict:
    """The verdict by what the API of github.com or gitlab.com knows of the token."""
    if seen is GitResponse.REFS:
        if facts.known is False:
            return verdicts.dead_but_accepted(repo.host)
        return verdicts.may_write(repo.host, facts) if facts.known else verdicts.may_write_says_git_alone(repo.host)
    if facts.known:
        return verdicts.read_only(repo.host, facts)
    if seen is GitResponse.REFUSED and facts.known is False:
        return verdicts.refused(repo.host, reading_is_open=True)
    return verdicts.public_repository(repo.host)


def _with_control(repo: Repository, answer: ProbeResponse, control: ProbeResponse) -> Verdict:
    """The verdict by how the server answers a made-up token."""
    seen, made_up = classify(answer, WRITE), classify(control, WRITE)
    if made_up is GitResponse.REFS:
        return verdicts.any_token(repo.host) if seen is GitResponse.REFS else verdicts.no_control(repo.host)
    judged = challenges_sender(control)
    if seen is GitResponse.REFS:
        if judged:
            return verdicts.may_write_unproven(repo.host)
        return verdicts.no_control(repo.host, by_cache=from_cache(control))
    if seen is GitResponse.FORBIDDEN and judged:
        return verdicts.perhaps_read_only(repo.host)
    return verdicts.public_repository(repo.host)
