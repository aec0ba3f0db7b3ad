"""The check of a token for a git repository over smart HTTP. Sans-IO; only `info/refs` is asked, so nothing is written.

That the server shows the repository proves nothing by itself: it may be public, or take any token. In at most four
requests:

- A repository that is shown with the token and refused to a made-up one: both are asked once more, the right token
  last. The result is green for yes, no, no, yes, with one status for both refusals. One refusal may come from a
  firewall, a ban, or one of several servers behind one address; such a server does not give this sequence.
- A repository that a made-up token may read too: see `write_check`.
- github.com and gitlab.com are asked about the token itself. What they say of it is believed, and so is one refusal of
  a made-up token: they are known to check tokens. Another host that is asked like GitLab is believed when it tells the
  scopes of the token and refuses a made-up one; otherwise that refusal must be a challenge.

A server that answers at random, yes and no by halves, passes in one of sixteen tests by each of the first two ways:
four requests tell no more.

The result is red only for a 401 that checks the token (not from a cache, not about the network address, not a wish for
Digest or Negotiate), for a token that the host's API does not know, and for a 403, given twice in a row,
where two made-up tokens get another refusal.
"""

from collections.abc import Generator

from credstore.credential_types.git import host_apis, verdicts, write_check
from credstore.credential_types.git.host_apis import TokenFacts
from credstore.credential_types.git.smart_http import (
    READ,
    GitResponse,
    Repository,
    challenges_sender,
    classify,
    refuses,
)
from credstore.credential_types.inconclusive import inconclusive_verdict, unfounded_refusal
from credstore.probe import Probe, ProbeRequest, ProbeResponse, Verdict

_MADE_UP = ("The same with a made-up token", "The same with another made-up token")
_NOTHING_KNOWN = TokenFacts()


def check_repository(repo: Repository) -> Probe:
    """Drive the whole check."""
    if not repo.token:
        answer = yield repo.request("Read the repository, without a token", READ, "")
        return _without_token(repo, answer)
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
    return verdicts.not_found(repo.host, (yield from host_apis.token_facts(repo.url, repo.token)))


def _without_token(repo: Repository, answer: ProbeResponse) -> Verdict:
    seen = classify(answer, READ)
    if seen is GitResponse.REFS:
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
    if classify(answer, READ) is GitResponse.UNKNOWN:
        return verdicts.not_git(repo.host)
    return unfounded_refusal(repo.host, answer, "basic")


def _check_made_up_token(repo: Repository) -> Generator[ProbeRequest, ProbeResponse, Verdict]:
    """The token may read. May a made-up one?"""
    first = yield repo.made_up_request(READ, _MADE_UP[0])
    if classify(first, READ) is GitResponse.REFS:
        return (yield from write_check.check_write_access(repo))
    if not refuses(first):
        return verdicts.no_control(repo.host)
    if host_apis.has_token_api(repo.url, repo.token):
        facts = yield from host_apis.token_facts(repo.url, repo.token)
        if facts.known:
            return verdicts.may_read(repo.host, facts)
        proven = host_apis.is_known_host(repo.url) or challenges_sender(first)
    else:
        facts, second = _NOTHING_KNOWN, (yield repo.made_up_request(READ, _MADE_UP[1]))
        proven = refuses(second) and second.status == first.status
    if not proven:
        return verdicts.no_control(repo.host)
    return (yield from _read_once_more(repo, facts))


def _read_once_more(repo: Repository, facts: TokenFacts) -> Generator[ProbeRequest, ProbeResponse, Verdict]:
    answer = yield repo.request("Read the repository once more with your token", READ, repo.token)
    if classify(answer, READ) is GitResponse.REFS:
        return verdicts.may_read(repo.host, facts)
    return verdicts.changed_its_mind(repo.host, answer.status)


def _forbidden(repo: Repository) -> Generator[ProbeRequest, ProbeResponse, Verdict]:
    """A 403: of a host that knows the token, or of a firewall that lets nobody in?

    Both are asked twice in a row: of several servers behind one address, one that lets nobody in would not answer both.
    """
    if host_apis.has_token_api(repo.url, repo.token):
        return verdicts.not_allowed(repo.host, (yield from host_apis.token_facts(repo.url, repo.token)))
    again = yield repo.request("Read the repository once more with your token", READ, repo.token)
    if again.status != 403:
        return verdicts.changed_its_mind(repo.host, again.status)
    for purpose in _MADE_UP:
        control = yield repo.made_up_request(READ, purpose)
        if control.status == 403:
            return verdicts.not_allowed(repo.host, _NOTHING_KNOWN)
        if not refuses(control):
            return verdicts.forbidden_without_control(repo.host)
    return verdicts.not_allowed(repo.host, TokenFacts(known=True))
