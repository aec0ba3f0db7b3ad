"""The check of a tool against httpbin: its Basic authentication judges, its Bearer path only looks for a token."""

import json
from base64 import b64encode

import pytest

from credstore.credential_types import Tool
from credstore.probe import Outcome, Verdict
from tests.real_servers.conftest import PASSWORD, USER, RunTest

RIGHT = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
WRONG = b64encode(f"{USER}:wrong-Pass-9876543210zyxw".encode()).decode()


def judge(run_test: RunTest, url: str, authorization: str = "", **more: object) -> Verdict:
    config = {"url": url, **more} | ({"headers": {"Authorization": authorization}} if authorization else {})
    secrets = Tool.clean({"extra_config": json.dumps(config)})
    return run_test(Tool.probe(secrets), Tool.texts_to_redact(secrets))


@pytest.mark.parametrize("path", ["basic-auth", "hidden-basic-auth"])
def test_basic_authentication(httpbin: str, run_test: RunTest, path: str) -> None:
    url = f"{httpbin}/{path}/{USER}/{PASSWORD}"
    expected = Outcome.REJECTED if path == "basic-auth" else Outcome.CANNOT_TELL  # the hidden one answers 404
    assert judge(run_test, url, f"Basic {WRONG}").outcome is expected
    assert judge(run_test, url).outcome is expected


def test_the_right_name_and_password_are_verified(httpbin: str, run_test: RunTest) -> None:
    verdict = judge(run_test, f"{httpbin}/basic-auth/{USER}/{PASSWORD}", f"Basic {RIGHT}")
    assert verdict.outcome is Outcome.VERIFIED, verdict


def test_a_path_that_takes_any_bearer_token_is_never_green(httpbin: str, run_test: RunTest) -> None:
    assert judge(run_test, f"{httpbin}/bearer", "Bearer right-0123456789").outcome is Outcome.KEY_NOT_CHECKED
    assert judge(run_test, f"{httpbin}/bearer").outcome is Outcome.REJECTED


@pytest.mark.parametrize("path", ["headers", "get", "anything", "redirect/1"])
def test_an_open_path_is_never_green(httpbin: str, run_test: RunTest, path: str) -> None:
    assert judge(run_test, f"{httpbin}/{path}", "Bearer right-0123456789").outcome.mark == "unsure"


@pytest.mark.parametrize("status", [204, 301, 400, 401, 403, 404, 418, 429, 500, 503])
def test_a_status_that_does_not_depend_on_the_headers_is_never_green(
    httpbin: str, run_test: RunTest, status: int
) -> None:
    verdict = judge(run_test, f"{httpbin}/status/{status}", "Bearer right-0123456789")
    assert verdict.outcome.mark != "pass", verdict
