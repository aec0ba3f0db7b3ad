"""The check of a token for a git repository over smart HTTP. Sans-IO; only `info/refs` is asked, so nothing is written.

That the server shows the repository proves nothing by itself: it may be public, or take any token. One refusal may come
from a firewall, a ban, or one of several servers behind one address. So, in four requests, the result is green only
where the token is accepted, two made-up ones are refused, and the token is accepted again, in this order:

- at the repository, with one status for both refusals;
- for a token in the form of GitLab's, at the repository and at the API of the same host, which tells its scopes;
- where anybody may read the repository, for the right to write; see `write_check`.

github.com and gitlab.com are known to check tokens. There, and nowhere else, it is enough that the API knows the token
and that the repository is shown twice with it and refused to a made-up one. Where the API says that the token is not
valid, or does not say, the result is not green, whatever the repository answers.

A server that answers at random, yes and no by halves, gives such a sequence in one of sixteen tests. So where it
contradicts itself within a test, that is remembered, and nothing passes there for an hour (`contradictions`).

The result is red only for a 401 that checks the token (not from a cache, not about the network address, not a wish for
another scheme than Basic), for a token that the API of github.com or gitlab.com does not know, and for a 403, given
twice in a row, where two made-up tokens get another refusal.
"""

from collections.abc import Generator

from credstore.credential_types.git import host_apis, verdicts, write_check
from credstore.credential_types.git.host_apis import TokenFacts
from credstore.credential_types.git.response_meaning import GitResponse, classify, refuses
from credstore.credential_types.git.smart_http import READ, Repository
from credstore.credential_types.inconclusive import from_cache, inconclusive_verdict, unfounded_refusal
from credstore.probe import Openness, Probe, ProbeRequest, ProbeResponse, Verdict

_MADE_UP = ("The same with a made-up token", "The same with another made-up token")
_NOTHING_KNOWN = TokenFacts()


def check_repository(repo: Repository, openness: Openness = "unknown") -> Probe:
    """Drive the whole check. `openness` "open": an earlier test saw that a made-up token may read here."""
    if not repo.token:
        answer = yield repo.request("Read the repository, without a token", READ, "")
        return _without_token(repo, answer)
    if openness == "open" and not host_apis.api_decides(repo.url, repo.token):
        return (yield from write_check.prove_write_access(repo))
    answer = yield repo.request("Read the repository with your token", READ, repo.token)
    seen = classify(answer, READ)
    if seen is GitResponse.REFS:
        return (yield from _check_made_up_token(repo))
    if verdict := _not_judged(repo, answer):
        return verdict
    if seen is GitResponse.REFUSED:
        return verdicts.refused(repo.host)
    if seen is GitResponse.FORBIDDEN:
        return (yield from _forbidden(repo))
    facts = yield from host_apis.token_facts(repo.url, repo.token)
    believed = facts.known or host_apis.api_decides(repo.url, repo.token)
    return verdicts.not_found(repo.host, facts if believed else _NOTHING_KNOWN)


def _without_token(repo: Repository, answer: ProbeResponse) -> Verdict:
    seen = classify(answer, READ)
    if seen in {GitResponse.REFS, GitResponse.CACHED}:
        return verdicts.no_token(repo.host, open_to_all=True)
    if verdict := _not_judged(repo, answer):
        return verdict
    if seen is GitResponse.NOT_FOUND:
        return verdicts.not_found(repo.host, _NOTHING_KNOWN)
    return verdicts.no_token(repo.host, open_to_all=False)


def _not_judged(repo: Repository, answer: ProbeResponse) -> Verdict | None:
    """The verdict on an answer that says nothing of the token; None for a refusal that may."""
    if verdict := inconclusive_verdict(repo.host, answer, [repo.token]):
        return verdict
    if classify(answer, READ) is GitResponse.CACHED:
        return verdicts.cached(repo.host)
    if classify(answer, READ) is GitResponse.UNKNOWN:
        return verdicts.not_git(repo.host)
    return unfounded_refusal(repo.host, answer, "basic")


def _check_made_up_token(repo: Repository) -> Generator[ProbeRequest, ProbeResponse, Verdict]:
    """The token may read. May a made-up one?"""
    first = yield repo.made_up_request(READ, _MADE_UP[0])
    if classify(first, READ) is GitResponse.REFS:
        return (yield from write_check.check_write_access(repo))
    if not refuses(first):
        return verdicts.no_control(repo.host, by_cache=from_cache(first))
    if host_apis.api_decides(repo.url, repo.token):
        return (yield from _ask_known_host(repo))
    if host_apis.has_token_api(repo.url, repo.token):
        return (yield from _ask_other_gitlab(repo))
    second = yield repo.made_up_request(READ, _MADE_UP[1])
    if classify(second, READ) is GitResponse.REFS:
        return verdicts.made_up_accepted_once(repo.host)
    if not refuses(second) or second.status != first.status:
        return verdicts.no_control(repo.host, by_cache=from_cache(second))
    return (yield from _read_once_more(repo, verdicts.may_read(repo.host, _NOTHING_KNOWN)))


def _ask_known_host(repo: Repository) -> Generator[ProbeRequest, ProbeResponse, Verdict]:
    """The API of github.com or gitlab.com decides."""
    facts = yield from host_apis.token_facts(repo.url, repo.token)
    if facts.known is False:
        return verdicts.dead_but_accepted(repo.host)
    found = verdicts.may_read(repo.host, facts) if facts.known else verdicts.may_read_unproven(repo.host)
    return (yield from _read_once_more(repo, found))


def _ask_other_gitlab(repo: Repository) -> Generator[ProbeRequest, ProbeResponse, Verdict]:
    """A host that seems to be a GitLab: does its API refuse another made-up token, and know this one?

    Both are needed: a server that only looks like a GitLab may tell scopes of any token.
    """
    made_up = yield from host_apis.facts_of_made_up(repo.url, repo.token)
    if made_up.known:
        return verdicts.made_up_accepted_once(repo.host)
    if not made_up.refused:
        return (yield from _read_once_more(repo, verdicts.may_read_unproven(repo.host)))
    facts = yield from host_apis.token_facts(repo.url, repo.token)
    if facts.known:
        return verdicts.may_read(repo.host, facts)
    if facts.known is False:
        return verdicts.dead_but_accepted(repo.host)
    return verdicts.refused_by_api(repo.host) if facts.refused else verdicts.may_read_unproven(repo.host)


def _read_once_more(repo: Repository, found: Verdict) -> Generator[ProbeRequest, ProbeResponse, Verdict]:
    """What was `found`, if the token may still read."""
    answer = yield repo.request("Read the repository once more with your token", READ, repo.token)
    if classify(answer, READ) is GitResponse.REFS:
        return found
    if refuses(answer):
        return verdicts.refused_in_the_end(repo.host, answer.status)
    if from_cache(answer):
        return verdicts.cached(repo.host)
    return verdicts.changed_its_mind(repo.host, answer.status)


def _forbidden(repo: Repository) -> Generator[ProbeRequest, ProbeResponse, Verdict]:
    """A 403: of a host that knows the token, or of a firewall that lets nobody in?

    Both are asked twice in a row: of several servers behind one address, one that lets nobody in would not answer both.
    """
    if host_apis.api_decides(repo.url, repo.token):
        return verdicts.not_allowed(repo.host, (yield from host_apis.token_facts(repo.url, repo.token)))
    again = yield repo.request("Read the repository once more with your token", READ, repo.token)
    if classify(again, READ) is GitResponse.REFS:
        return verdicts.refused_at_first(repo.host)
    if again.status != 403:
        return verdicts.changed_its_mind(repo.host, again.status)
    for purpose in _MADE_UP:
        control = yield repo.made_up_request(READ, purpose)
        if control.status == 403:
            return verdicts.not_allowed(repo.host, _NOTHING_KNOWN)
        if not refuses(control):
            return verdicts.forbidden_without_control(repo.host)
    return verdicts.not_allowed(repo.host, TokenFacts(known=True))
