"""The git check as a table of answers: what each host says, how many requests that takes, where the token goes."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from credstore.credential_types import Git
from credstore.errors import InvalidFields
from credstore.probe import Openness, Outcome, ProbeRequest, ProbeResponse, Verdict
from credstore.tester import Tester

TOKEN = "ghx-canary-0123456789abcdef"
URL = "https://git.example.com/team/repo.git"
GITHUB, GITLAB = "https://github.com/team/repo.git", "https://gitlab.com/team/repo.git"
HOSTED = "https://gitlab.example.org/team/repo.git"


def answer(status: int, json: Any = None, **headers: str) -> ProbeResponse:
    return ProbeResponse(
        status=status, json=json, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


READ = ProbeResponse(
    status=200,
    headers={"content-type": "application/x-git-upload-pack-advertisement"},
    body_start=b"001e# service=git-upload-pack\n0000",
)
WRITE = ProbeResponse(
    status=200,
    headers={"content-type": "application/x-git-receive-pack-advertisement; charset=x"},
    body_start=b"001f# service=git-receive-pack\n0000",
)
CACHED = replace(READ, headers={**READ.headers, "x-cache": "HIT", "age": "12"})
NO = answer(401, www_authenticate='Basic realm="git"')
FORBIDDEN, ABSENT = answer(403), answer(404)
HTML = ProbeResponse(status=200, headers={"content-type": "text/html"}, body_start=b"<!doctype html>")
LOGIN = answer(302, location="https://git.example.com/users/sign_in")

Key = tuple[str, str]


class Host:
    """Answers by (what is asked, by whom) and remembers every Ask."""

    def __init__(self, answers: Mapping[Key, ProbeResponse]) -> None:
        self.answers = answers
        self.asks: list[ProbeRequest] = []

    def send(self, ask: ProbeRequest, *, deadline: float) -> ProbeResponse:
        self.asks.append(ask)
        return self.answers[what(ask), who(ask)]


def what(ask: ProbeRequest) -> str:
    if "git-upload-pack" in ask.url:
        return "read"
    return "write" if "git-receive-pack" in ask.url else "facts"


def who(ask: ProbeRequest) -> str:
    credentials = "".join(ask.headers.get(name, "") for name in ("Authorization", "PRIVATE-TOKEN"))
    if credentials.startswith("Basic "):
        credentials = base64.b64decode(credentials.removeprefix("Basic ")).decode()
    return "you" if TOKEN in credentials else "fake" if credentials else "nobody"


def run(
    config: Mapping[str, str], answers: Mapping[Key, ProbeResponse] | None = None, openness: Openness = "unknown"
) -> tuple[Verdict, list[ProbeRequest]]:
    host = Host(answers or {})
    secrets = Git.clean({"extra_config": json.dumps(config)})
    verdict = Tester(host).run(Git.probe(secrets | {"host_openness": openness}), Git.texts_to_redact(secrets))
    assert len(host.asks) <= 4
    assert all(ask.method == "GET" for ask in host.asks)
    assert TOKEN not in repr(verdict)
    return verdict, host.asks


def asked(asks: list[ProbeRequest]) -> list[Key]:
    return [(what(ask), who(ask)) for ask in asks]


PRIVATE = {("read", "you"): READ, ("read", "fake"): NO}
PUBLIC = {("read", "you"): READ, ("read", "fake"): READ}


@pytest.mark.parametrize(
    ("answers", "outcome", "requests"),
    [
        (PRIVATE, Outcome.VERIFIED, 4),
        (PRIVATE | {("read", "fake"): answer(401)}, Outcome.VERIFIED, 4),
        (PRIVATE | {("read", "fake"): ABSENT}, Outcome.VERIFIED, 4),
        (PRIVATE | {("read", "fake"): FORBIDDEN}, Outcome.VERIFIED, 4),
        (PRIVATE | {("read", "fake"): answer(500)}, Outcome.CANNOT_TELL, 2),
        (PRIVATE | {("read", "fake"): answer(429)}, Outcome.CANNOT_TELL, 2),
        (PRIVATE | {("read", "fake"): answer(403, retry_after="9")}, Outcome.CANNOT_TELL, 2),
        (PRIVATE | {("read", "fake"): answer(401, age="9")}, Outcome.CANNOT_TELL, 2),
        (PRIVATE | {("read", "fake"): LOGIN}, Outcome.CANNOT_TELL, 2),
        (PRIVATE | {("read", "fake"): HTML}, Outcome.CANNOT_TELL, 2),
        ({("read", "you"): CACHED}, Outcome.CANNOT_TELL, 1),
        (PRIVATE | {("read", "fake"): CACHED}, Outcome.CANNOT_TELL, 2),
        (PUBLIC | {("write", "you"): replace(WRITE, headers=WRITE.headers | {"age": "1"})}, Outcome.CANNOT_TELL, 3),
        ({("read", "you"): NO}, Outcome.REJECTED, 1),
        ({("read", "you"): FORBIDDEN, ("read", "fake"): NO}, Outcome.REJECTED, 4),
        ({("read", "you"): FORBIDDEN, ("read", "fake"): READ}, Outcome.CANNOT_TELL, 3),
        ({("read", "you"): answer(403, retry_after="9")}, Outcome.PROVIDER_TROUBLE, 1),
        ({("read", "you"): answer(401, age="9")}, Outcome.CANNOT_TELL, 1),
        ({("read", "you"): answer(401, {"message": "Your IP address is not allowed"})}, Outcome.CANNOT_TELL, 1),
        ({("read", "you"): answer(401, www_authenticate='Digest realm="g"')}, Outcome.CANNOT_TELL, 1),
        ({("read", "you"): answer(401, www_authenticate="Negotiate")}, Outcome.CANNOT_TELL, 1),
        ({("read", "you"): answer(401, www_authenticate='Bearer realm="proxy"')}, Outcome.CANNOT_TELL, 1),
        ({("read", "you"): answer(401, www_authenticate='Negotiate, Basic realm="g"')}, Outcome.REJECTED, 1),
        ({("read", "you"): FORBIDDEN, ("read", "fake"): FORBIDDEN}, Outcome.CANNOT_TELL, 3),
        ({("read", "you"): FORBIDDEN, ("read", "fake"): answer(502)}, Outcome.CANNOT_TELL, 3),
        ({("read", "you"): ABSENT}, Outcome.CANNOT_TELL, 1),
        ({("read", "you"): HTML}, Outcome.CANNOT_TELL, 1),
        ({("read", "you"): answer(200)}, Outcome.CANNOT_TELL, 1),
        ({("read", "you"): LOGIN}, Outcome.CANNOT_TELL, 1),
        ({("read", "you"): answer(429)}, Outcome.PROVIDER_TROUBLE, 1),
        ({("read", "you"): answer(503)}, Outcome.PROVIDER_TROUBLE, 1),
        ({("read", "you"): answer(418)}, Outcome.CANNOT_TELL, 1),
        (PUBLIC | {("write", "you"): WRITE, ("write", "fake"): NO}, Outcome.ACCEPTED_UNPROVEN, 4),
        (PUBLIC | {("write", "you"): WRITE, ("write", "fake"): WRITE}, Outcome.KEY_NOT_CHECKED, 4),
        (PUBLIC | {("write", "you"): WRITE, ("write", "fake"): answer(503)}, Outcome.CANNOT_TELL, 4),
        (PUBLIC | {("write", "you"): WRITE, ("write", "fake"): FORBIDDEN}, Outcome.CANNOT_TELL, 4),  # or a ban
        (PUBLIC | {("write", "you"): WRITE, ("write", "fake"): answer(401)}, Outcome.CANNOT_TELL, 4),
        (PUBLIC | {("write", "you"): NO, ("write", "fake"): NO}, Outcome.CANNOT_TELL, 4),
        (PUBLIC | {("write", "you"): NO, ("write", "fake"): WRITE}, Outcome.CANNOT_TELL, 4),
        (PUBLIC | {("write", "you"): answer(401, www_authenticate="Digest x=y")}, Outcome.CANNOT_TELL, 3),
        (PUBLIC | {("write", "you"): FORBIDDEN, ("write", "fake"): NO}, Outcome.CANNOT_TELL, 4),  # one 403 is no proof
        (PUBLIC | {("write", "you"): FORBIDDEN, ("write", "fake"): FORBIDDEN}, Outcome.CANNOT_TELL, 4),
        (PUBLIC | {("write", "you"): ABSENT, ("write", "fake"): ABSENT}, Outcome.CANNOT_TELL, 4),
        (PUBLIC | {("write", "you"): HTML}, Outcome.CANNOT_TELL, 3),
        (PUBLIC | {("write", "you"): answer(503)}, Outcome.PROVIDER_TROUBLE, 3),
    ],
)
def test_the_verdict_on_what_a_host_shows_to_whom(
    answers: dict[Key, ProbeResponse], outcome: Outcome, requests: int
) -> None:
    verdict, asks = run({"url": URL, "username": "deploy", "token": TOKEN}, answers)
    assert (verdict.outcome, len(asks)) == (outcome, requests), verdict
    assert verdict.reason.endswith(".")
    assert {urlsplit(ask.url).netloc for ask in asks} == {"git.example.com"}


def test_the_right_token_is_sent_first_and_last_and_no_made_up_one_twice() -> None:
    verdict, asks = run({"url": URL, "username": "deploy", "token": TOKEN}, PRIVATE)
    assert asked(asks) == [("read", "you"), ("read", "fake"), ("read", "fake"), ("read", "you")]
    assert len({ask.headers["Authorization"] for ask in asks}) == 3
    assert verdict.reason == "git.example.com shows the repository with this token, and refuses a made-up one."


@pytest.mark.parametrize(
    ("found", "outcome"),
    [(READ, Outcome.KEY_NOT_CHECKED), (NO, Outcome.REJECTED), (FORBIDDEN, Outcome.REJECTED),
     (answer(401, www_authenticate="Negotiate"), Outcome.CANNOT_TELL), (ABSENT, Outcome.CANNOT_TELL),
     (LOGIN, Outcome.CANNOT_TELL), (answer(500), Outcome.PROVIDER_TROUBLE)],
)  # fmt: skip
def test_without_a_token_the_repository_is_asked_once_and_plainly(found: ProbeResponse, outcome: Outcome) -> None:
    verdict, asks = run({"url": URL}, {("read", "nobody"): found})
    assert (verdict.outcome, asked(asks)) == (outcome, [("read", "nobody")])


@pytest.mark.parametrize(
    ("kind", "start", "good"),
    [
        ("application/x-git-upload-pack-advertisement", b"000eversion 2\n", True),
        ("Application/X-Git-Upload-Pack-Advertisement ; x=y", b"001e# service=", True),
        ("application/x-git-upload-pack-advertisement", b"<html>", False),
        ("application/x-git-upload-pack-advertisement", b"", False),
        ("application/x-git-receive-pack-advertisement", b"001e# service=", False),
        ("text/plain", b"001e# service=git-upload-pack", False),  # the dumb protocol: a plain file server
    ],
)
def test_a_repository_is_known_by_its_type_and_its_first_bytes(kind: str, start: bytes, good: bool) -> None:
    shown = ProbeResponse(status=200, headers={"content-type": kind}, body_start=start)
    verdict, _ = run({"url": URL, "token": TOKEN}, PRIVATE | {("read", "you"): shown})
    assert (verdict.outcome is Outcome.VERIFIED) is good


@pytest.mark.parametrize(
    ("url", "token", "username"),
    [
        (GITHUB, "t" * 20, "x-access-token"),
        (GITLAB, "t" * 20, "oauth2"),
        ("https://bitbucket.org/a/b", "t" * 20, "x-token-auth"),
        ("https://bitbucket.org/a/b", "ATATT3xFfGF0", "x-bitbucket-api-token-auth"),
        (URL, "t" * 20, "git"),
    ],
)
def test_the_user_name_where_none_is_given_is_what_the_host_wants(url: str, token: str, username: str) -> None:
    ask = next(Git.probe({"extra_config": json.dumps({"url": url, "token": token})}))
    assert base64.b64decode(ask.headers["Authorization"].removeprefix("Basic ")) == f"{username}:{token}".encode()


def test_the_pair_of_name_and_token_is_scrubbed_as_basic_sends_it() -> None:
    secrets = {"extra_config": json.dumps({"url": URL, "username": "deploy", "token": TOKEN})}
    assert {TOKEN, f"deploy:{TOKEN}"} <= Git.texts_to_redact(secrets)
    assert not {URL, "deploy"} & Git.texts_to_redact(secrets)


ME = answer(
    200,
    {"login": "octocat"},
    x_oauth_scopes="repo, gist",
    github_authentication_token_expiration="2027-10-12 09:00:00 UTC",
)
ENDED = answer(200, {"name": "deploy", "active": False, "scopes": ["read_repository"]})
SELF = answer(200, {"name": "deploy", "active": True, "scopes": ["read_repository"], "expires_at": "2027-01-31"})


@pytest.mark.parametrize(
    ("url", "told", "answers", "outcome", "requests"),
    [
        (GITHUB, ME, PRIVATE, Outcome.VERIFIED, 4),
        (GITHUB, NO, PRIVATE, Outcome.CANNOT_TELL, 3),
        (GITHUB, NO, PUBLIC | {("write", "you"): WRITE}, Outcome.CANNOT_TELL, 4),
        (GITHUB, answer(200, {"login": "octocat"}, age="9"), PRIVATE, Outcome.ACCEPTED_UNPROVEN, 4),
        (GITHUB, ME, PUBLIC | {("write", "you"): WRITE}, Outcome.VERIFIED, 4),
        (GITHUB, ME, PUBLIC | {("write", "you"): FORBIDDEN}, Outcome.ACCEPTED_LIMITED, 4),
        (GITHUB, NO, PUBLIC | {("write", "you"): NO}, Outcome.REJECTED, 4),
        (GITHUB, FORBIDDEN, PUBLIC | {("write", "you"): NO}, Outcome.CANNOT_TELL, 4),
        (GITHUB, FORBIDDEN, PUBLIC | {("write", "you"): WRITE}, Outcome.ACCEPTED_UNPROVEN, 4),
        (GITHUB, FORBIDDEN, PRIVATE, Outcome.ACCEPTED_UNPROVEN, 4),
        (GITHUB, ME, {("read", "you"): ABSENT}, Outcome.CANNOT_TELL, 2),
        (GITHUB, NO, {("read", "you"): ABSENT}, Outcome.REJECTED, 2),
        (GITHUB, ME, {("read", "you"): FORBIDDEN}, Outcome.REJECTED, 2),
        (GITHUB, NO, {("read", "you"): FORBIDDEN}, Outcome.REJECTED, 2),
        (GITLAB, SELF, PRIVATE, Outcome.VERIFIED, 4),
        (GITLAB, ENDED, PRIVATE, Outcome.CANNOT_TELL, 3),
        (GITLAB, ENDED, PUBLIC | {("write", "you"): WRITE}, Outcome.CANNOT_TELL, 4),
        (GITLAB, NO, PRIVATE, Outcome.ACCEPTED_UNPROVEN, 4),  # perhaps a deploy token: the API refuses it, git does not
        (GITLAB, NO, PUBLIC | {("write", "you"): NO}, Outcome.CANNOT_TELL, 4),
        (GITLAB, SELF, PUBLIC | {("write", "you"): FORBIDDEN}, Outcome.ACCEPTED_LIMITED, 4),
        (GITLAB, LOGIN, {("read", "you"): ABSENT}, Outcome.CANNOT_TELL, 2),
        (GITLAB, ENDED, {("read", "you"): ABSENT}, Outcome.REJECTED, 2),
    ],
)
def test_known_hosts_are_asked_about_the_token_itself(
    url: str, told: ProbeResponse, answers: dict[Key, ProbeResponse], outcome: Outcome, requests: int
) -> None:
    verdict, asks = run({"url": url, "token": TOKEN}, answers | {("facts", "you"): told})
    assert (verdict.outcome, len(asks)) == (outcome, requests), verdict


@pytest.mark.parametrize("url", [GITHUB, GITLAB])
@pytest.mark.parametrize("answers", [PRIVATE, PUBLIC | {("write", "you"): WRITE}])
def test_what_git_says_is_no_proof_against_the_hosts_own_api(url: str, answers: dict[Key, ProbeResponse]) -> None:
    told = NO if url == GITHUB else ENDED
    verdict, _ = run({"url": url, "token": TOKEN}, answers | {("facts", "you"): told})
    assert verdict.outcome is Outcome.CANNOT_TELL
    assert "let git in with this token, and its API says that the token is not valid" in verdict.reason


@pytest.mark.parametrize(
    ("told", "made_up", "answers", "outcome", "requests"),
    [
        (SELF, NO, PRIVATE, Outcome.VERIFIED, 4),
        (SELF, SELF, PRIVATE, Outcome.CANNOT_TELL, 3),  # it tells scopes of any token
        (SELF, ABSENT, PRIVATE, Outcome.ACCEPTED_UNPROVEN, 4),  # no such API there
        (SELF, answer(401, age="9"), PRIVATE, Outcome.ACCEPTED_UNPROVEN, 4),
        (NO, NO, PRIVATE, Outcome.CANNOT_TELL, 4),
        (ENDED, NO, PRIVATE, Outcome.CANNOT_TELL, 4),
        (LOGIN, NO, PRIVATE, Outcome.ACCEPTED_UNPROVEN, 4),
        (answer(200, {"scopes": "all"}), NO, PRIVATE, Outcome.ACCEPTED_UNPROVEN, 4),
        (ENDED, NO, {("read", "you"): ABSENT}, Outcome.CANNOT_TELL, 2),
        (SELF, NO, {("read", "you"): FORBIDDEN, ("read", "fake"): FORBIDDEN}, Outcome.CANNOT_TELL, 3),
        (SELF, NO, PUBLIC | {("write", "you"): WRITE, ("write", "fake"): NO}, Outcome.ACCEPTED_UNPROVEN, 4),
        (SELF, NO, PUBLIC | {("write", "you"): WRITE, ("write", "fake"): WRITE}, Outcome.KEY_NOT_CHECKED, 4),
    ],
)
@pytest.mark.parametrize("url", [HOSTED, URL])
def test_another_host_is_believed_only_where_its_api_refuses_a_made_up_token_too(
    url: str,
    told: ProbeResponse,
    made_up: ProbeResponse,
    answers: dict[Key, ProbeResponse],
    outcome: Outcome,
    requests: int,
) -> None:
    about = {("facts", "you"): told, ("facts", "fake"): made_up}
    verdict, asks = run({"url": url, "token": f"glpat-{TOKEN}"}, answers | about)
    assert (verdict.outcome, len(asks)) == (outcome, requests), verdict
    if verdict.outcome is Outcome.VERIFIED:
        assert asked(asks) == [("read", "you"), ("read", "fake"), ("facts", "fake"), ("facts", "you")]


@pytest.mark.parametrize(
    ("url", "token"),
    [(GITHUB, f"ghs_{TOKEN}"), (GITLAB, f"gldt-{TOKEN}"), (GITLAB, f"glcbt-{TOKEN}"), (HOSTED, TOKEN)],
)
def test_a_token_that_no_api_knows_is_proven_at_the_repository_alone(url: str, token: str) -> None:
    verdict, asks = run({"url": url, "token": token}, PRIVATE)
    assert verdict.outcome is Outcome.VERIFIED
    assert asked(asks) == [("read", "you"), ("read", "fake"), ("read", "fake"), ("read", "you")]


@pytest.mark.parametrize(
    ("url", "answers", "outcome", "requests"),
    [
        (URL, {("write", "you"): WRITE, ("write", "fake"): NO}, Outcome.VERIFIED, 4),
        (URL, {("write", "you"): WRITE, ("write", "fake"): WRITE}, Outcome.KEY_NOT_CHECKED, 2),
        (URL, {("write", "you"): WRITE, ("write", "fake"): FORBIDDEN}, Outcome.CANNOT_TELL, 2),  # or a ban
        (URL, {("write", "you"): NO}, Outcome.CANNOT_TELL, 1),
        (URL, {("write", "you"): FORBIDDEN}, Outcome.CANNOT_TELL, 1),
        (URL, {("write", "you"): answer(503)}, Outcome.PROVIDER_TROUBLE, 1),
        (GITHUB, PRIVATE | {("facts", "you"): ME}, Outcome.VERIFIED, 4),
    ],
)
def test_where_anybody_may_read_the_next_test_asks_for_the_right_to_write(
    url: str, answers: dict[Key, ProbeResponse], outcome: Outcome, requests: int
) -> None:
    verdict, asks = run({"url": url, "username": "deploy", "token": TOKEN}, answers, openness="open")
    assert (verdict.outcome, len(asks)) == (outcome, requests), verdict
    if "write" in {what(ask) for ask in asks} and verdict.outcome is Outcome.VERIFIED:
        assert asked(asks) == [("write", "you"), ("write", "fake"), ("write", "fake"), ("write", "you")]
    # A repository may be closed meanwhile: then the next test asks again who may read.
    assert (verdict.openness == "unknown") == (requests == 1)


@pytest.mark.parametrize(("url", "fake"), [(URL, NO), (GITHUB, None)])
def test_a_known_token_that_may_not_read_its_repository_is_no_success(url: str, fake: ProbeResponse | None) -> None:
    answers = {("read", "you"): FORBIDDEN, ("facts", "you"): ME} | ({("read", "fake"): fake} if fake else {})
    verdict, _ = run({"url": url, "token": TOKEN}, answers)
    assert (verdict.outcome, verdict.outcome.mark) == (Outcome.REJECTED, "fail")
    assert "knows this token, but it may not read this repository" in verdict.reason
    assert "access to this repository" in verdict.advice
    assert "new token" not in verdict.advice


def test_github_tells_whose_token_its_scopes_and_its_end() -> None:
    verdict, asks = run({"url": GITHUB, "token": TOKEN}, PRIVATE | {("facts", "you"): ME})
    assert verdict.facts == ("@octocat", "scopes: repo, gist", "expires 2027-10-12")
    assert verdict.expires_at == datetime(2027, 10, 12, 9, tzinfo=UTC)
    assert {urlsplit(ask.url).netloc for ask in asks} == {"github.com", "api.github.com"}


@pytest.mark.parametrize(
    ("url", "token"),
    [(GITLAB, TOKEN), ("https://gitlab.example.org:8443/a.git", f"glpat-{TOKEN}"), (URL, f"glpat-{TOKEN}")],
)
def test_gitlab_is_asked_at_the_very_host_of_the_repository(url: str, token: str) -> None:
    verdict, asks = run({"url": url, "token": token}, PRIVATE | {("facts", "you"): SELF, ("facts", "fake"): NO})
    assert verdict.facts == ("deploy", "scopes: read_repository", "expires 2027-01-31")
    assert verdict.expires_at == datetime(2027, 1, 31, tzinfo=UTC)
    host = urlsplit(url).netloc
    assert {ask.url for ask in asks if what(ask) == "facts"} == {f"https://{host}/api/v4/personal_access_tokens/self"}
    assert {urlsplit(ask.url).netloc for ask in asks} == {host}


@pytest.mark.parametrize(
    "url",
    ["https://github.com.evil.example/a.git", "https://notgithub.com/a.git", "https://evil.example/github.com/a.git",
     "https://github.com:8443/a.git", "http://github.com/a.git", "https://api.github.com.evil.example/a"],
)  # fmt: skip
def test_a_host_that_only_looks_like_github_gets_no_request_sent_to_github(url: str) -> None:
    _, asks = run({"url": url, "token": TOKEN}, PRIVATE)
    assert {urlsplit(ask.url).netloc for ask in asks} == {urlsplit(url).netloc}


@pytest.mark.parametrize(
    "told",
    [
        answer(200, {"login": "<b>evil\n" * 50}, x_oauth_scopes="x" * 9000),
        answer(200, {"login": TOKEN}, x_oauth_scopes=TOKEN, github_authentication_token_expiration="soon"),
        answer(200, {"login": 7}),
        answer(200, ["login"]),
        answer(200, {"login": "a"}, github_authentication_token_expiration="9999-99-99 00:00:00 UTC"),
        answer(200, {"login": "a"}, github_authentication_token_expiration="0001-01-01 00:00:00 +1400"),
    ],
)
def test_odd_facts_do_no_harm(told: ProbeResponse) -> None:
    verdict, _ = run({"url": GITHUB, "token": TOKEN}, PRIVATE | {("facts", "you"): told})
    assert verdict.outcome in {Outcome.VERIFIED, Outcome.ACCEPTED_UNPROVEN}
    assert verdict.expires_at is None
    assert all(fact.isprintable() and len(fact) < 600 for fact in verdict.facts)


@pytest.mark.parametrize(
    "config",
    [{"token": TOKEN}, {"note": "nothing here"}, {"url": "ssh://git@git.example.com/repo"},
     {"url": "git@git.example.com:team/repo.git", "token": TOKEN}],
)  # fmt: skip
def test_nothing_to_test_is_said_in_words_without_a_request(config: dict[str, str]) -> None:
    verdict, asks = run(config)
    assert (verdict.outcome, asks) == (Outcome.CANNOT_TELL, [])
    assert verdict.reason.startswith("There is nothing to test: ")
    assert verdict.advice


PRIVATE_KEY = ed25519.Ed25519PrivateKey.generate()
PLAIN = serialization.NoEncryption()


def pem(form: Any = serialization.PrivateFormat.OpenSSH, lock: Any = PLAIN, key: Any = PRIVATE_KEY) -> str:
    return key.private_bytes(serialization.Encoding.PEM, form, lock).decode()  # type: ignore[no-any-return]


def rsa_pem() -> str:
    return pem(serialization.PrivateFormat.TraditionalOpenSSL, key=rsa.generate_private_key(65537, 2048))


@pytest.mark.parametrize("make", [pem, lambda: pem(serialization.PrivateFormat.PKCS8), rsa_pem])
@pytest.mark.parametrize("url", ["git@git.example.com:team/repo.git", "ssh://git@git.example.com/r", "", URL])
def test_a_well_formed_ssh_key_is_not_tried_and_its_fingerprint_shown(make: Callable[[], str], url: str) -> None:
    verdict, asks = run({"ssh_key": make()} | ({"url": url} if url else {}))
    assert (verdict.outcome, asks) == (Outcome.CANNOT_TELL, [])
    assert verdict.reason == "The SSH key is well formed. It is not tried against the server."
    assert len(verdict.facts) == 1
    assert verdict.facts[0].startswith("SHA256:")
    assert len(verdict.facts[0]) == 50


def test_an_encrypted_ssh_key_is_said_to_be() -> None:
    locked = pem(serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"correct horse"))
    verdict, _ = run({"ssh_key": locked})
    assert verdict.outcome is Outcome.CANNOT_TELL
    assert "encrypted" in verdict.reason
    assert verdict.facts == ()


def test_a_lost_last_line_break_is_told() -> None:
    verdict, _ = run({"ssh_key": pem().rstrip("\n")})
    assert verdict.outcome is Outcome.CANNOT_TELL
    assert any("line break" in fact for fact in verdict.facts)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (pem().replace("\n", " "), "line breaks"),
        (pem()[:150] + pem()[-40:], "cut short or damaged"),
        (pem()[:150], "cut short or damaged"),
        (pem(serialization.PrivateFormat.PKCS8)[:60], "cut short or damaged"),
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA ann@desk", "public half"),
        ("PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none", "PuTTY"),
        ("hunter2hunter2", "not a private key"),
        ("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "not a private key"),
    ],
    ids=["one line", "hole", "head", "head of PKCS 8", "public half", "PuTTY", "password", "certificate"],
)
def test_a_key_that_nothing_can_read_is_rejected_without_a_request(key: str, words: str) -> None:
    verdict, asks = run({"ssh_key": key, "url": "git@git.example.com:a.git"})
    assert (verdict.outcome, asks) == (Outcome.REJECTED, [])
    assert words in verdict.reason
    assert key[:20] not in repr(verdict)


def test_with_both_over_https_the_token_is_what_is_tested() -> None:
    verdict, asks = run({"url": URL, "token": TOKEN, "ssh_key": pem()}, PRIVATE)
    assert (verdict.outcome, len(asks)) == (Outcome.VERIFIED, 4)


@pytest.mark.parametrize(
    "config",
    [
        {"url": "https://ann:hunter2hunter2@git.example.com/r.git"},
        {"url": "https://hunter2hunter2@git.example.com/r.git"},
        {"url": "https://git.example.com/r.git?token=hunter2hunter2"},
        {"url": "https://[hunter2hunter2/r.git"},
        {"url": URL, "token": "hunter2hunter2\n"},
        {"url": URL, "token": " hunter2hunter2"},
        {"url": URL, "token": "hunter2\x00hunter2"},
        {"url": URL, "username": "ann:hunter2hunter2"},
    ],
)
def test_what_could_not_be_sent_is_refused_at_entry_without_repeating_it(config: dict[str, str]) -> None:
    with pytest.raises(InvalidFields) as refusal:
        Git.clean({"extra_config": json.dumps(config)})
    assert set(refusal.value.fields) == {"extra_config"}
    assert "hunter2" not in repr(refusal.value.fields)
