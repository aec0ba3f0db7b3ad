"""`credstore egress check`: says what the client would do, why, and what would change that. It sends no request."""

import json
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from credstore.cli import main
from credstore.egress import OutboundClient, Policy, dialer
from credstore.egress.explain import explain
from credstore.egress.proxy import Proxy
from credstore.egress.resolver import Resolver
from credstore.errors import Blocked, Unreached
from credstore.probe import ProbeRequest


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run the command with these variables; every connect and every look-up of a strange name would fail the test."""

    def connect(*args: object) -> None:
        raise AssertionError("a request was sent")

    monkeypatch.setattr(dialer, "_connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", lookup)

    def run(url: str, *options: str, **env: str) -> Result:
        return CliRunner().invoke(main, ["egress", "check", url, *options], env=env, catch_exceptions=False)

    return run


DNS = {"localhost": ["::1", "127.0.0.1"], "gpu.lan": ["192.168.1.5"], "mixed.example": ["8.8.8.8", "10.0.0.1"]}
DNS |= {"api.example": ["2606:4700::1111", "8.8.8.8"], "trap.example": ["169.254.169.254"]}


def lookup(host: str, port: int, **_options: object) -> list[Any]:
    if host not in DNS:
        raise socket.gaierror(socket.EAI_NONAME, "text of the library")
    return [(0, 0, 0, "", (address, port)) for address in DNS[host]]


OUTPUTS: list[tuple[str, dict[str, str], int, str]] = [
    ("https://API.example/v1/", {}, 0, "Public addresses may be called over https."),
    ("https://api.example", {}, 0, "Address  2606:4700::1111, a public address: allowed"),
    ("http://localhost:11434", {}, 0, "Loopback is open because credstore itself listens on loopback only."),
    ("http://localhost:8000", {}, 1, "localhost:8000 is credstore itself"),
    ("http://gpu.lan:8000", {}, 1, "Set CREDSTORE_EGRESS_ALLOW=gpu.lan:8000 and restart."),
    ("http://gpu.lan:8000", {"CREDSTORE_EGRESS_ALLOW": "10.0.0.0/8"}, 1, "Add gpu.lan:8000 to CREDSTORE_EGRESS_ALLOW"),
    (
        "http://gpu.lan:8000",
        {"CREDSTORE_EGRESS_ALLOW": "gpu.lan:8000"},
        0,
        "CREDSTORE_EGRESS_ALLOW lists gpu.lan:8000.",
    ),
    ("http://gpu.lan:8000", {"CREDSTORE_EGRESS_ALLOW": "192.168.0.0/16"}, 0, "lists 192.168.0.0/16."),
    ("http://api.example", {}, 1, "Use https. No setting allows it over http."),
    ("https://mixed.example", {}, 1, "Address  10.0.0.1, a private network address: refused"),
    ("https://trap.example", {}, 1, "No setting allows it."),
    ("http://localhost:5432", {}, 1, "port 5432 is where PostgreSQL listens"),
    ("https://api.example:25", {}, 1, "Port 25 belongs to another protocol"),
    ("http://2130706433", {}, 1, "Write an IPv4 address as four decimal numbers"),
    ("ftp://api.example", {}, 1, "Start the URL with https://"),
    ("https://nowhere.example", {}, 1, "DNS knows no address for nowhere.example."),
    ("https://nowhere.example", {"CREDSTORE_EGRESS_PROXY": "http://a:sekrit@p:3128"}, 0, "Route    via proxy p:3128"),
    ("http://nowhere.example", {"CREDSTORE_EGRESS_PROXY": "http://a:sekrit@p:3128"}, 1, "If it is a local server: Set"),
    ("http://localhost:11434", {"CREDSTORE_EGRESS_PROXY": "http://a:sekrit@p:3128"}, 0, "Route    directly"),
]


@pytest.mark.parametrize(("url", "env", "status", "expected"), OUTPUTS)
def test_the_decision_is_explained(
    url: str, env: dict[str, str], status: int, expected: str, check: Callable[..., Result]
) -> None:
    result = check(url, **env)
    assert result.exit_code == status, result.output
    assert expected in result.output
    assert ("Allowed" in result.output) is (status == 0)
    assert "sekrit" not in result.output


@pytest.mark.parametrize("bind", ["0.0.0.0", ""])
def test_loopback_is_closed_when_the_page_is_served_to_others(bind: str, check: Callable[..., Result]) -> None:
    assert check("http://localhost:11434", "--bind", bind).exit_code == 1
    assert check("http://localhost:9000", "--port", "9000").exit_code == 1
    assert check("http://localhost:9000", "--port", "9001").exit_code == 0


def test_programs_get_json(check: Callable[..., Result]) -> None:
    explanation = json.loads(check("https://Mixed.example/v1/", "--json").output)
    assert (explanation["url"], explanation["allowed"], explanation["route"]) == (
        "https://mixed.example/v1",
        False,
        "directly",
    )
    assert [(one["address"], one["allowed"]) for one in explanation["addresses"]] == [
        ("8.8.8.8", True),
        ("10.0.0.1", False),
    ]
    assert "10.0.0.1" in explanation["rule"]
    assert explanation["advice"] == "Set CREDSTORE_EGRESS_ALLOW=mixed.example:443 and restart."


def test_a_setting_that_cannot_be_read_is_told(check: Callable[..., Result]) -> None:
    result = check("https://api.example", CREDSTORE_EGRESS_ALLOW="nonsense")
    assert result.exit_code == 1
    assert "CREDSTORE_EGRESS_ALLOW" in result.output


HOSTS = st.sampled_from([*DNS, "nowhere.example", "127.0.0.1", "8.8.8.8", "10.0.0.1", "[fd00::1]", "169.254.169.254"])
ALLOW = st.lists(st.sampled_from(["10.0.0.0/8", "gpu.lan:8000", "fd00::/8", "127.0.0.1", "nowhere.example:80"]))


@settings(deadline=None)  # a look-up starts a thread, which a busy machine may let wait
@given(
    scheme=st.sampled_from(["http", "https"]),
    host=HOSTS,
    port=st.sampled_from([80, 443, 22, 5432, 8000]),
    allow=ALLOW,
    loopback=st.booleans(),
    proxied=st.booleans(),
)
def test_the_explanation_is_what_the_door_does(
    *, scheme: str, host: str, port: int, allow: list[str], loopback: bool, proxied: bool
) -> None:
    policy = Policy.parse(allow, loopback_open=loopback, own_port=9000)
    resolve, proxy = Resolver(lookup), Proxy("192.0.2.1", 3128) if proxied else None
    url = f"{scheme}://{host}:{port}"
    explanation = explain(url, policy, resolve, proxy, deadline=soon())
    assert explanation.allowed or explanation.advice
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dialer, "_connect", refuse)
        with pytest.raises((Blocked, Unreached)) as caught:
            OutboundClient(policy, resolve=resolve, proxy=proxy).send(
                ProbeRequest(purpose="p", method="GET", url=url), deadline=soon()
            )
    named = isinstance(caught.value, Unreached) and caught.value.cause == "name"
    assert explanation.allowed is (not named and not isinstance(caught.value, Blocked))
    assert explanation.allowed or explanation.rule == caught.value.sentence


def soon() -> float:
    return time.monotonic() + 5


def refuse(*args: object) -> None:
    raise ConnectionRefusedError
