"""The git check against a real git server: `git http-backend` over HTTP, by the real client and tester."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from credstore.credential_types import Git
from credstore.egress import OutboundClient, Policy
from credstore.models import db
from credstore.probe import Outcome, Verdict
from credstore.tester import Tester
from tests.git.backend import READER, STRANGER, WRITER, GitServer, make_repositories


def has_backend() -> bool:
    if shutil.which("git") is None:
        return False
    where = subprocess.run(
        ["git", "--exec-path"], capture_output=True, text=True, timeout=20, check=True
    ).stdout.strip()
    return (Path(where) / "git-http-backend").exists()


pytestmark = pytest.mark.skipif(
    not has_backend(), reason="git with its http-backend is missing (Debian's package: git)"
)
WRONG = "wrong-canary-000000"


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_repositories(tmp_path_factory.mktemp("git"))


@pytest.fixture
def server(repositories: Path) -> Iterator[GitServer]:
    with GitServer(repositories) as running:
        yield running


@pytest.fixture
def strict(repositories: Path) -> Iterator[GitServer]:
    with GitServer(repositories, strict=True) as running:
        yield running


def judge(server: GitServer, name: str, token: str = "") -> Verdict:
    config = {"url": server.url(name), "username": "deploy"} | ({"token": token} if token else {})
    secrets = Git.clean({"extra_config": json.dumps(config)})
    client = OutboundClient(Policy.parse([], loopback_open=True))
    verdict = Tester(client, seconds=20).run(Git.probe(secrets), Git.texts_to_redact(secrets))
    assert len(verdict.steps) <= 4
    assert not token or token not in repr(verdict)
    return verdict


def heads(repositories: Path) -> str:
    refs = [sorted(path.rglob("*")) for path in repositories.glob("*.git/refs")]
    return "\n".join(f"{ref} {ref.read_text() if ref.is_file() else ''}" for found in refs for ref in found)


@pytest.mark.parametrize(
    ("name", "token", "outcome", "statuses"),
    [
        ("private.git", WRITER, Outcome.VERIFIED, [200, 401, 401, 200]),
        ("private.git", READER, Outcome.VERIFIED, [200, 401, 401, 200]),
        ("private.git", WRONG, Outcome.REJECTED, [401]),
        ("private.git", STRANGER, Outcome.REJECTED, [403, 403, 401, 401]),
        ("private.git", "", Outcome.REJECTED, [401]),
        ("public.git", WRITER, Outcome.ACCEPTED_UNPROVEN, [200, 200, 200, 401]),  # one refusal is no proof
        ("public.git", READER, Outcome.CANNOT_TELL, [200, 200, 403, 401]),  # one 403 is no proof
        # Pushing is refused with 401 to this and to a made-up token alike: perhaps a good one that may only read.
        ("public.git", WRONG, Outcome.CANNOT_TELL, [200, 200, 401, 401]),
        ("public.git", "", Outcome.KEY_NOT_CHECKED, [200]),
        ("secret.git", WRITER, Outcome.REJECTED, [403, 403, 401, 401]),
        ("absent.git", WRITER, Outcome.CANNOT_TELL, [404]),
        ("absent.git", "", Outcome.CANNOT_TELL, [404]),
        ("empty.git", "", Outcome.KEY_NOT_CHECKED, [200]),
    ],
)
def test_the_verdict_on_each_token_and_repository(
    server: GitServer, name: str, token: str, outcome: Outcome, statuses: list[int]
) -> None:
    verdict = judge(server, name, token)
    assert (verdict.outcome, [step.status for step in verdict.steps]) == (outcome, statuses), verdict.reason


@pytest.mark.parametrize(
    ("name", "token", "outcome"),
    [
        ("public.git", WRITER, Outcome.VERIFIED),
        ("public.git", READER, Outcome.VERIFIED),  # it is judged where only reading is asked for, as in private.git
        ("public.git", WRONG, Outcome.REJECTED),
        ("absent.git", WRONG, Outcome.REJECTED),
        ("absent.git", WRITER, Outcome.CANNOT_TELL),
    ],
)
def test_a_host_that_refuses_wrong_tokens_even_where_none_is_needed(
    strict: GitServer, name: str, token: str, outcome: Outcome
) -> None:
    assert judge(strict, name, token).outcome is outcome


@pytest.mark.parametrize(
    ("options", "name", "token", "outcome", "statuses"),
    [
        # A known token that may not push gets a 401, as from Apache: not to be told from a wrong one.
        ({"denied": 401}, "public.git", READER, Outcome.CANNOT_TELL, [200, 200, 401, 401]),
        ({"denied": 401}, "public.git", WRONG, Outcome.CANNOT_TELL, [200, 200, 401, 401]),
        ({"denied": 401}, "public.git", WRITER, Outcome.ACCEPTED_UNPROVEN, [200, 200, 200, 401]),
        ({"denied": 401}, "private.git", READER, Outcome.VERIFIED, [200, 401, 401, 200]),
        ({"denied": 404}, "private.git", STRANGER, Outcome.CANNOT_TELL, [404]),
        ({"challenge": 'Digest realm="git", nonce="n"'}, "private.git", WRONG, Outcome.CANNOT_TELL, [401]),
        ({"challenge": "Negotiate"}, "private.git", WRONG, Outcome.CANNOT_TELL, [401]),
        ({"challenge": "Negotiate"}, "private.git", "", Outcome.CANNOT_TELL, [401]),
        ({"ban_after": 1}, "private.git", READER, Outcome.CANNOT_TELL, [200, 403, 403, 403]),
        ({"ban_after": 2}, "private.git", READER, Outcome.CANNOT_TELL, [200, 401, 403]),
        ({"ban_after": 3}, "private.git", READER, Outcome.CANNOT_TELL, [200, 401, 401, 403]),
        ({"ban_after": 1}, "public.git", WRONG, Outcome.CANNOT_TELL, [200, 403, 403, 403]),
        ({"ban_after": 2}, "public.git", WRONG, Outcome.CANNOT_TELL, [200, 200, 403, 403]),
        ({"ban_after": 3}, "public.git", WRITER, Outcome.CANNOT_TELL, [200, 200, 200, 403]),
    ],
)
def test_servers_that_refuse_otherwise(
    repositories: Path, options: dict[str, Any], name: str, token: str, outcome: Outcome, statuses: list[int]
) -> None:
    with GitServer(repositories, **options) as server:
        verdict = judge(server, name, token)
    assert (verdict.outcome, [step.status for step in verdict.steps]) == (outcome, statuses), verdict.reason


def test_asking_for_the_right_to_write_writes_nothing(server: GitServer, repositories: Path) -> None:
    before = heads(repositories)
    assert before.strip()
    judge(server, "public.git", WRITER)
    assert heads(repositories) == before
    assert {method for method, _, _ in server.requests} == {"GET"}


def test_a_repository_with_thousands_of_branches_is_no_too_large_answer(server: GitServer, repositories: Path) -> None:
    """In version 0 of the protocol the answer would name every branch, and pass the cap on an answer."""
    name = "private.git"
    head = (repositories / name / "refs/heads/main").read_text().strip()
    lines = "".join(f"{head} refs/tags/{'a-long-name-of-a-tag-' * 5}{number}\n" for number in range(8000))
    (repositories / name / "packed-refs").write_text(f"# pack-refs with: peeled fully-peeled sorted \n{lines}")
    assert judge(server, name, WRITER).outcome is Outcome.VERIFIED


def test_from_the_vault_no_token_gets_into_the_database(server: GitServer, app: Flask) -> None:
    config = {"url": server.url("private.git"), "username": "deploy", "token": WRITER}
    with app.app_context():
        vault = app.extensions["credstore"].vault
        row = vault.create("git", "Repository", {"extra_config": json.dumps(config)})
        assert row.testable
        tested = vault.test(row.public_id)
        stored = str(db.session.execute(text("SELECT verdict FROM credential")).all())
    assert tested.verdict.outcome is Outcome.VERIFIED
    assert WRITER not in repr(tested) + stored
    assert server.url("private.git") in stored


def test_the_second_test_of_a_public_repository_proves_the_right_to_write(server: GitServer, app: Flask) -> None:
    config = {"url": server.url("public.git"), "username": "deploy", "token": WRITER}
    with app.app_context():
        vault = app.extensions["credstore"].vault
        row = vault.create("git", "Repository", {"extra_config": json.dumps(config)})
        first, second = (vault.test(row.public_id).verdict for _ in range(2))
        stored = str(db.session.execute(text("SELECT * FROM host_openness")).all())
    assert (first.outcome, second.outcome) == (Outcome.ACCEPTED_UNPROVEN, Outcome.VERIFIED)
    assert [step.status for step in second.steps] == [200, 401, 401, 200]
    assert not any(part in stored for part in (WRITER, "public.git", "127.0.0.1"))


def test_git_itself_agrees(server: GitServer) -> None:
    """The server lets in whom the verdicts say: checked with git's own client."""

    def ls_remote(name: str, token: str) -> int:
        url = server.url(name).replace("http://", f"http://deploy:{token}@")
        quiet = {"GIT_TERMINAL_PROMPT": "0", "PATH": "/usr/bin:/bin", "GIT_CONFIG_NOSYSTEM": "1"}
        command = ["git", "ls-remote", url]
        return subprocess.run(command, env=quiet, capture_output=True, timeout=20, check=False).returncode

    assert ls_remote("private.git", READER) == 0
    assert ls_remote("private.git", WRONG) != 0
    assert ls_remote("private.git", STRANGER) != 0
