"""Hostile servers, each tested by a real LLM probe, the tester and the client: time, verdict, memory, no key shown."""

import gzip
import logging
import socket
import ssl
import struct
import threading
import time
import tracemalloc
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from cryptography import x509

from credstore.credential_types.llm.declaration import Llm
from credstore.egress import OutboundClient, Policy, dialer
from credstore.egress.resolver import Resolver
from credstore.probe import Outcome, Verdict
from credstore.tester import Tester
from tests.egress.certificates import DAY, NOW, new_authority, self_signed
from tests.egress.conftest import Serve
from tests.egress.hostile import Behave, Call, Hostile, header, reply

KEY = "sk-canary/12+34567890=abcdef"
SECONDS, SLACK, MEMORY = 1.0, 0.5, 8 << 20
HEAD = b"HTTP/1.1 200 OK\r\n"
ZEROS = bytes(1 << 20)


def received_key(call: Call) -> bytes:
    """The key of the request: each server here repeats it wherever it can."""
    return (header(call.request, "authorization") or "").encode()


def drip_headers(call: Call) -> None:
    call.send(HEAD, b"X-Echo: " + received_key(call) + b"\r\n")
    call.drip(b"X-A: b\r\n" * 1000)


def drip_body(call: Call) -> None:
    call.send(HEAD, b"Content-Length: 5000\r\n\r\n", b'{"error": "' + received_key(call))
    call.drip(b" " * 4000)


def ten_gigabytes(call: Call) -> None:
    call.send(HEAD, b"\r\n", received_key(call))
    for _ in range(10_240):
        call.send(ZEROS)


@cache
def bomb() -> bytes:
    return reply(body=gzip.compress(bytes(50 << 20), 9), Content_Encoding="gzip", Content_Type="application/json")


def reset(call: Call) -> None:
    call.send(HEAD, b"Content-Length: 100\r\n\r\n", received_key(call))
    call.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def truncate(call: Call) -> None:
    call.send(HEAD, b"Content-Length: 1000\r\n\r\n", b'{"data": [], "echo": "' + received_key(call))


def deep_json(call: Call) -> None:
    call.send(reply(body=b"[" * 100_000 + b"]" * 100_000))


def redirect(call: Call) -> None:
    key = received_key(call).decode().removeprefix("Bearer ")
    call.send(reply("302 Found", Location=f"/v1/models?key={key}&quoted={quote(key, safe='')}"))


def bare(call: Call) -> None:
    call.send(b"HTTP/1.1 200 " + received_key(call) + b"\r\n\r\n")


def listing(call: Call) -> None:
    call.send(reply(body=b'{"object": "list", "data": [{"id": "m"}]}', Content_Type="application/json"))


def names(*addresses: str) -> Callable[..., Sequence[Any]]:
    return lambda host, port, *, deadline: [ip_address(address) for address in addresses]


@dataclass
class Place:
    """Where the probe is sent: base URL, client, and the server if there is one."""

    url: str
    client: OutboundClient
    server: Hostile | None = None


Stage = Callable[[Serve, Path, pytest.MonkeyPatch], Any]  # returns a Place, or a context that yields one
OPEN = Policy.parse([], loopback_open=True)


def speaking(behave: Behave) -> Stage:
    def stage(serve: Serve, folder: Path, patch: pytest.MonkeyPatch) -> Place:
        server = serve(behave)
        return Place(f"http://127.0.0.1:{server.port}/v1", OutboundClient(OPEN), server)

    return stage


def with_certificate(make: Callable[[Path], tuple[Path | None, ssl.SSLContext]]) -> Stage:
    def stage(serve: Serve, folder: Path, patch: pytest.MonkeyPatch) -> Place:
        root, context = make(folder)
        server = serve(listing, tls=context)
        return Place(f"https://localhost:{server.port}/v1", OutboundClient(OPEN, ca_file=root), server)

    return stage


def issued(**options: Any) -> Callable[[Path], tuple[Path, ssl.SSLContext]]:
    def make(folder: Path) -> tuple[Path, ssl.SSLContext]:
        root, issue = new_authority(folder)
        return root, issue(**options)

    return make


@contextmanager
def dns_silence(serve: Serve, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Place]:
    release = threading.Event()

    def silent(host: str, port: int) -> list[Any]:
        release.wait(10)
        return []

    yield Place("https://silent.example/v1", OutboundClient(OPEN, resolve=Resolver(silent)))
    release.set()


def nxdomain(serve: Serve, folder: Path, patch: pytest.MonkeyPatch) -> Place:
    def unknown(host: str, port: int) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, f"text that quotes {KEY}")

    return Place("https://nowhere.example/v1", OutboundClient(OPEN, resolve=Resolver(unknown)))


def dead_addresses(serve: Serve, folder: Path, patch: pytest.MonkeyPatch) -> Place:
    def dead(address: object, port: int, seconds: float) -> socket.socket:
        time.sleep(seconds)
        raise TimeoutError

    patch.setattr(dialer, "_connect", dead)
    return Place(
        "https://many.example/v1", OutboundClient(OPEN, resolve=names(*(f"8.8.8.{last}" for last in range(64))))
    )


@contextmanager
def slow_accept(serve: Serve, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Place]:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        held = [socket.socket() for _ in range(8)]
        for sock in held:
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
        yield Place(f"http://127.0.0.1:{port}/v1", OutboundClient(OPEN))
        for sock in held:
            sock.close()


WRONG_NAME = issued(sans=[x509.DNSName("other.example")])
NOT_REACHED, CANNOT_TELL = Outcome.NOT_REACHED, Outcome.CANNOT_TELL
SIXTEEN: dict[str, tuple[Stage, Outcome, str]] = {
    "drip headers": (speaking(drip_headers), NOT_REACHED, "did not answer"),
    "drip body": (speaking(drip_body), NOT_REACHED, "did not finish its answer"),
    "10 GB body": (speaking(ten_gigabytes), NOT_REACHED, "larger than"),
    "gzip bomb": (speaking(lambda call: call.send(bomb())), NOT_REACHED, "larger than"),
    "endless redirects": (speaking(redirect), CANNOT_TELL, "redirect"),
    "reset": (speaking(reset), NOT_REACHED, "closed the connection"),
    "truncated body": (speaking(truncate), NOT_REACHED, "closed the connection"),
    "deep JSON": (speaking(deep_json), CANNOT_TELL, ""),
    "bad TLS name": (with_certificate(WRONG_NAME), NOT_REACHED, "belongs to another host name"),
    "expired TLS": (with_certificate(issued(end=NOW - DAY)), NOT_REACHED, "has expired"),
    "self-signed TLS": (with_certificate(lambda folder: (None, self_signed(folder))), NOT_REACHED, "is self-signed"),
    "DNS silence": (dns_silence, NOT_REACHED, "gave no answer about silent.example"),
    "NXDOMAIN": (nxdomain, NOT_REACHED, "DNS knows no address for nowhere.example"),
    "64 dead addresses": (dead_addresses, NOT_REACHED, "did not accept the connection"),
    "bare 200": (speaking(bare), CANNOT_TELL, ""),
    "slow accept": (slow_accept, NOT_REACHED, "did not accept the connection"),
}


@pytest.mark.parametrize("name", SIXTEEN)
def test_a_hostile_server_gets_its_verdict_in_time_with_flat_memory_and_without_the_key(
    name: str, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stage, outcome, words = SIXTEEN[name]
    bomb()  # made before memory is watched
    place = stage(serve, tmp_path, monkeypatch)
    with caplog.at_level(logging.DEBUG), place if not isinstance(place, Place) else as_it_is(place) as where:
        verdict, took, peak = measured(where)
    assert verdict.outcome is outcome, verdict
    assert words in verdict.reason
    assert verdict.advice
    assert took < SECONDS + SLACK
    assert peak < MEMORY
    assert len(verdict.steps) <= 4
    if where.server and outcome is NOT_REACHED:
        assert where.server.connections == 1
    for form in (KEY, quote(KEY, safe=""), b64encode(KEY.encode()).decode().rstrip("=")):
        assert form not in f"{verdict!r} {[str(step) for step in verdict.steps]} {caplog.text}"


@contextmanager
def as_it_is(place: Place) -> Iterator[Place]:
    yield place


def measured(where: Place) -> tuple[Verdict, float, int]:
    """The verdict, how long it took, and the most memory that was held meanwhile, by either side."""
    values = {"provider_type": "openai_compatible", "api_key": KEY, "base_url": where.url}
    tracemalloc.start()
    started = time.monotonic()
    try:
        verdict = Tester(where.client, seconds=SECONDS).run(Llm.probe(values), [KEY])
        return verdict, time.monotonic() - started, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_there_are_sixteen() -> None:
    assert len(SIXTEEN) == 16
