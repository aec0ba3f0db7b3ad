"""One request's clock: a timer that cuts the connection at the deadline, and the word for what was awaited then.

Must never outlive its request: leaving the `with` block stops the timer and closes what it holds.
"""

import socket
import threading
import time
from collections.abc import Sequence
from types import TracebackType

from credstore.egress.address_table import Address
from credstore.egress.failures import proxy_timeout, timed_out
from credstore.egress.proxy import Proxy

# What the host has not done yet; each completes the sentence of a time-out.
ACCEPT = "accept the connection"
HANDSHAKE = "complete the TLS handshake"
TUNNEL = "be connected by the egress proxy"
ANSWER = "answer"
FINISH = "finish its answer"


class Attempt:
    """The way of one request to `host` and `port` until `deadline` (a time.monotonic() instant).

    Socket time-outs restart at every byte, so a peer that drips one byte a second lives for ever; the timer does not.
    """

    def __init__(self, scheme: str, host: str, port: int, deadline: float) -> None:
        self.scheme = scheme
        self.host = host
        self.port = port
        self.deadline = deadline
        self.stage = ANSWER
        self.addresses: Sequence[Address] = ()  # where the connection may go; all of it is judged
        self.proxy: Proxy | None = None  # then `route` leads to the proxy
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
        """`host:port`, as a proxy is asked for it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def remaining_seconds(self) -> float:
        """Seconds left; raises Unreached("timeout") when there are none."""
        left = self.deadline - time.monotonic()
        if self._over or left <= 0:
            if self.proxy is not None and self.stage == TUNNEL:
                raise proxy_timeout(self.proxy.name)
            raise timed_out(self.host, self.port, self.stage)
        return left

    def raise_if_over(self) -> None:
        """Raise Unreached("timeout") when the time is over. To be asked after every read: a cut-off read looks like
        the end of a short, well-formed answer.
        """
        self.remaining_seconds()

    def cut_at_deadline(self, sock: socket.socket) -> None:
        """Let the timer cut this connection.

        A duplicate is kept, because TLS moves the descriptor into another object in the middle of its handshake, and
        because SSLSocket.shutdown() from another thread would turn the running exchange into clear text.
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
                    return  # the peer was faster
