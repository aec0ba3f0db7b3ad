"""Faulty servers: each request ends within the deadline, with the right cause, and with bounded memory."""

import gzip
import struct
import threading
import time
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import pytest

from credstore.egress import OutboundClient, Policy
from credstore.errors import Unreached
from credstore.probe import ProbeResponse
from tests.egress.conftest import Get, Serve
from tests.egress.hostile import Behave, Call, reply

HEAD = b"HTTP/1.1 200 OK\r\n"
ZEROS = bytes(1 << 20)


def reset(call: Call) -> None:
    call.send(HEAD, b"Content-Length: 100\r\n\r\n{")
    call.sock.setsockopt(1, 13, struct.pack("ii", 1, 0))  # SO_LINGER 0: close() sends a reset


def endless(start: bytes, more: bytes) -> Behave:
    def flood(call: Call) -> None:
        call.send(start)
        while not call.stop.is_set():
            call.send(more)

    return flood


@cache
def bomb() -> bytes:
    return reply(body=gzip.compress(bytes(50 << 20), 9), Content_Encoding="gzip", Content_Type="application/json")


def dripping_chunks(call: Call) -> None:
    call.send(HEAD, b"Transfer-Encoding: chunked\r\n\r\n")
    call.drip(b"1\r\n \r\n" * 1000)


def drip_then_stall(call: Call) -> None:
    """Each byte starts the time-outs of the socket anew; only a clock of its own ends this in time."""
    call.send(HEAD, b"Content-Length: 5000\r\n\r\n")
    call.drip(b" " * 10)
    call.hang()


def endless_trailers(call: Call) -> None:
    endless(HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n", (b"X: " + b"y" * 8000 + b"\r\n") * 50)(call)


SLOW: dict[str, Behave] = {
    "hang": Call.hang,
    "drip the status line": lambda call: call.drip(HEAD * 100),
    "drip headers": lambda call: (call.send(HEAD), call.drip(b"X-A: b\r\n" * 1000)),
    "continue for ever": lambda call: [call.drip(b"HTTP/1.1 100 Continue\r\n\r\n", 0.001) for _ in range(200)],
    "early hints for ever": lambda call: [call.drip(b"HTTP/1.1 103 Early Hints\r\n\r\n", 0.001) for _ in range(200)],
    "drip a body": lambda call: (call.send(HEAD, b"Content-Length: 5000\r\n\r\n{"), call.drip(b" " * 5000)),
    "drip a body of no length": lambda call: (call.send(HEAD, b"\r\n{}"), call.drip(b" " * 5000)),
    "drip, then stall": drip_then_stall,
    "drip chunks": dripping_chunks,
    "stop in the body": lambda call: (call.send(HEAD, b"Content-Length: 5000\r\n\r\n{"), call.hang()),
    "an empty body that never ends": lambda call: (call.send(HEAD, b"\r\n"), call.hang()),
    "a redirect that never ends": lambda call: (call.send(b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n"), call.hang()),
}
BROKEN: dict[str, tuple[str, Behave]] = {
    "close at once": ("reset", lambda call: None),
    "reset in the body": ("reset", reset),
    "truncated body": ("reset", lambda call: call.send(HEAD, b"Content-Length: 100\r\n\r\n{}")),
    "truncated chunk": ("reset", lambda call: call.send(HEAD, b"Transfer-Encoding: chunked\r\n\r\nff\r\n{}")),
    "no last chunk": ("reset", lambda call: call.send(HEAD, b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n")),
    "bad chunk size": ("protocol", lambda call: call.send(HEAD, b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}")),
    "not HTTP": ("protocol", lambda call: call.send(b"SSH-2.0-OpenSSH_9.9\r\n")),
    "bad gzip": ("protocol", lambda call: call.send(reply(body=b"not gzip", Content_Encoding="gzip"))),
    "too many headers": ("protocol", lambda call: call.send(HEAD, b"X-A: b\r\n" * 200, b"\r\n")),
    "10 GB announced": ("too-large", lambda call: call.send(HEAD, b"Content-Length: 10000000000\r\n\r\n", ZEROS)),
    "endless body": ("too-large", endless(HEAD + b"\r\n", ZEROS)),
    "endless redirect body": ("too-large", endless(b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", ZEROS)),
    "endless chunks": (
        "too-large",
        endless(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"100000\r\n" + ZEROS + b"\r\n"),
    ),
    "endless trailers": ("too-large", endless_trailers),
    "gzip bomb": ("too-large", lambda call: call.send(bomb())),
}
BODIES: dict[str, tuple[bytes, object]] = {
    "empty": (b"", None),
    "html": (b"<!doctype html><title>Welcome</title>", None),
    "cut JSON": (b'{"data": [', None),
    "deep JSON": (b"[" * 200_000, None),
    "deep closed JSON": (b"[" * 100_000 + b"]" * 100_000, None),
    "not UTF-8": (b'{"a": "\xff\xfe"}', None),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), None),
    "NaN": (b'{"a": NaN}', None),
    "infinity": (b"[-Infinity]", None),
    "endless number": (b"1" * 100_000, None),
    "null": (b"null", None),
    "with a byte order mark": (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
    "plain": ('{"a": "ü"}'.encode(), {"a": "ü"}),
}


def timed(act: Callable[[], ProbeResponse]) -> tuple[Unreached, float]:
    started = time.monotonic()
    with pytest.raises(Unreached) as caught:
        act()
    assert caught.value.__context__ is None
    return caught.value, time.monotonic() - started


@pytest.mark.parametrize("name", SLOW)
def test_a_slow_server_is_left_at_the_deadline(name: str, serve: Serve, get: Get) -> None:
    port = serve(SLOW[name]).port
    failure, took = timed(lambda: get(f"http://127.0.0.1:{port}/models", seconds=0.6))
    assert failure.cause == "timeout"
    assert "127.0.0.1 did not" in failure.sentence
    assert 0.5 < took < 1.0


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_answer_has_its_own_cause(name: str, serve: Serve, get: Get) -> None:
    cause, behave = BROKEN[name]
    port = serve(behave).port
    failure, _took = timed(lambda: get(f"http://127.0.0.1:{port}/models", seconds=4))
    assert failure.cause == cause, failure.sentence
    assert "127.0.0.1" in failure.sentence
    assert failure.advice


def test_interim_answers_without_end_or_without_an_answer_end_too(serve: Serve, get: Get) -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
    port = serve(endless(b"", hints * 1000)).port
    failure, _took = timed(lambda: get(f"http://127.0.0.1:{port}/models", seconds=8))
    assert failure.cause in {"too-large", "timeout"}
    port = serve(lambda call: call.send(hints)).port
    failure, _took = timed(lambda: get(f"http://127.0.0.1:{port}/models", seconds=4))
    assert failure.cause == "reset"


@pytest.mark.parametrize("name", ["endless body", "gzip bomb", "endless chunks", "10 GB announced"])
def test_memory_stays_flat(name: str, serve: Serve, get: Get) -> None:
    client = OutboundClient(Policy.parse([], loopback_open=True), body_cap=100_000)
    bomb()  # made before memory is watched
    port = serve(BROKEN[name][1]).port
    tracemalloc.start()
    try:
        timed(lambda: get(f"http://127.0.0.1:{port}/models", client=client, seconds=4))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20


@pytest.mark.parametrize("name", BODIES)
def test_only_plain_json_is_json(name: str, serve: Serve, get: Get) -> None:
    body, expected = BODIES[name]
    port = serve(lambda call: call.send(reply(body=body))).port
    answer = get(f"http://127.0.0.1:{port}/models")
    assert (answer.status, answer.json) == (200, expected)


def test_honest_gzip_is_read(serve: Serve, get: Get) -> None:
    port = serve(lambda call: call.send(reply(body=gzip.compress(b'{"a": 1}'), Content_Encoding="gzip"))).port
    assert get(f"http://127.0.0.1:{port}/").json == {"a": 1}


@pytest.mark.parametrize("status", [204, 400, 401, 403, 404, 429, 500, 503])
def test_every_status_is_an_answer(status: int, serve: Serve, get: Get) -> None:
    server = serve(
        lambda call: call.send(reply(f"{status} Whatever", b"" if status == 204 else b"{}", Retry_After="7"))
    )
    answer = get(f"http://127.0.0.1:{server.port}/")
    assert (answer.status, answer.headers["retry-after"]) == (status, "7")
    assert server.connections == 1


def test_a_body_of_exactly_the_cap_is_read_and_one_byte_more_is_not(serve: Serve, get: Get) -> None:
    client = OutboundClient(Policy.parse([], loopback_open=True), body_cap=10)
    for body, fits in ((b'"12345678"', True), (b'"123456789"', False)):
        port = serve(lambda call, body=body: call.send(HEAD, b"\r\n", body)).port
        if fits:
            assert get(f"http://127.0.0.1:{port}/", client=client).json == "12345678"
        else:
            assert timed(lambda port=port: get(f"http://127.0.0.1:{port}/", client=client))[0].cause == "too-large"


def test_header_lines_that_cannot_be_parsed_are_dropped_and_not_logged(
    serve: Serve, get: Get, caplog: pytest.LogCaptureFixture
) -> None:
    port = serve(lambda call: call.send(HEAD, b"X-Good: yes\r\nsk-canary without a colon\r\n\r\n{}")).port
    assert get(f"http://127.0.0.1:{port}/").headers["x-good"] == "yes"
    assert caplog.text == ""


def test_the_deadline_may_be_over_before_the_start(serve: Serve, get: Get) -> None:
    server = serve(lambda call: call.send(reply()))
    failure, took = timed(lambda: get(f"http://127.0.0.1:{server.port}/", seconds=-1))
    assert failure.cause == "timeout"
    assert took < 0.2
    assert server.connections == 0


def test_one_hanging_server_does_not_hold_up_the_others(serve: Serve, get: Get) -> None:
    client = OutboundClient(Policy.parse([], loopback_open=True))
    bad, good = serve(Call.hang).port, serve(lambda call: call.send(reply(body=b"{}"))).port
    with ThreadPoolExecutor(4) as pool:
        hanging = [pool.submit(get, f"http://127.0.0.1:{bad}/", client=client, seconds=1) for _ in range(3)]
        started = time.monotonic()
        assert get(f"http://127.0.0.1:{good}/", client=client).status == 200
        assert time.monotonic() - started < 0.5
        assert all(isinstance(future.exception(), Unreached) for future in hanging)
    assert not [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]


@pytest.mark.parametrize("statuses", [(100,), (102,), (103,), (103, 103, 100, 102), (199,)])
def test_what_comes_before_the_answer_is_not_the_answer(serve: Serve, get: Get, statuses: tuple[int, ...]) -> None:
    interim = b"".join(f"HTTP/1.1 {status} Wait\r\nLink: </a>; rel=preload\r\n\r\n".encode() for status in statuses)
    server = serve(lambda call: call.send(interim, reply("401 Unauthorized", b'{"error": "no"}')))
    got = get(f"http://127.0.0.1:{server.port}/")
    assert (got.status, got.json) == (401, {"error": "no"})
    assert "link" not in got.headers


def test_switching_protocols_is_an_answer(serve: Serve, get: Get) -> None:
    server = serve(lambda call: call.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"))
    assert get(f"http://127.0.0.1:{server.port}/").status == 101
