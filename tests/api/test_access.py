"""Who may call what: every route of the API against every scope, without a token, with a session, over plain http."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask import Flask

from credstore.accounts.token_rules import SCOPES
from credstore.config import Config
from credstore.web.api import NAME, ROUTES
from credstore.web.api.token_check import PUBLIC_ENDPOINTS
from tests.api.conftest import Program
from tests.conftest import MakeApp
from tests.page import Page

UNKNOWN_ID = "11111111-1111-4111-8111-111111111111"
REFUSED = {400, 404, 415, 428}  # behind the check of the token


@pytest.fixture
def database_url() -> str:
    """These tests ask about the check before a view: one database is enough."""
    return ""


def api_urls(app: Flask) -> Iterator[tuple[str, str, str]]:
    """The endpoint, the method and an address of every rule of the API."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith(f"{NAME}."):
            for method in sorted(rule.methods or ()):
                yield rule.endpoint, method, re.sub(r"<uuid:\w+>", UNKNOWN_ID, rule.rule)


def test_each_route_states_its_scope_and_is_reached_with_it_alone(
    stored_app: Flask, token_of: Callable[..., str]
) -> None:
    declared = {f"{NAME}.{route.name}": route.scope for route in ROUTES}
    assert set(declared.values()) <= set(SCOPES)
    tokens = {scope: token_of(scope) for scope in SCOPES}
    client, seen = stored_app.test_client(), 0
    for endpoint, method, url in api_urls(stored_app):
        if endpoint in PUBLIC_ENDPOINTS:
            assert client.open(url, method=method).status_code == 200
            continue
        bare = client.open(url, method=method)
        assert (bare.status_code, bare.headers["WWW-Authenticate"][:6]) == (401, "Bearer"), f"{method} {url}"
        for scope, text in tokens.items():
            answer = client.open(url, method=method, headers={"Authorization": f"Bearer {text}"})
            seen += 1
            if scope != declared[endpoint]:
                assert answer.status_code == 403, f"{scope}: {method} {url}"
                assert method == "HEAD" or answer.json["code"] == "scope"  # type: ignore[index]
            else:
                assert answer.status_code in {200, *REFUSED}, f"{scope}: {method} {url}: {answer.text}"
    assert seen > 100


@pytest.mark.parametrize("sent", ["", "Bearer", "Bearer ", "Basic crs_x", "Bearer crs_x", "Bearer é", "crs_x"])
def test_what_is_no_token_is_refused_in_words(stored_app: Flask, sent: str) -> None:
    answer = stored_app.test_client().get("/api/v1/credentials", headers={"Authorization": sent} if sent else {})
    assert (answer.status_code, answer.json["code"]) == (401, "unauthorized")  # type: ignore[index]
    assert "crs_x" not in answer.text


def test_the_cookie_of_a_session_is_not_looked_at(admin: Page) -> None:
    admin.get("/credentials")
    for method in ("get", "post"):
        answer = getattr(admin.client, method)("/api/v1/credentials", headers={"Accept": "text/html"})
        assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")


def test_a_token_over_plain_http_from_another_machine_is_refused(make_app: MakeApp, config: Config) -> None:
    app = make_app(replace(config, trusted_hosts=("vault.example.com",)))
    with app.app_context():
        text = app.extensions["credstore"].tokens.issue(name="n8n", scopes=["read"]).text
    headers = {"Authorization": f"Bearer {text}"}
    for scheme, status in (("http", 403), ("https", 200)):
        answer = app.test_client().get("/api/v1/credentials", headers=headers, base_url=f"{scheme}://vault.example.com")
        assert answer.status_code == status


def test_too_many_requests_get_a_time_to_wait(make_app: MakeApp, config: Config) -> None:
    app = make_app(replace(config, api_requests_per_minute=2))
    with app.app_context():
        text = app.extensions["credstore"].tokens.issue(name="n8n", scopes=["read"]).text
    client, headers = app.test_client(), {"Authorization": f"Bearer {text}"}
    answers = [client.get("/api/v1/credentials", headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 30


@pytest.mark.parametrize(("path", "method", "status"), [("/nothing", "GET", 404), ("/credentials", "PUT", 405)])
def test_what_is_not_there_is_a_problem_too(program: Program, path: str, method: str, status: int) -> None:
    assert program.send(method, path, status=status).json["code"] == f"http-{status}"  # type: ignore[index]


def test_a_body_that_is_too_large_is_a_problem(program: Program) -> None:
    program.send("POST", "/credentials", data="x" * 2_100_000, content_type="application/json", status=413)
