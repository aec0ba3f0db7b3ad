"""A keep-alive HTTP connection on a plain socket. `http.client` would add a third to the bare view's time."""

import re
import socket
import time
from dataclasses import dataclass

TIMEOUT_SECONDS = 120
CHUNK = 1 << 18


@dataclass(frozen=True)
class Response:
    """`seconds` is from sending the request to the last byte of the body."""

    status: int
    head: bytes
    body: bytes
    seconds: float


class Connection:
    """Opens itself with the next request. Reads only responses that have a Content-Length, as Flask's have."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def close(self) -> None:
        if self._socket:
            self._socket.close()
            self._socket = None

    def send(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Response:
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self._port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        sent = "\r\n".join([*lines, "", ""]).encode() + body
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), TIMEOUT_SECONDS)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        started = time.perf_counter()
        self._socket.sendall(sent)
        head, received = _read(self._socket)
        return Response(int(head.split(b" ", 2)[1]), head, received, time.perf_counter() - started)


def _read(source: socket.socket) -> tuple[bytes, bytes]:
    received = b""
    while b"\r\n\r\n" not in received:
        received += _some(source)
    head, _, start = received.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    assert length, f"no Content-Length: {head!r}"
    parts, missing = [start], int(length[1]) - len(start)
    while missing > 0:
        parts.append(_some(source))
        missing -= len(parts[-1])
    return head, b"".join(parts)


def _some(source: socket.socket) -> bytes:
    some = source.recv(CHUNK)
    assert some, "the server closed the connection"
    return some
