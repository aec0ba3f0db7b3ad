"""The state of one outgoing request: its target, its addresses, its deadline, and its stage for the error message.

A timer shuts the connection down at the deadline. Leaving the `with` block stops the timer and closes its socket.
"""

import socket
import threading
import time
from collections.abc import Sequence
from types import TracebackType

from credstore.egress.address_table import Address
from credstore.egress.failures import proxy_timeout, timed_out
from credstore.egress.proxy import Proxy

# Stages of a request: what the host has not done yet. Each completes the sentence of `failures.timed_out`.
ACCEPT = "accept the connection"
HANDSHAKE = "complete the TLS handshake"
TUNNEL = "be connected by the egress proxy"
ANSWER = "answer"
FINISH = "finish its answer"


class Attempt:
    """One request to `host` and `port`, until `deadline` (a time.monotonic() instant).

    A socket's time-out starts again at every byte, so a peer that sends one byte each second would never reach it. The
    timer ends the request in any case.
    """

    def __init__(self, scheme: str, host: str, port: int, deadline: float) -> None:
        self.scheme = scheme
        self.host = host
        self.port = port
        self.deadline = deadline
        self.stage = ANSWER
        self.addresses: Sequence[Address] = ()  # where the connection may go; the policy has judged each
        self.proxy: Proxy | None = None  # when set, `addresses` are those of the proxy
        self.peer_ended = False  # the peer closed its side; set by whoever reads
        self._over = False
        self._handle: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(max(0.0, deadline - time.monotonic()), self._cut)
        self._timer.daemon = True

    def __enter__(self) -> "Attempt":
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        self._timer.join()
        if self._handle is not None:
            self._handle.close()

    @property
    def target(self) -> str:
        """`host:port` (IPv6 in brackets), as CONNECT names it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def remaining_seconds(self) -> float:
        """Seconds until the deadline. Raises Unreached with the cause "timeout" when there are none left."""
        left = self.deadline - time.monotonic()
        if self._over or left <= 0:
            if self.proxy is not None and self.stage == TUNNEL:
                raise proxy_timeout(self.proxy.name)
            raise timed_out(self.host, self.port, self.stage)
        return left

    def raise_if_over(self) -> None:
        """Raise Unreached with the cause "timeout" when the deadline has passed.

        Call it after every read: a read that the timer ended looks like the end of a short, well-formed response.
        """
        self.remaining_seconds()

    def cut_at_deadline(self, sock: socket.socket) -> None:
        """Let the timer shut this connection down at the deadline.

        It keeps a duplicate of the descriptor, because TLS moves the descriptor into another object during its
        handshake, and because SSLSocket.shutdown() from another thread would turn the exchange into clear text.
        """
        with self._lock:
            self._handle = sock.dup()
        self.raise_if_over()

    def _cut(self) -> None:
        with self._lock:
            self._over = True
            if self._handle is not None:
                try:
                    self._handle.shutdown(socket.SHUT_RDWR)
                except OSError:
                    return  # the peer closed the connection first
