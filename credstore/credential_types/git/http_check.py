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
from credstore.credential_types.git.host_apis import Told
from credstore.credential_types.inconclusive import no_verdict
from credstore.credential_types.made_up_key import made_up
from credstore.probe import Answer, Ask, Probe, Verdict

READ, WRITE = "git-upload-pack", "git-receive-pack"
_START = re.compile(rb"[0-9a-f]{4}(?:#|version 2)")
# Keeps the branches of a large repository out of the answer. Only reading has it; an answer to it may begin otherwise.
_VERSION_2 = {"Git-Protocol": "version=2"}


class Seen(Enum):
    REFS = auto()  # the repository, as git's smart HTTP shows it
    REFUSED = auto()  # 401
    FORBIDDEN = auto()  # 403
    ABSENT = auto()  # 404: not there, or hidden
    ODD = auto()


_CLOSED = {Seen.REFUSED, Seen.FORBIDDEN, Seen.ABSENT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """`url` is canonical; `token` may be empty: a public repository needs none."""

    url: str
    username: str
    token: str = field(repr=False)

    @property
    def actor(self) -> str:
        return urlsplit(self.url).netloc

    def ask(self, purpose: str, service: str, token: str) -> Ask:
        headers = {"Accept": "*/*"} | (_VERSION_2 if service == READ else {})
        if token:
            headers["Authorization"] = "Basic " + b64encode(f"{self.username}:{token}".encode()).decode()
        return Ask(purpose=purpose, method="GET", url=f"{self.url}/info/refs?service={service}", headers=headers)


def read(answer: Answer, service: str) -> Seen:
    """A status of 200 alone is no repository: pages of log-in forms and plain file servers answer 200 too."""
    if answer.status == 200:
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        fits = kind == f"application/x-{service}-advertisement" and _START.match(answer.start)
        return Seen.REFS if fits else Seen.ODD
    return {401: Seen.REFUSED, 403: Seen.FORBIDDEN, 404: Seen.ABSENT}.get(answer.status, Seen.ODD)


def check(repo: Repository) -> Probe:
    """Drive the whole check."""
    if not repo.token:
        answer = yield repo.ask("Read the repository, without a token", READ, "")
        return _without_token(repo, answer)
    answer = yield repo.ask("Read the repository with your token", READ, repo.token)
    seen = read(answer, READ)
    if seen is Seen.REFS:
        return (yield from _control(repo))
    if seen is Seen.REFUSED:
        return verdicts.refused(repo.actor)
    if seen is Seen.FORBIDDEN:
        return verdicts.not_allowed(repo.actor, (yield from _known(repo, seen)))
    if seen is Seen.ABSENT:
        return verdicts.absent(repo.actor, (yield from host_apis.facts(repo.url, repo.token)))
    return no_verdict(repo.actor, answer) or verdicts.not_git(repo.actor)


def _without_token(repo: Repository, answer: Answer) -> Verdict:
    seen = read(answer, READ)
    if seen is Seen.ODD:
        return no_verdict(repo.actor, answer) or verdicts.not_git(repo.actor)
    if seen is Seen.ABSENT:
        return verdicts.absent(repo.actor, Told())
    return verdicts.no_token(repo.actor, open_to_all=seen is Seen.REFS)


def _control(repo: Repository) -> Generator[Ask, Answer, Verdict]:
    """The token may read. Does anybody?"""
    anyone = read((yield repo.ask("The same without a token", READ, "")), READ)
    if anyone is Seen.REFS:
        return (yield from _check_writing(repo))
    if anyone not in _CLOSED:
        return verdicts.no_control(repo.actor)
    told = yield from host_apis.facts(repo.url, repo.token)
    if told.known:
        return verdicts.may_read(repo.actor, told)
    fake = read((yield repo.ask("The same with a made-up token", READ, made_up(repo.token))), READ)
    if fake in _CLOSED:
        return verdicts.may_read(repo.actor, told)
    return verdicts.any_token(repo.actor) if fake is Seen.REFS else verdicts.no_control(repo.actor)


def _check_writing(repo: Repository) -> Generator[Ask, Answer, Verdict]:
    """Anybody may read. May this token write, where a made-up one may not?"""
    answer = yield repo.ask("Ask for the right to write with your token", WRITE, repo.token)
    seen = read(answer, WRITE)
    judged = host_apis.has_facts(repo.url, repo.token)
    if seen is Seen.ODD:
        return no_verdict(repo.actor, answer) or verdicts.public(repo.actor)
    if seen is Seen.REFUSED and not judged:
        return verdicts.refused(repo.actor, reading_is_open=True)
    told = yield from _known(repo, seen, WRITE)
    if seen is Seen.REFS:
        # GitHub and GitLab never let a stranger write: there, the right to write is proof enough.
        if told.known or judged:
            return verdicts.may_write(repo.actor, told)
        return verdicts.no_control(repo.actor) if told.known is None else verdicts.any_token(repo.actor)
    if told.known:
        return verdicts.read_only(repo.actor, told)
    if seen is Seen.REFUSED and told.known is False:
        return verdicts.refused(repo.actor, reading_is_open=True)
    return verdicts.public(repo.actor)


def _known(repo: Repository, seen: Seen, service: str = READ) -> Generator[Ask, Answer, Told]:
    """Whether the host knows this token: by its own word, else by how it answers a made-up one."""
    if host_apis.has_facts(repo.url, repo.token):
        return (yield from host_apis.facts(repo.url, repo.token))
    fake = read((yield repo.ask("The same with a made-up token", service, made_up(repo.token))), service)
    if fake is Seen.REFS:
        return Told(known=False)
    return Told(known=True if fake in _CLOSED and fake is not seen else None)
