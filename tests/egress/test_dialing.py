"""Names, addresses and connections: all addresses are checked first, then tried in order within the deadline."""

import errno
import socket
import threading
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from credstore.egress import OutboundClient, Policy, dialer, failures
from credstore.egress.resolver import Resolver
from credstore.errors import Blocked, TestsBusy, Unreached
from tests.egress.conftest import Get, Serve
from tests.egress.hostile import Call, header, reply

OPEN = Policy.parse([], loopback_open=True)


def answer(call: Call) -> None:
    call.send(reply(body=b"{}"))


def names(*addresses: str) -> Callable[..., list[Any]]:
    """A name server that gives these addresses to everybody."""
    return lambda host, port, *, deadline: [ip_address(address) for address in addresses]


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_localhost_falls_back_from_ipv6_to_the_ipv4_server(serve: Serve, get: Get) -> None:
    server = serve(answer, address="127.0.0.1")
    client = OutboundClient(OPEN, resolve=names("::1", "127.0.0.1"))
    assert get(f"http://localhost:{server.port}/", client=client).status == 200
    assert header(server.requests[0], "host") == f"localhost:{server.port}"


@pytest.mark.parametrize("found", [("::1",), ("::1", "127.0.0.1"), ("127.0.0.1", "::1")])
def test_a_server_on_ipv6_alone_is_reached_in_any_order(found: tuple[str, ...], serve: Serve, get: Get) -> None:
    server = serve(answer, address="::1")
    assert get(f"http://localhost:{server.port}/", client=OutboundClient(OPEN, resolve=names(*found))).status == 200
    assert header(server.requests[0], "host") == f"localhost:{server.port}"


def test_without_ipv6_on_this_machine_ipv4_still_answers(
    serve: Serve, get: Get, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container without IPv6, whose hosts file lists ::1 all the same."""
    server, real = serve(answer), dialer._connect

    def no_ipv6(address: Any, port: int, seconds: float) -> socket.socket:
        if address.version == 6:
            raise OSError(errno.EAFNOSUPPORT, "text of the kernel")
        return real(address, port, seconds)

    monkeypatch.setattr(dialer, "_connect", no_ipv6)
    assert (
        get(f"http://localhost:{server.port}/", client=OutboundClient(OPEN, resolve=names("::1", "127.0.0.1"))).status
        == 200
    )


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("64:ff9b::808:808", "NAT64"),
        ("64:ff9b:1::a00:1", "NAT64"),
        ("2a00::5efe:a00:1", "ISATAP"),
        ("2002:a00:1::", "6to4"),
    ],
)
def test_a_refused_disguise_is_named(address: str, form: str, get: Get) -> None:
    """An operator behind NAT64 must be able to see why: DNS64 answers with such addresses for every IPv4 server."""
    with pytest.raises(Blocked) as caught:
        get("https://api.example/", client=OutboundClient(OPEN, resolve=names(address)))
    assert f"an IPv4 address in disguise ({form})" in caught.value.sentence
    assert caught.value.advice == "No setting allows it."


def test_localhost_is_found_by_the_real_resolver(serve: Serve, get: Get) -> None:
    assert get(f"http://localhost:{serve(answer).port}/").status == 200


@pytest.mark.parametrize("good_first", [True, False])
@pytest.mark.parametrize("bad", ["169.254.169.254", "192.168.1.5", "8.8.8.8", "64:ff9b::7f00:1"])
def test_one_bad_address_condemns_the_name(bad: str, good_first: bool, serve: Serve, get: Get) -> None:
    server = serve(answer)
    found = ("127.0.0.1", bad) if good_first else (bad, "127.0.0.1")
    with pytest.raises(Blocked):
        get(f"http://mixed.example:{server.port}/", client=OutboundClient(OPEN, resolve=names(*found)))
    assert server.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "sneaky.example"])
def test_a_closed_loopback_never_gets_a_packet(host: str, serve: Serve, get: Get) -> None:
    server = serve(answer)
    client = OutboundClient(Policy.parse([], loopback_open=False), resolve=names("127.0.0.1"))
    for scheme in ("http", "https"):
        with pytest.raises(Blocked):
            get(f"{scheme}://{host}:{server.port}/", client=client)
    assert server.connections == 0


def test_the_app_itself_never_gets_a_packet(serve: Serve, get: Get) -> None:
    server = serve(answer)
    client = OutboundClient(Policy.parse([f"127.0.0.1:{server.port}"], loopback_open=True, own_port=server.port))
    with pytest.raises(Blocked, match="itself"):
        get(f"http://127.0.0.1:{server.port}/", client=client)
    assert server.connections == 0


class AtHome:
    """A connection of this machine with itself, by the address it has in its network."""

    closed = False

    def getpeername(self) -> tuple[str, int]:
        return "10.0.0.1", 5000

    def getsockname(self) -> tuple[str, int]:
        return "10.0.0.1", 40_000

    def close(self) -> None:
        self.closed = True


def test_the_app_itself_is_not_called_by_its_network_address_either(get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    home = AtHome()
    monkeypatch.setattr(dialer, "_connect", lambda address, port, seconds: home)
    client = OutboundClient(Policy.parse(["10.0.0.0/8"], loopback_open=False, own_port=5000))
    with pytest.raises(Blocked, match="itself"):
        get("http://10.0.0.1:5000/", client=client)
    assert home.closed


@pytest.mark.parametrize("codes", [[errno.ECONNREFUSED, errno.ENETUNREACH], [errno.ENETUNREACH, errno.ECONNREFUSED]])
def test_of_several_failures_the_refusal_is_told(codes: list[int], get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing_in_turn(address: object, port: int, seconds: float) -> socket.socket:
        raise OSError(codes.pop(0), "text of the kernel")

    monkeypatch.setattr(dialer, "_connect", failing_in_turn)
    with pytest.raises(Unreached) as caught:
        get("http://two.example:9999/", client=OutboundClient(OPEN, resolve=names("127.0.0.1", "127.0.0.2")))
    assert caught.value.sentence == "two.example refused the connection on port 9999."


def test_an_address_given_twice_is_tried_once() -> None:
    row = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80))
    twice = Resolver(lambda host, port: [row, row])
    assert twice("twice.example", 80, deadline=time.monotonic() + 2) == (ip_address("127.0.0.1"),)


def test_the_name_is_resolved_once_for_each_connection(serve: Serve, get: Get) -> None:
    server = serve(answer)
    asked: list[str] = []

    def rebinding(host: str, port: int, *, deadline: float) -> list[Any]:
        asked.append(host)
        return [ip_address("127.0.0.1" if len(asked) == 1 else "169.254.169.254")]

    client = OutboundClient(OPEN, resolve=rebinding)
    assert get(f"http://rebind.example:{server.port}/", client=client).status == 200
    assert asked == ["rebind.example"]
    with pytest.raises(Blocked):
        get(f"http://rebind.example:{server.port}/", client=client)


def test_the_peer_is_judged_again_after_the_connect(serve: Serve, get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should anything between judgement and connect go elsewhere, not one byte is sent there."""
    server = serve(answer)
    policy = Policy.parse(["10.0.0.1"], loopback_open=False)
    real = socket.create_connection
    monkeypatch.setattr(dialer, "_connect", lambda address, port, seconds: real(("127.0.0.1", port), seconds))
    with pytest.raises(Blocked):
        get(f"http://10.0.0.1:{server.port}/", client=OutboundClient(policy))
    assert not any(server.requests)


def test_a_refusal_names_host_and_port(get: Get) -> None:
    port = unused_port()
    with pytest.raises(Unreached) as caught:
        get(f"http://127.0.0.1:{port}/")
    assert caught.value.cause == "refused"
    assert caught.value.sentence == f"127.0.0.1 refused the connection on port {port}."


@pytest.mark.parametrize("inside", [True, False])
def test_a_refusal_on_loopback_in_a_container_hints_at_the_host(
    inside: bool, get: Get, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mark = tmp_path / ".dockerenv"
    if inside:
        mark.touch()
    monkeypatch.setattr(failures, "DOCKER_MARK", mark)
    with pytest.raises(Unreached) as caught:
        get(f"http://localhost:{unused_port()}/")
    assert ("host.docker.internal" in caught.value.advice) is inside


@pytest.fixture
def full_backlog() -> Iterator[int]:
    """A port whose queue of connections is full: further ones hang, as at a slow or dead server."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = int(listener.getsockname()[1])
        held = [socket.socket() for _ in range(8)]
        for sock in held:
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
        yield port
        for sock in held:
            sock.close()


def test_a_server_that_does_not_accept_is_left_at_the_deadline(full_backlog: int, get: Get) -> None:
    started = time.monotonic()
    with pytest.raises(Unreached) as caught:
        get(f"http://127.0.0.1:{full_backlog}/", seconds=0.6)
    assert caught.value.cause == "timeout"
    assert time.monotonic() - started < 1.2


def test_64_dead_addresses_end_at_the_deadline(get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    def dead(address: object, port: int, seconds: float) -> socket.socket:
        time.sleep(seconds)
        raise TimeoutError

    monkeypatch.setattr(dialer, "_connect", dead)
    client = OutboundClient(OPEN, resolve=names(*(f"127.0.0.{number}" for number in range(1, 65))))
    started = time.monotonic()
    with pytest.raises(Unreached) as caught:
        get("http://many.example:9999/", client=client, seconds=1.0)
    assert caught.value.cause == "timeout"
    assert 0.9 < time.monotonic() - started < 1.5


def test_one_dead_address_leaves_time_for_the_next(serve: Serve, get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    server, real = serve(answer), dialer._connect

    def first_is_dead(address: Any, port: int, seconds: float) -> socket.socket:
        if address.version == 6:
            time.sleep(seconds)
            raise TimeoutError
        return real(address, port, seconds)

    monkeypatch.setattr(dialer, "_connect", first_is_dead)
    client = OutboundClient(OPEN, resolve=names("::1", "127.0.0.1"))
    assert get(f"http://localhost:{server.port}/", client=client, seconds=1.0).status == 200


def test_64_refusing_addresses_are_all_tried(serve: Serve, get: Get) -> None:
    port = serve(answer, address="127.0.0.64").port
    client = OutboundClient(OPEN, resolve=names(*(f"127.0.0.{number}" for number in range(1, 65))))
    assert get(f"http://many.example:{port}/", client=client).status == 200


def failing(code: int) -> Callable[[str, int], Any]:
    def lookup(host: str, port: int) -> Any:
        raise socket.gaierror(code, "text of the library, which may say anything")

    return lookup


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (socket.EAI_NONAME, "DNS knows no address for nowhere.example."),
        (socket.EAI_AGAIN, "The name servers gave no answer about nowhere.example."),
        (socket.EAI_FAIL, "The name servers gave no answer about nowhere.example."),
    ],
)
def test_a_name_without_an_address_is_told(code: int, sentence: str, get: Get) -> None:
    with pytest.raises(Unreached) as caught:
        get("https://nowhere.example/", client=OutboundClient(OPEN, resolve=Resolver(failing(code))))
    assert (caught.value.cause, caught.value.sentence) == ("name", sentence)


def test_the_advice_for_a_name_without_an_address_is_right_where_nobody_typed_a_url(get: Get) -> None:
    with pytest.raises(Unreached) as caught:
        get("https://api.telegram.org/", client=OutboundClient(OPEN, resolve=Resolver(failing(socket.EAI_NONAME))))
    assert caught.value.advice == "Check the host name for a typo, and that this server can look up names."


def test_a_label_too_long_for_dns_is_a_bad_name(get: Get) -> None:
    with pytest.raises(Unreached) as caught:
        get(f"https://{'a' * 64}.example/")
    assert caught.value.cause == "name"


def test_an_empty_list_of_addresses_is_a_bad_name(get: Get) -> None:
    for resolve in (Resolver(lambda host, port: []), names()):
        with pytest.raises(Unreached) as caught:
            get("https://empty.example/", client=OutboundClient(OPEN, resolve=resolve))
        assert caught.value.cause == "name"


def test_a_silent_name_server_costs_no_more_than_the_deadline_and_a_bounded_number_of_threads(get: Get) -> None:
    release = threading.Event()
    lookups: list[str] = []

    def silent(host: str, port: int) -> Any:
        lookups.append(host)
        release.wait(10)
        return []

    client = OutboundClient(OPEN, resolve=Resolver(silent, threads=2))
    try:
        for _ in range(2):
            started = time.monotonic()
            with pytest.raises(Unreached) as caught:
                get("https://silent.example/", client=client, seconds=0.3)
            assert caught.value.cause == "name"
            assert 0.2 < time.monotonic() - started < 0.8
        # Both places wait for that name: of another one nothing is known, and a verdict would be untrue.
        started = time.monotonic()
        with pytest.raises(TestsBusy):
            get("https://api.example/", client=client, seconds=0.3)
        assert time.monotonic() - started < 0.8
        assert lookups == ["silent.example"] * 2
    finally:
        release.set()
        for thread in threading.enumerate():
            if thread.name == "credstore-resolve":
                thread.join(5)
