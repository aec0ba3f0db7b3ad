"""A server of plain sockets on loopback. One function handles each connection, and may break any rule of HTTP."""

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

LONGEST = 15.0  # seconds; the longest time that a connection stays open


@dataclass(frozen=True, slots=True)
class Call:
    """One connection, its request already read. `stop` is set when the test is over."""

    sock: socket.socket
    request: bytes
    stop: threading.Event

    def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.sock.sendall(piece)

    def drip(self, text: bytes, pause: float = 0.05) -> None:
        for byte in text:
            if self.stop.wait(pause):
                return
            self.sock.sendall(bytes([byte]))

    def hang(self) -> None:
        self.stop.wait(LONGEST)


Behave = Callable[[Call], object]


class Hostile:
    """`requests` are those that were read, `connections` counts accepted ones. With `reads=False` it sends first."""

    def __init__(
        self,
        behave: Behave,
        *,
        address: str = "127.0.0.1",
        port: int = 0,
        reads: bool = True,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._behave = behave
        self._tls = tls
        self._reads = reads
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self.requests: list[bytes] = []
        self.connections = 0
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.create_server((address, port), family=family, backlog=64)
        self._listener.settimeout(0.02)
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        self._acceptor = threading.Thread(target=self._accept)
        self._acceptor.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        self._acceptor.join()
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while not self._stop.is_set():
            with suppress(TimeoutError):
                sock, _ = self._listener.accept()
                self.connections += 1
                thread = threading.Thread(target=self._serve, args=(sock,))
                self._threads.append(thread)
                thread.start()

    def _serve(self, sock: socket.socket) -> None:
        sock.settimeout(LONGEST)
        with suppress(OSError):
            try:
                if self._tls is not None:
                    sock = self._tls.wrap_socket(sock, server_side=True)
                request = read_request(sock) if self._reads else b""
                self.requests.append(request)
                self._behave(Call(sock, request, self._stop))
            finally:
                sock.close()


def read_request(sock: socket.socket) -> bytes:
    """Read one request: the head, and as much body as its Content-Length says."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = sock.recv(65_536)
        if not piece:
            return data
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(header(head, "content-length") or 0)
    while len(body) < length:
        body += sock.recv(65_536)
    return head + b"\r\n\r\n" + body


def header(request: bytes, name: str) -> str | None:
    """The value of one header of a request as it came over the wire."""
    for line in request.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]:
        key, _, value = line.partition(":")
        if key.lower() == name:
            return value.strip()
    return None


def reply(status: str = "200 OK", body: bytes = b"", **headers: str) -> bytes:
    """A complete, valid response."""
    fields = {"Content-Length": str(len(body))} | {name.replace("_", "-"): value for name, value in headers.items()}
    return (
        f"HTTP/1.1 {status}\r\n".encode()
        + b"".join(f"{n}: {v}\r\n".encode() for n, v in fields.items())
        + b"\r\n"
        + body
    )
