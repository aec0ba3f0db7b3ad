"""The operator's egress proxy: what is sent to it and what never is, sentences for its errors, what stays forbidden."""

from base64 import b64encode
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from credstore.egress import OutboundClient, Policy
from credstore.egress.failures import unknown_host
from credstore.egress.proxy import Proxy
from credstore.errors import Blocked, ConfigError, Unreached
from credstore.probe import Outcome
from credstore.tester import Tester
from tests.egress.certificates import Issue
from tests.egress.conftest import Get, Serve
from tests.egress.hostile import Call, header, reply
from tests.egress.proxying import connect_to
from tests.fixtures.serving import free_port
from tests.test_tester import requesting

LOGIN = "Basic " + b64encode(b"ann:p@ss sekrit").decode()
LAN = ["gpu.lan:8000", "10.0.0.0/8"]


def names(known: dict[str, list[str]]) -> Callable[..., list[Any]]:
    def resolve(host: str, port: int, *, deadline: float) -> list[Any]:
        if host not in known:
            raise unknown_host(host)
        return [ip_address(address) for address in known[host]]

    return resolve


KNOWN = {"localhost": ["8.8.8.8"], "api.example": ["8.8.8.8"], "gpu.lan": ["10.1.2.3"], "here.lan": ["127.0.0.1"]}


def through(port: int, *, allow: list[str] = LAN, ca_file: Path | None = None, login: str = "") -> OutboundClient:
    """A client whose every way leads through a proxy on this port; loopback itself is closed."""
    proxy = Proxy.parse(f"http://{login}127.0.0.1:{port}")
    policy = Policy.parse(allow, loopback_open=False)
    return OutboundClient(policy, resolve=names(KNOWN), ca_file=ca_file, proxy=proxy)


def ok(call: Call) -> None:
    call.send(reply(body=b"{}"))


def test_https_goes_through_a_tunnel_and_the_proxy_sees_no_secret(
    authority: tuple[Path, Issue], serve: Serve, get: Get
) -> None:
    root, issue = authority
    server = serve(ok, tls=issue())
    proxy = serve(connect_to(server.port))
    client = through(proxy.port, ca_file=root, login="ann:p%40ss%20sekrit@")
    got = get("https://localhost/v1/models", client=client, headers={"Authorization": "Bearer sk-canary"})
    assert (got.json, got.proxy) == ({}, f"127.0.0.1:{proxy.port}")
    assert proxy.requests[0].startswith(b"CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\n")
    assert header(proxy.requests[0], "proxy-authorization") == LOGIN
    assert b"canary" not in proxy.requests[0]
    assert header(server.requests[0], "authorization") == "Bearer sk-canary"
    assert header(server.requests[0], "proxy-authorization") is None
    assert server.requests[0].startswith(b"GET /v1/models HTTP/1.1\r\n")


def test_the_name_in_the_certificate_is_checked_inside_the_tunnel(
    authority: tuple[Path, Issue], serve: Serve, get: Get
) -> None:
    root, issue = authority
    server = serve(ok, tls=issue())
    with pytest.raises(Unreached) as caught:
        get("https://api.example/", client=through(serve(connect_to(server.port)).port, ca_file=root))
    assert caught.value.cause == "certificate"
    assert server.requests == []


def test_http_names_the_whole_url(serve: Serve, get: Get) -> None:
    proxy = serve(ok)
    got = get("http://gpu.lan:8000/v1/models?a=1", client=through(proxy.port, login="ann:p%40ss%20sekrit@"))
    assert got.proxy == f"127.0.0.1:{proxy.port}"
    assert proxy.requests[0].startswith(b"GET http://gpu.lan:8000/v1/models?a=1 HTTP/1.1\r\n")
    assert header(proxy.requests[0], "host") == "gpu.lan:8000"
    assert header(proxy.requests[0], "proxy-authorization") == LOGIN


def test_loopback_is_this_machine_and_never_the_proxys(serve: Serve, get: Get) -> None:
    proxy, server = serve(ok), serve(ok)
    client = through(proxy.port, allow=["127.0.0.0/8"])
    for host in ("127.0.0.1", "here.lan"):
        assert get(f"http://{host}:{server.port}/", client=client).proxy == ""
    assert (proxy.connections, server.connections) == (0, 2)


FORBIDDEN = ["http://169.254.169.254/", "https://192.168.1.5/", "http://8.8.8.8/", "https://[64:ff9b::a00:1]/"]
FORBIDDEN += ["https://127.0.0.1/", "https://here.lan/", "https://2130706433/", "https://0x7f.1/", "https://127.1/"]
FORBIDDEN += ["https://localhost./", "https://metadata.google.internal/", "https://x.localhost/", "http://dark.lan/"]
FORBIDDEN += [
    "https://api.example:22/",
    "https://dark.lan:25/",
    "https://[fe80::1%25eth0]/",
    "https://①⑥⑨.254.169.254/",
]
FORBIDDEN += ["http://metadata/", "https://017700000001/", "https://instance-data/", "http://localhost:1/"]


@pytest.mark.parametrize("url", FORBIDDEN)
def test_the_target_is_judged_before_the_proxy_hears_of_it(url: str, serve: Serve, get: Get) -> None:
    proxy = serve(ok)
    with pytest.raises(Blocked) as caught:
        get(url, client=through(proxy.port))
    assert caught.value.advice
    assert proxy.connections == 0


def test_a_name_that_only_the_proxy_knows_is_the_proxys_to_judge_over_https(serve: Serve, get: Get) -> None:
    proxy = serve(lambda call: call.send(b"HTTP/1.1 403 Forbidden\r\n\r\n"))
    with pytest.raises(Unreached):
        get("https://dark.example/", client=through(proxy.port))
    assert proxy.connections == 1


def test_http_to_an_unknown_name_needs_a_door_of_its_own(serve: Serve, get: Get) -> None:
    proxy = serve(ok)
    assert get("http://dark.lan:8000/", client=through(proxy.port, allow=["dark.lan:8000"])).status == 200
    with pytest.raises(Blocked) as caught:
        get("http://dark.lan:8000/", client=through(proxy.port, allow=[]))
    assert "CREDSTORE_EGRESS_ALLOW=dark.lan:8000" in caught.value.advice


FAILURES: list[tuple[str, bytes, str]] = [
    (
        "https://api.example/",
        b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
        "asks for a user name and password",
    ),
    ("https://api.example/", b"HTTP/1.1 403 Forbidden\r\n\r\n", "refused to connect to api.example:443 (403)"),
    ("https://api.example/", b"HTTP/1.1 302 Found\r\nLocation: https://x/\r\n\r\n", "refused to connect"),
    ("https://api.example/", b"HTTP/1.1 502 Bad Gateway\r\n\r\n", "could not reach api.example:443 (502)"),
    ("https://api.example/", b"SSH-2.0-OpenSSH_9\r\n\r\n", "did not answer as an http proxy does"),
    ("https://api.example/", b"HTTP/1.1 200 " + b"x" * 40_000, "did not answer as an http proxy does"),
    ("https://api.example/", b"", "did not answer as an http proxy does"),
    ("http://gpu.lan:8000/", b"HTTP/1.1 407 Auth\r\nContent-Length: 0\r\n\r\n", "asks for a user name and password"),
    (
        "http://gpu.lan:8000/",
        reply("403 No", X_Squid_Error="ERR_ACCESS_DENIED 0"),
        "refused to connect to gpu.lan:8000",
    ),
    ("http://gpu.lan:8000/", reply("504 No", Proxy_Status="p; error=dns_error"), "could not reach gpu.lan:8000"),
]


@pytest.mark.parametrize(("url", "answer", "expected"), FAILURES)
def test_what_the_proxy_refuses_is_the_proxys_and_not_the_providers(
    url: str, answer: bytes, expected: str, serve: Serve, get: Get
) -> None:
    proxy = serve(lambda call: call.send(answer))
    with pytest.raises(Unreached) as caught:
        get(url, client=through(proxy.port, login="ann:sekrit@"))
    failure = caught.value
    assert failure.cause == "proxy"
    assert expected in failure.sentence
    assert failure.sentence.startswith(f"The egress proxy 127.0.0.1:{proxy.port} ")
    assert "sekrit" not in failure.sentence + failure.advice
    assert failure.proxy == f"127.0.0.1:{proxy.port}"


def test_an_ipv6_target_keeps_its_brackets(serve: Serve, get: Get) -> None:
    proxy = serve(lambda call: call.send(b"HTTP/1.1 403 Forbidden\r\n\r\n"))
    with pytest.raises(Unreached, match=r"refused to connect to \[2606:4700::1111\]:443"):
        get("https://[2606:4700::1111]/", client=through(proxy.port))
    assert proxy.requests[0].startswith(b"CONNECT [2606:4700::1111]:443 HTTP/1.1\r\nHost: [2606:4700::1111]:443\r\n")


def test_a_407_from_inside_the_tunnel_is_the_servers(authority: tuple[Path, Issue], serve: Serve, get: Get) -> None:
    root, issue = authority
    server = serve(lambda call: call.send(reply("407 Odd")), tls=issue())
    assert get("https://localhost/", client=through(serve(connect_to(server.port)).port, ca_file=root)).status == 407


def test_a_proxy_that_is_not_there_or_not_known_is_told(get: Get) -> None:
    with pytest.raises(Unreached, match="refused the connection") as caught:
        get("https://api.example/", client=through(free_port()))
    assert caught.value.cause == "proxy"
    nowhere = OutboundClient(Policy(), resolve=names(KNOWN), proxy=Proxy("nowhere", 3128))
    with pytest.raises(Unreached, match="nowhere:3128 has a name that leads to no address"):
        get("https://api.example/", client=nowhere)


@pytest.mark.parametrize("behave", [Call.hang, lambda call: call.drip(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500)])
def test_a_proxy_that_hangs_or_drips_ends_at_the_deadline(behave: Any, serve: Serve, get: Get) -> None:
    with pytest.raises(Unreached, match="made no connection before the time") as caught:
        get("https://api.example/", client=through(serve(behave).port), seconds=0.6)
    assert caught.value.cause == "timeout"


def test_the_steps_of_a_verdict_say_via_which_proxy(serve: Serve) -> None:
    proxy = serve(lambda call: call.send(b"HTTP/1.1 403 Forbidden\r\n\r\n"))
    verdict = Tester(through(proxy.port, login="ann:sekrit@")).run(requesting(1), ())
    assert verdict.outcome is Outcome.NOT_REACHED
    assert f"(via proxy 127.0.0.1:{proxy.port})" in verdict.steps[0].purpose
    assert "sekrit" not in repr(verdict)


MALFORMED = ["proxy:3128", "https://proxy:3128", "socks5://u:sekrit@proxy:1080", "http://", "http://proxy", "http://:1"]
MALFORMED += ["http://u:sekrit@proxy:3128/path", "http://proxy:3128?x", "http://u:sekrit@proxy:22", "http://proxy:port"]
MALFORMED += ["http://proxy:0", "http://127.1:3128", "http://proxy:99999", "http://a b:3128", "nonsense sekrit"]


@pytest.mark.parametrize("text", MALFORMED)
def test_a_malformed_proxy_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Proxy.parse(text)
    assert "CREDSTORE_EGRESS_PROXY" in caught.value.sentence
    assert "sekrit" not in caught.value.sentence
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("http://Proxy.LAN:3128/", "proxy.lan:3128"),
        ("http://[fd00::1]:8080", "[fd00::1]:8080"),
        ("http://proxy:80", "proxy:80"),
        ("HTTP://ann:sekrit@10.0.0.1:3128", "10.0.0.1:3128"),
        ("http://ann:a@b@10.0.0.1:3128", "10.0.0.1:3128"),
    ],
)
def test_a_proxy_is_known_by_host_and_port(text: str, name: str) -> None:
    proxy = Proxy.parse(text)
    assert proxy.name == name
    assert "sekrit" not in f"{proxy!r} {proxy}"
