"""The laws of the light, over generated servers: a wrong credential is never green, a right one never red.

Green needs a server that accepted this very credential twice and refused two made-up ones. Without any network: the
probes are driven by functions. The table tests beside this file show the words.
"""

import base64
import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credstore.credential_types import Git, Tool
from credstore.probe import Outcome, Probe, ProbeRequest, ProbeResponse, Verdict
from tests.credential_types.generated_servers import RIGHT, WRONG, Reply, Server, drawn_servers, servers

DRAWS = 20_000
Respond = Callable[[ProbeRequest], ProbeResponse]


def drive(probe: Probe, respond: Respond) -> tuple[Verdict, list[ProbeRequest]]:
    asked: list[ProbeRequest] = []
    answer: ProbeResponse | None = None
    while True:
        try:
            request = next(probe) if answer is None else probe.send(answer)
        except StopIteration as end:
            assert len(asked) <= 4
            return end.value, asked
        asked.append(request)
        answer = respond(request)


def tool_verdict(server: Server, key: str, scheme: str) -> Verdict:
    config = {"url": "https://tool.example.com/api", "headers": {"Authorization": scheme_value(scheme, key)}}

    def respond(request: ProbeRequest) -> ProbeResponse:
        value = request.headers.get("Authorization")
        reply = server.reply(value and credential_of(value), request.url)
        return ProbeResponse(status=reply.status, headers=reply.headers)

    return drive(Tool.probe({"extra_config": json.dumps(config)}), respond)[0]


def scheme_value(scheme: str, key: str) -> str:
    return f"Basic {base64.b64encode(f'deploy:{key}'.encode()).decode()}" if scheme == "Basic" else f"Bearer {key}"


def credential_of(value: str) -> str:
    scheme, _, token = value.partition(" ")
    return base64.b64decode(token).decode().partition(":")[2] if scheme == "Basic" else token


def git_verdict(server: Server, token: str, *, public: bool, may_write: bool, denied: int) -> Verdict:
    config = {"url": "https://git.example.com/team/repo.git", "username": "deploy", "token": token}

    def respond(request: ProbeRequest) -> ProbeResponse:
        service = request.url.partition("service=")[2]
        writing = service == "git-receive-pack"
        reply = server.reply(
            credential_of(request.headers["Authorization"]),
            request.url,
            judged=writing or not public,
            allowed=may_write or not writing,
        )
        status = denied if reply == Reply(403) and writing else reply.status
        if status != 200:
            return ProbeResponse(status=status, headers=reply.headers)
        shown = {"content-type": f"application/x-{service}-advertisement"}
        return ProbeResponse(status=200, headers=shown | reply.headers, body_start=b"001e# service=")

    return drive(Git.probe({"extra_config": json.dumps(config)}), respond)[0]


def holds(server: Server, key: str, verdict: Verdict, *, writes: bool = False) -> None:
    """Both laws, on one result. `writes`: git, where a made-up token that may read leaves one refusal for writing."""
    said = f"{server.rule}, {server.disturbance}: {verdict.reason} {server.log}"
    if verdict.outcome.mark == "pass":
        accepted = [reply for sent, reply in server.log if sent == key and reply.status == 200]
        refused = {sent for sent, reply in server.log if sent != key and reply.status in {401, 403, 404}}
        assert len(accepted) >= 2, said
        assert len(refused) >= (1 if writes and server.log[1][1].status == 200 else 2), said
        if server.rule != "random":
            assert server.accepts(key), said
            assert not server.accepts("tool-canary-0000000000000000"), said
    if verdict.outcome.mark == "fail":
        assert not (server.rule == "exact" and key == RIGHT), said
        assert server.rule == "random" or not server.accepts(key), said


KEYS = st.sampled_from([RIGHT, *WRONG])


@given(servers(), KEYS, st.sampled_from(["Bearer", "Basic"]))
@settings(max_examples=400, deadline=None)
def test_a_tool_is_green_only_by_the_law(server: Server, key: str, scheme: str) -> None:
    holds(server, key, tool_verdict(server, key, scheme))


@given(servers(), KEYS, st.booleans(), st.booleans(), st.sampled_from([401, 403, 404]))
@settings(max_examples=400, deadline=None)
def test_a_git_token_is_green_only_by_the_law(
    server: Server, key: str, public: bool, may_write: bool, denied: int
) -> None:
    holds(server, key, git_verdict(server, key, public=public, may_write=may_write, denied=denied), writes=True)


def test_the_laws_hold_over_twenty_thousand_servers() -> None:
    marks: dict[tuple[str, bool, str], int] = {}
    for number, server in enumerate(drawn_servers(DRAWS, seed=7)):
        key = (RIGHT, *WRONG)[number % 4]
        if number % 3 == 0:
            verdict = tool_verdict(server, key, ("Bearer", "Basic")[number % 2])
            holds(server, key, verdict)
        else:
            public = number % 3 == 1
            verdict = git_verdict(
                server, key, public=public, may_write=number % 5 < 3, denied=(401, 403, 404)[number % 7 % 3]
            )
            holds(server, key, verdict, writes=True)
        found = (server.rule, key == RIGHT, verdict.outcome.mark)
        marks[found] = marks.get(found, 0) + 1
    # The draws reached what they are for: a law about nothing holds always.
    assert marks["exact", True, "pass"] > 80
    assert marks["exact", False, "fail"] > 300
    assert ("exact", False, "pass") not in marks
    assert ("exact", True, "fail") not in marks
    assert all(
        (rule, right, "pass") not in marks
        for rule in ("form", "prefix", "nothing", "nobody")
        for right in (True, False)
    )


@pytest.mark.parametrize(("kind", "ways"), [("tool", 1), ("git", 2)])
def test_a_server_that_answers_at_random_passes_in_one_of_sixteen_tests_by_each_way(kind: str, ways: int) -> None:
    green = 0
    for seed in range(2000):
        server = Server("random", "none", 0, 401, 403, 0, seed)
        verdict = (
            tool_verdict(server, WRONG[0], "Bearer")
            if kind == "tool"
            else git_verdict(server, WRONG[0], public=False, may_write=True, denied=403)
        )
        green += verdict.outcome is Outcome.VERIFIED
    assert green / 2000 < ways / 16 + 0.02


@pytest.mark.parametrize("scheme", ["Bearer", "Basic"])
@pytest.mark.parametrize("rule", ["form", "prefix", "nothing"])
def test_a_tool_that_takes_made_up_headers_is_said_not_to_check_them(rule: str, scheme: str) -> None:
    verdict = tool_verdict(Server(rule, "none", 0, 401, 403, 0, 1), RIGHT, scheme)
    assert verdict.outcome is Outcome.KEY_NOT_CHECKED
