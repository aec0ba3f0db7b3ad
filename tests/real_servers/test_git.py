"""The check of a repository against two Git servers: klaus (Digest for writing) and node-git-server (Basic)."""

import json

import pytest

from credstore.credential_types import Git
from credstore.probe import Outcome, Verdict
from tests.real_servers.conftest import PASSWORD, USER, RunTest


def judge(run_test: RunTest, url: str, token: str = "") -> Verdict:
    config = {"url": url, "username": USER} | ({"token": token} if token else {})
    secrets = Git.clean({"extra_config": json.dumps(config)})
    return run_test(Git.probe(secrets), Git.texts_to_redact(secrets))


@pytest.mark.parametrize("name", ["private.git", "private"])
def test_node_git_server(node_git_server: str, run_test: RunTest, name: str) -> None:
    url = f"{node_git_server}/{name}"
    right = judge(run_test, url, PASSWORD)
    assert right.outcome.mark == ("pass" if name == "private.git" else "unsure"), right
    assert judge(run_test, url, "wrong-Pass-9876543210zyxw").outcome is Outcome.REJECTED
    assert judge(run_test, url).outcome is Outcome.REJECTED


@pytest.mark.parametrize("token", [PASSWORD, "wrong-Pass-9876543210zyxw", ""])
def test_klaus_wants_digest_so_that_a_token_is_neither_proven_nor_refused(
    klaus: str, run_test: RunTest, token: str
) -> None:
    """klaus serves reading to all, and asks writers for Digest, which a token sent as Basic cannot answer."""
    verdict = judge(run_test, f"{klaus}/private", token)
    assert verdict.outcome.mark == "unsure", verdict
