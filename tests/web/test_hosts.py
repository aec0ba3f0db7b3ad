"""Trusted hosts and reverse proxies: which Host headers are accepted, and which X-Forwarded headers are believed."""

from dataclasses import replace

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from credstore.config import Config
from tests.conftest import MakeApp

FORWARDED = {
    "X-Forwarded-For": "203.0.113.7, 198.51.100.9",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "vault.example.org",
    "X-Forwarded-Prefix": "/under",  # believed from nobody: cookies and links are for the whole host
}


def seen(app: Flask, **headers: str) -> dict[str, str]:
    """How the application sees a request with these headers."""

    def look() -> dict[str, str]:
        return {
            "from": request.remote_addr or "",
            "scheme": request.scheme,
            "host": request.host,
            "root": request.root_path,
        }

    app.view_functions["credstore.healthz"] = look
    answer = app.test_client().get("/healthz", headers=headers)
    assert answer.json is not None, answer.text
    return answer.json  # type: ignore[no-any-return]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8000", "localhost:1"])
def test_loopback_names_are_answered(client: FlaskClient, host: str) -> None:
    assert client.get("/login", headers={"Host": host}).status_code == 200


def test_the_ipv6_loopback_is_answered(client: FlaskClient) -> None:
    assert client.get("/login", headers={"Host": "[::1]:8000"}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "0.0.0.0", "[::]"]
)
@pytest.mark.parametrize(
    "path", ["/login", "/credentials", "/healthz", "/nowhere", "/credentials/static/credstore.css"]
)
def test_any_other_host_is_refused_in_words(client: FlaskClient, host: str, path: str) -> None:
    answer = client.get(path, headers={"Host": host})
    assert answer.status_code == 400
    assert answer.mimetype == "text/plain"
    assert "The operator can add it to CREDSTORE_TRUSTED_HOSTS." in answer.text
    assert "evil" not in answer.text


@pytest.mark.parametrize("host", ["a b", "<script>", "é", "a" * 5000, "a/b", "localhost:99999999", "localhost:x", "@"])
def test_nonsense_for_a_host_is_refused(client: FlaskClient, host: str) -> None:
    answer = client.get("/login", headers={"Host": host})
    assert answer.status_code in {400, 403}
    assert "script" not in answer.text


def test_the_operator_names_the_hosts(config: Config, make_app: MakeApp) -> None:
    app = make_app(replace(config, trusted_hosts=("vault.example.org",), allow_http=True))
    assert app.test_client().get("/login", headers={"Host": "vault.example.org"}).status_code == 200
    assert app.test_client().get("/login", headers={"Host": "localhost"}).status_code == 400


def test_without_hops_nothing_forwarded_is_believed(app: Flask) -> None:
    assert seen(app, **FORWARDED) == {"from": "127.0.0.1", "scheme": "http", "host": "localhost", "root": ""}


def test_with_one_hop_the_last_one_is_believed(config: Config, make_app: MakeApp) -> None:
    app = make_app(replace(config, proxy_hops=1, trusted_hosts=("vault.example.org",)))
    found = {"from": "198.51.100.9", "scheme": "https", "host": "vault.example.org", "root": ""}
    assert seen(app, **FORWARDED) == found


def test_with_two_hops_the_one_before(config: Config, make_app: MakeApp) -> None:
    app = make_app(replace(config, proxy_hops=2))
    found = seen(app, **{"X-Forwarded-For": "192.0.2.1, 203.0.113.7, 198.51.100.9", "X-Forwarded-Proto": "https"})
    assert (found["from"], found["scheme"]) == ("203.0.113.7", "http"), "one proxy alone named a scheme"


def test_a_forwarded_host_must_be_trusted_as_well(config: Config, make_app: MakeApp) -> None:
    app = make_app(replace(config, proxy_hops=1))
    answer = app.test_client().get("/login", headers={"X-Forwarded-Host": "evil.example"})
    assert answer.status_code == 400
    assert "CREDSTORE_TRUSTED_HOSTS" in answer.text
