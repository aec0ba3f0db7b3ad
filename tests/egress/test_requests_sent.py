"""The requests that are sent: credstore's headers only, nothing from the environment, no redirect followed."""

import socket
from pathlib import Path

import pytest

from credstore.egress import OutboundClient, Policy
from credstore.errors import Blocked, Unreached
from tests.egress.conftest import Get, Serve
from tests.egress.hostile import Call, header, reply

CANARY = "sk-canary-1234567890"


def answer(call: Call) -> None:
    call.send(reply(body=b"{}"))


def test_the_request_is_ours_and_the_port_stays_in_the_host_header(serve: Serve, get: Get) -> None:
    server = serve(answer)
    get(f"http://127.0.0.1:{server.port}/v1/models?limit=1", headers={"Authorization": f"Bearer {CANARY}"})
    sent = server.requests[0]
    assert sent.startswith(b"GET /v1/models?limit=1 HTTP/1.1\r\n")
    assert header(sent, "host") == f"127.0.0.1:{server.port}"
    assert header(sent, "authorization") == f"Bearer {CANARY}"
    assert header(sent, "accept") == "application/json"
    assert header(sent, "accept-encoding") == "identity"
    assert header(sent, "cache-control") == "no-cache"
    assert (header(sent, "user-agent") or "").startswith("credstore/")


def test_an_ipv6_host_keeps_its_brackets(serve: Serve, get: Get) -> None:
    server = serve(answer, address="::1")
    get(f"http://[::1]:{server.port}/")
    assert header(server.requests[0], "host") == f"[::1]:{server.port}"


def test_an_empty_json_object_is_a_body(serve: Serve, get: Get) -> None:
    server = serve(answer)
    get(f"http://127.0.0.1:{server.port}/", json={})
    assert server.requests[0].endswith(b"\r\n\r\n{}")
    assert header(server.requests[0], "content-type") == "application/json"


def test_the_environment_adds_neither_proxy_nor_credentials(
    serve: Serve, get: Get, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    proxy, server = serve(answer), serve(answer)
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login mallory password stolen\ndefault login mallory password stolen\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    get(f"http://127.0.0.1:{server.port}/", headers={"X-Api-Key": CANARY})
    get(f"http://127.0.0.1:{server.port}/", headers={"Authorization": f"Bearer {CANARY}"})
    first, second = server.requests
    assert header(first, "authorization") is None
    assert header(second, "authorization") == f"Bearer {CANARY}"
    assert proxy.connections == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_reported_and_its_target_never_contacted(status: int, serve: Serve, get: Get) -> None:
    target = serve(answer)
    where = f"http://127.0.0.1:{target.port}/elsewhere"
    server = serve(lambda call: call.send(reply(f"{status} Go", Location=where)))
    got = get(f"http://127.0.0.1:{server.port}/", headers={"X-Api-Key": CANARY})
    assert (got.status, got.headers["location"]) == (status, where)
    assert (server.connections, target.connections) == (1, 0)


@pytest.mark.parametrize("location", ["", "//[", "http://[::1", "\x80\xff", "http://a:b:c/", "http://x" * 5000])
def test_an_odd_redirect_target_is_not_even_parsed(location: str, serve: Serve, get: Get) -> None:
    raw = b"HTTP/1.1 302 Go\r\nContent-Length: 0\r\nLocation: " + location.encode("latin-1") + b"\r\n\r\n"
    port = serve(lambda call: call.send(raw)).port
    assert get(f"http://127.0.0.1:{port}/").status == 302


def test_a_cookie_of_one_request_is_not_sent_with_the_next(serve: Serve, get: Get) -> None:
    server = serve(lambda call: call.send(reply(Set_Cookie="session=1; Path=/")))
    client = OutboundClient(Policy.parse([], loopback_open=True))
    get(f"http://127.0.0.1:{server.port}/", client=client)
    get(f"http://127.0.0.1:{server.port}/", client=client)
    assert [header(sent, "cookie") for sent in server.requests] == [None, None]


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {CANARY}\n"},
        {"Authorization": f"Bearer {CANARY}\r\nX-Evil: 1"},
        {"Authorization": f"Bearer {CANARY}ключ"},
        {"Authorization": f"Bearer {CANARY}\x00"},
        {"Authorization": f" {CANARY}"},
        {f"X {CANARY}": "1"},
        {f"X-{CANARY}\n": "1"},
        {"Host": CANARY},
        {"Transfer-Encoding": CANARY},
        {"content-length": "1"},
    ],
)
def test_a_header_that_http_cannot_carry_is_refused_without_quoting_it(
    headers: dict[str, str], serve: Serve, get: Get, caplog: pytest.LogCaptureFixture
) -> None:
    server = serve(answer)
    with pytest.raises(Unreached) as caught:
        get(f"http://127.0.0.1:{server.port}/", headers=headers)
    assert caught.value.cause == "protocol"
    assert CANARY not in f"{caught.value!r} {caught.value.sentence} {caught.value.advice} {caplog.text}"
    assert caught.value.__context__ is None
    assert server.connections == 0


@pytest.mark.parametrize(
    "url",
    ["ftp://127.0.0.1/", "file:///etc/passwd", "http://", "http://[::1", "http://a@127.0.0.1/", "http://h:99999/", ""],
)
def test_an_address_that_is_not_http_is_blocked(url: str, get: Get) -> None:
    with pytest.raises(Blocked) as caught:
        get(url)
    assert caught.value.__cause__ is None


def test_no_socket_is_left_behind(serve: Serve, get: Get) -> None:
    server = serve(answer)
    open_before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        get(f"http://127.0.0.1:{server.port}/")
    with socket.socket():  # the number is compared with a tolerance: the server closes its side in its own time
        assert len(list(Path("/proc/self/fd").iterdir())) <= open_before + 3
