"""Checks a token for a repository that a made-up token may read too: may the token write? Sans-IO; nothing is written.

Two of the four requests are left, so the right to write is asked for once with each token, and one refusal of the
made-up token has to be enough. It counts only as a 401 with a challenge: servers that check tokens send one, firewalls
and bans do not. A 403 for the token, where the made-up one gets a challenge, is reported but proves nothing: it may
come from a firewall, or from one of several servers behind the address. Where both tokens are refused in the same way,
the token may be wrong, or may have the right to read only. Hosts with an API of their own are asked there instead.
"""

from collections.abc import Generator

from credstore.credential_types.git import host_apis, verdicts
from credstore.credential_types.git.host_apis import TokenFacts
from credstore.credential_types.git.smart_http import (
    WRITE,
    GitResponse,
    Repository,
    challenges_sender,
    classify,
)
from credstore.credential_types.inconclusive import inconclusive_verdict, unfounded_refusal
from credstore.probe import ProbeRequest, ProbeResponse, Verdict


def check_write_access(repo: Repository) -> Generator[ProbeRequest, ProbeResponse, Verdict]:
    """The verdict by whether this token may write and a made-up one may not; reading proves nothing."""
    answer = yield repo.request("Ask for the right to write with your token", WRITE, repo.token)
    seen = classify(answer, WRITE)
    if seen is not GitResponse.REFS:
        not_judged = inconclusive_verdict(repo.host, answer, [repo.token])
        if not_judged := not_judged or unfounded_refusal(repo.host, answer, "basic"):
            return not_judged
        if seen is GitResponse.UNKNOWN:
            return verdicts.public_repository(repo.host)
    if host_apis.has_token_api(repo.url, repo.token):
        return _with_facts(repo, seen, (yield from host_apis.token_facts(repo.url, repo.token)))
    return _with_control(repo, answer, (yield repo.made_up_request(WRITE, "The same with a made-up token")))


def _with_facts(repo: Repository, seen: GitResponse, facts: TokenFacts) -> Verdict:
    """The verdict by what the host's API knows of the token."""
    if seen is GitResponse.REFS:
        # A known host never lets a stranger write: there, the right to write is proof enough.
        if facts.known or host_apis.is_known_host(repo.url):
            return verdicts.may_write(repo.host, facts)
        return verdicts.no_control(repo.host)
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
    if seen is GitResponse.REFS:
        judged = challenges_sender(control)
        return verdicts.may_write(repo.host, TokenFacts(known=True)) if judged else verdicts.no_control(repo.host)
    if seen is GitResponse.FORBIDDEN and challenges_sender(control):
        return verdicts.perhaps_read_only(repo.host)
    return verdicts.public_repository(repo.host)
