"""The check of a token for a git repository over smart HTTP. Sans-IO; only `info/refs` is asked, so nothing is written.

A repository that lets the token in proves nothing by itself: it may be public. So the same is asked without a token; if
that passes too, the right to write is asked for (nothing happens before a POST). At most four requests.
"""

import re
from base64 import b64encode
from collections.abc import Generator
from dataclasses import dataclass, field
from enum import Enum, auto
from urllib.parse import urlsplit

from credstore.credential_types.git import host_apis, verdicts
from credstore.credential_types.git.host_apis import TokenFacts
from credstore.credential_types.inconclusive import inconclusive_verdict
from credstore.credential_types.made_up_key import made_up_key
from credstore.probe import Probe, ProbeRequest, ProbeResponse, Verdict

READ, WRITE = "git-upload-pack", "git-receive-pack"
_START = re.compile(rb"[0-9a-f]{4}(?:#|version 2)")
# Keeps the branches of a large repository out of the answer. Only reading has it; an answer to it may begin otherwise.
_VERSION_2 = {"Git-Protocol": "version=2"}


class GitResponse(Enum):
    REFS = auto()  # the repository, as git's smart HTTP shows it
    REFUSED = auto()  # 401
    FORBIDDEN = auto()  # 403
    NOT_FOUND = auto()  # 404: not there, or hidden
    UNKNOWN = auto()


_CLOSED = {GitResponse.REFUSED, GitResponse.FORBIDDEN, GitResponse.NOT_FOUND}


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """`url` is canonical; `token` may be empty: a public repository needs none."""

    url: str
    username: str
    token: str = field(repr=False)

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    def request(self, purpose: str, service: str, token: str) -> ProbeRequest:
        headers = {"Accept": "*/*"} | (_VERSION_2 if service == READ else {})
        if token:
            headers["Authorization"] = "Basic " + b64encode(f"{self.username}:{token}".encode()).decode()
        return ProbeRequest(
            purpose=purpose, method="GET", url=f"{self.url}/info/refs?service={service}", headers=headers
        )


def classify(answer: ProbeResponse, service: str) -> GitResponse:
    """A status of 200 alone is no repository: pages of log-in forms and plain file servers answer 200 too."""
    if answer.status == 200:
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        fits = kind == f"application/x-{service}-advertisement" and _START.match(answer.body_start)
        return GitResponse.REFS if fits else GitResponse.UNKNOWN
    return {401: GitResponse.REFUSED, 403: GitResponse.FORBIDDEN, 404: GitResponse.NOT_FOUND}.get(
        answer.status, GitResponse.UNKNOWN
    )


def check_repository(repo: Repository) -> Probe:
    """Drive the whole check."""
    if not repo.token:
        answer = yield repo.request("Read the repository, without a token", READ, "")
        return _without_token(repo, answer)
    answer = yield repo.request("Read the repository with your token", READ, repo.token)
    seen = classify(answer, READ)
    if seen is GitResponse.REFS:
        return (yield from _check_without_token(repo))
    if seen is GitResponse.REFUSED:
        return verdicts.refused(repo.host)
    if seen is GitResponse.FORBIDDEN:
        return verdicts.not_allowed(repo.host, (yield from _ask_host_about_token(repo, seen)))
    if seen is GitResponse.NOT_FOUND:
        return verdicts.not_found(repo.host, (yield from host_apis.token_facts(repo.url, repo.token)))
    return inconclusive_verdict(repo.host, answer) or verdicts.not_git(repo.host)


def _without_token(repo: Repository, answer: ProbeResponse) -> Verdict:
    seen = classify(answer, READ)
    if seen is GitResponse.UNKNOWN:
        return inconclusive_verdict(repo.host, answer) or verdicts.not_git(repo.host)
    if seen is GitResponse.NOT_FOUND:
        return verdicts.not_found(repo.host, TokenFacts())
    return verdicts.no_token(repo.host, open_to_all=seen is GitResponse.REFS)


def _check_without_token(repo: Repository) -> Generator[ProbeRequest, ProbeResponse, Verdict]:
    """The token may read. Does anybody?"""
    anyone = classify((yield repo.request("The same without a token", READ, "")), READ)
    if anyone is GitResponse.REFS:
        return (yield from _check_write_access(repo))
    if anyone not in _CLOSED:
        return verdicts.no_control(repo.host)
    told = yield from host_apis.token_facts(repo.url, repo.token)
    if told.known:
        return verdicts.may_read(repo.host, told)
    fake = classify((yield repo.request("The same with a made-up token", READ, made_up_key(repo.token))), READ)
    if fake in _CLOSED:
        return verdicts.may_read(repo.host, told)
    return verdicts.any_token(repo.host) if fake is GitResponse.REFS else verdicts.no_control(repo.host)


def _check_write_access(repo: Repository) -> Generator[ProbeRequest, ProbeResponse, Verdict]:
    """Anybody may read. May this token write, where a made-up one may not?"""
    answer = yield repo.request("Ask for the right to write with your token", WRITE, repo.token)
    seen = classify(answer, WRITE)
    judged = host_apis.has_token_api(repo.url, repo.token)
    if seen is GitResponse.UNKNOWN:
        return inconclusive_verdict(repo.host, answer) or verdicts.public_repository(repo.host)
    if seen is GitResponse.REFUSED and not judged:
        return verdicts.refused(repo.host, reading_is_open=True)
    told = yield from _ask_host_about_token(repo, seen, WRITE)
    if seen is GitResponse.REFS:
        # GitHub and GitLab never let a stranger write: there, the right to write is proof enough.
        if told.known or judged:
            return verdicts.may_write(repo.host, told)
        return verdicts.no_control(repo.host) if told.known is None else verdicts.any_token(repo.host)
    if told.known:
        return verdicts.read_only(repo.host, told)
    if seen is GitResponse.REFUSED and told.known is False:
        return verdicts.refused(repo.host, reading_is_open=True)
    return verdicts.public_repository(repo.host)


def _ask_host_about_token(
    repo: Repository, seen: GitResponse, service: str = READ
) -> Generator[ProbeRequest, ProbeResponse, TokenFacts]:
    """Whether the host knows this token: by its own word, else by how it answers a made-up one."""
    if host_apis.has_token_api(repo.url, repo.token):
        return (yield from host_apis.token_facts(repo.url, repo.token))
    fake = classify((yield repo.request("The same with a made-up token", service, made_up_key(repo.token))), service)
    if fake is GitResponse.REFS:
        return TokenFacts(known=False)
    return TokenFacts(known=True if fake in _CLOSED and fake is not seen else None)
