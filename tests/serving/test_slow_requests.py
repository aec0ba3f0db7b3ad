"""Clients that send slowly get a 408, and meanwhile the page answers others: real sockets, two workers."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.serving import TWO_WORKERS, Server, serving

CLIENTS, THREADS = 64, 4
ADMIN = ("ann", "correct horse battery staple")
HEAD = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: " + b"a" * 200
BODY = b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 500\r\n\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    env = {"CREDSTORE_HEAD_SECONDS": "2", "CREDSTORE_BODY_SECONDS": "2", "CREDSTORE_LOG_FORMAT": "json"}
    server = Server(tmp_path_factory.mktemp("slow"), env=env)
    with serving(server, *TWO_WORKERS, "--threads", str(THREADS), admin=ADMIN) as running:
        yield running


def connect(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=8)


def everything(connection: socket.socket) -> bytes:
    found = b""
    while data := connection.recv(65_536):
        found += data
    return found


@pytest.mark.parametrize("first", [HEAD[:10], BODY], ids=["head", "body"])
def test_64_slow_clients_do_not_stop_the_page_and_get_a_408(server: Server, first: bytes) -> None:
    clients = [connect(server) for _ in range(CLIENTS)]
    stop = threading.Event()

    def trickle() -> None:
        for client in clients:
            client.sendall(first)
        while not stop.wait(0.5):
            for client in clients:
                try:
                    client.send(b"a")
                except OSError:
                    return

    sender = threading.Thread(target=trickle)
    started = time.monotonic()
    sender.start()
    try:
        slowest = 0.0
        while time.monotonic() - started < 1.5:
            asked = time.monotonic()
            assert server.get("/login")[0] == 200
            slowest = max(slowest, time.monotonic() - asked)
        answers = [everything(client) for client in clients]
    finally:
        stop.set()
        sender.join()
        for client in clients:
            client.close()
    assert slowest < 1
    assert all(answer.startswith(b"HTTP/1.1 408 ") for answer in answers)
    assert 1.5 < time.monotonic() - started < 7
    assert server.get("/healthz")[0] == 200


def test_clients_that_do_not_close_hold_nothing(server: Server) -> None:
    clients = [connect(server) for _ in range(CLIENTS)]
    for client in clients:
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    asked = time.monotonic()
    assert server.get("/healthz")[0] == 200
    assert time.monotonic() - asked < 1
    assert all(everything(client).startswith(b"HTTP/1.1 200 ") for client in clients)
    for client in clients:
        client.close()


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"411"),
        (b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 90000000\r\n\r\n", b"413"),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000, b"431"),
        (b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", b"400"),
    ],
)
def test_what_cannot_be_taken_is_refused_at_once(server: Server, request_bytes: bytes, status: bytes) -> None:
    with connect(server) as client:
        started = time.monotonic()
        client.sendall(request_bytes)
        assert client.recv(12) == b"HTTP/1.1 " + status
        assert time.monotonic() - started < 1
    with connect(server) as client:  # the same request of a program
        client.sendall(request_bytes.replace(b"/login" if b"/login" in request_bytes else b"/", b"/api/v1/CANARY", 1))
        head, _, body = everything(client).partition(b"\r\n\r\n")
    problem = json.loads(body)
    assert head.startswith(b"HTTP/1.1 " + status)
    assert b"\r\nContent-Type: application/problem+json\r\n" in head
    assert (problem["status"], problem["code"]) == (int(status), f"http-{status.decode()}")
    assert problem["detail"].endswith(".")
    assert b"CANARY" not in head + body


def test_requests_in_a_row_and_in_pieces_are_all_answered(server: Server) -> None:
    one = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    last = one[:-2] + b"Connection: close\r\n\r\n"
    with connect(server) as client:
        client.sendall(one + one + last[:30])
        time.sleep(0.2)
        client.sendall(last[30:])
        assert everything(client).count(b"HTTP/1.1 200 ") == 3


def test_large_requests_that_wait_do_not_shut_out_small_ones(server: Server) -> None:
    large = b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2000000\r\n\r\n" + b"a" * 1_900_000
    clients = [connect(server) for _ in range(40)]  # more than both workers keep
    for client in clients:
        client.sendall(large)
    small = BODY.replace(b"500", b"2").replace(b"Host:", b"Connection: close\r\nHost:")
    answers = []
    for _ in range(6):
        with connect(server) as client:
            client.sendall(small)
            client.sendall(b"a=")
            answers.append(everything(client)[:13])
    for client in clients:
        client.close()
    assert set(answers) == {b"HTTP/1.1 400 "}  # by the application: there is no CSRF token


def test_a_client_that_asks_whether_to_continue_is_told_so(server: Server) -> None:
    with connect(server) as client:
        client.sendall(BODY[:-2] + b"Expect: 100-continue\r\n\r\n")
        assert client.recv(21) == b"HTTP/1.1 100 Continue"


def test_the_refusals_are_in_the_log(server: Server, tmp_path: Path) -> None:
    assert '"message": "request refused, 411, from 127.0.0.1"' in server.log()


def test_clients_that_do_not_read_hold_no_thread_and_are_given_up(server: Server) -> None:
    one = b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    clients = []
    for _ in range(CLIENTS):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
        client.connect(("127.0.0.1", server.port))
        client.sendall(one * 120)
        clients.append(client)
    time.sleep(0.5)
    assert server.get("/healthz")[0] == 200
    deadline = time.monotonic() + 15
    while "response not read in time, from 127.0.0.1" not in server.log() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert "response not read in time, from 127.0.0.1" in server.log()
    assert server.get("/healthz")[0] == 200
    for client in clients:
        client.close()


def test_a_client_that_reads_later_gets_every_response_whole(server: Server) -> None:
    document = server.get("/api/v1/openapi.json")[1]
    one = b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
        client.settimeout(8)
        client.connect(("127.0.0.1", server.port))
        client.sendall(one * 39 + one[:-2] + b"Connection: close\r\n\r\n")
        time.sleep(0.5)
        assert everything(client).count(document) == 40


CANARY = b"crs_CANARY0123456789"
HOST = b"Host: 127.0.0.1\r\n"


@pytest.mark.parametrize("path", [b"/login", b"/api/v1/x"])
@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET PATH HTTP/1.1\r\n" + HOST + b"Authorization Bearer CANARY\r\n\r\n", b"400"),
        (b"POST PATH HTTP/1.1\r\n" + HOST + b'\r\n{"api_key": "CANARY"}\r\n\r\n', b"400"),
        (b"GET PATH?token=CANARY\r\n\r\n", b"400"),
        (b"GET PATH?token=CANARY\x0bB HTTP/1.1\r\n" + HOST + b"\r\n", b"400"),
        (b"POST PATH HTTP/1.1\r\n" + HOST + b"Expect: CANARY\r\nContent-Length: 0\r\n\r\n", b"417"),
        (b"GET PATH?token=CANARY" + b"a" * 9_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", b"414"),
        (b"GET PATH HTTP/CANARY\r\n" + HOST + b"\r\n", b"400"),
        (b"CANARY PATH HTTP/1.1\r\n" + HOST + b"\r\n", b"400"),
        (b"GET PATH HTTP/1.1\r\n" + HOST + b"CANARY@: a\r\n\r\n", b"400"),
        (b"GET PATH HTTP/1.1\r\n" + HOST + b"X: a\r\n CANARY\r\n\r\n", b"400"),
        (b"GET PATH HTTP/1.1\r\n" + HOST + b"X: CANARY\nY: b\r\n\r\n", b"400"),
        (b"GET PATH HTTP/1.1\r\n" + HOST + b"X: CANARY\r\n" * 101 + b"\r\n", b"431"),
    ],
)
def test_nothing_of_a_malformed_request_is_repeated(
    server: Server, request_bytes: bytes, status: bytes, path: bytes
) -> None:
    with connect(server) as client:
        client.sendall(request_bytes.replace(b"PATH", path).replace(b"CANARY", CANARY))
        answer = everything(client)
    last = answer[answer.rindex(b"HTTP/1.1 ") :]
    assert last.startswith(b"HTTP/1.1 " + status)
    assert b"\r\nCache-Control: no-store\r\n" in last
    assert b"text/html" not in last
    assert b"CANARY" not in answer
    assert "CANARY" not in server.log()
