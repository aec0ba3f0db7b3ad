"""A denied address is never connected to, however it is written. Every call of connect is recorded."""

# ruff: noqa: RUF001 - characters that look like others are what this is about

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credstore.egress import OutboundClient, Policy
from credstore.egress.explain import explain
from credstore.egress.proxy import Proxy
from credstore.egress.resolver import Resolver
from credstore.errors import EgressError, Refused
from credstore.probe import ProbeRequest
from credstore.urls import canonical_url
from tests.egress.conftest import Serve
from tests.egress.hostile import Call, reply
from tests.egress.spellings import NETWORKS, NETWORKS_6, denied_v4, denied_v6, disguises, hidden_in, urls

CLOSED = Policy()
REAL = socket.getaddrinfo
BOUNDED = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
Target = IPv4Address | IPv6Address


def numeric(host: str, port: int) -> Any:
    """What the idna codec and then this machine's C library make of a host, without asking any name server."""
    return REAL(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)


def always(*addresses: str) -> Callable[[str, int], Any]:
    return lambda host, port: [(0, 0, 0, "", (address, port)) for address in addresses]


@contextmanager
def recorded() -> Iterator[list[str]]:
    """Every address that any code of this process connects a socket to or sends a datagram to; nothing leaves."""
    peers: list[str] = []

    def refuse(_sock: socket.socket, *arguments: Any) -> None:
        peers.append(arguments[-1][0])
        raise ConnectionRefusedError

    with pytest.MonkeyPatch.context() as patch:
        for way in ("connect", "connect_ex", "sendto"):
            patch.setattr(socket.socket, way, refuse)
        yield peers


def send(url: str, lookup: Callable[[str, int], Any], proxy: Proxy | None = None, policy: Policy = CLOSED) -> None:
    client = OutboundClient(policy, resolve=Resolver(lookup), proxy=proxy)
    with suppress(EgressError):
        client.send(ProbeRequest(purpose="p", method="GET", url=url), deadline=time.monotonic() + 5)


def saved(url: str) -> str:
    """The URL as a credential would hold it; as typed when it could not even be saved."""
    try:
        return canonical_url(url)
    except Refused:
        return url


@BOUNDED
@given(urls())
def test_no_spelling_of_a_denied_address_gets_a_packet(drawn: tuple[str, Target]) -> None:
    url, target = drawn
    with recorded() as peers:
        for text in (url, saved(url)):
            send(text, numeric)
    assert int(target) not in set().union(*map(hidden_in, peers)), (url, peers)
    assert not any(ip_address(peer) in network for peer in peers for network in [*NETWORKS, *NETWORKS_6]), (url, peers)


@BOUNDED
@given(urls())
def test_no_spelling_of_a_denied_address_is_told_to_a_proxy(drawn: tuple[str, Target]) -> None:
    url, _target = drawn
    with recorded() as peers:
        for text in (url, saved(url)):
            send(text, numeric, proxy=Proxy("192.0.2.9", 3128))
        explanation = explain(url, CLOSED, Resolver(numeric), None, deadline=time.monotonic() + 5)
    assert (peers, explanation.allowed) == ([], False), url


@BOUNDED
@given(
    st.lists(st.sampled_from(["8.8.8.8", "1.1.1.1", "2606:4700::1111"]), max_size=3),
    st.one_of(denied_v4(), denied_v6(), denied_v4().flatmap(lambda address: st.sampled_from(disguises(address)))),
    st.integers(0, 3),
    st.sampled_from(["https://API.Example:8443/v1", "https://xn--bcher-kva.example/", "https://bücher。example./"]),
)
def test_one_denied_address_in_an_answer_of_dns_and_nobody_gets_a_packet(
    good: list[str], bad: Target, place: int, url: str
) -> None:
    answers = [*good[:place], str(bad), *good[place:]]
    with recorded() as peers:
        send(url, always(*answers))
        send(url, always(*answers), proxy=Proxy("192.0.2.9", 3128))
    assert peers == [], answers


def test_the_record_sees_what_is_allowed() -> None:
    with recorded() as peers:
        send("https://api.example/", always("8.8.8.8", "2606:4700::1111"))
        send("https://api.example/", always("8.8.4.4"), proxy=Proxy("192.0.2.9", 3128))
        send("http://box.lan:8000/", always("10.0.0.7"), policy=Policy.parse(["10.0.0.0/8"], loopback_open=False))
    assert peers == ["8.8.8.8", "2606:4700::1111", "192.0.2.9", "10.0.0.7"]


LOOPBACKS = [
    "127.0.0.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.1",
    "127.0.1",
    "0x7f.1",
    "017700000001",
    "0",
    "",
]
LOOPBACKS += [
    "127.0.0.1.",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "ｌｏｃａｌｈｏｓｔ",
    "%6cocalhost",
]
LOOPBACKS += [
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::1%25lo]",
    "[::1%lo]",
    "[0:0:0:0:0:0:0:1]",
    "[::127.0.0.1]",
]
LOOPBACKS += [
    "[::]",
    "0.0.0.0",
    "0000::1",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[::ffff:0:7f00:1]",
    "127.255.255.254",
]


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_real_listener_on_a_closed_loopback_hears_nothing(address: str, serve: Serve) -> None:
    server = serve(lambda call: call.send(reply(body=b"{}")), address=address)

    @settings(max_examples=200, deadline=None)
    @given(
        st.sampled_from(LOOPBACKS),
        st.sampled_from(["http", "https", "HtTp"]),
        st.sampled_from(["", "a@", "8.8.8.8@", "8.8.8.8:80@"]),
        st.sampled_from(["", "/v1", "\\@8.8.8.8"]),
    )
    def knock(host: str, scheme: str, before: str, after: str) -> None:
        url = f"{scheme}://{before}{host}:{server.port}{after}"
        for text in (url, saved(url)):
            send(text, REAL)

    knock()
    assert not heard(server)


def heard(server: Any) -> int:
    """Connections so far, after the listener has had time to count the last one."""
    time.sleep(0.1)
    return int(server.connections)


def test_the_real_listener_would_have_heard(serve: Serve) -> None:
    server = serve(lambda call: call.send(reply(body=b"{}")))
    send(f"http://localhost:{server.port}/", REAL, policy=Policy.parse([], loopback_open=True))
    assert heard(server) == 1


def test_a_tunnel_to_a_denied_address_is_not_asked_of_a_real_proxy(serve: Serve) -> None:
    proxy = serve(Call.hang)
    for host in LOOPBACKS:
        send(f"https://{host}:8443/", REAL, proxy=Proxy("127.0.0.1", proxy.port))
    assert not heard(proxy)
    assert not [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
