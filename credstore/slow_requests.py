"""A gunicorn worker that reads a request whole before a thread is taken for it, and gives up on slow ones.

gthread takes a thread at the first byte of a request, and the thread then waits for the rest without an end: as many
slow clients as there are threads stop the page. Here the loop of the worker reads all connections at once.
A head or a body that is not there in time gets a 408 and the connection is closed.
"""

import socket
import time
from dataclasses import dataclass, field
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.http import get_parser
from gunicorn.workers.gthread import TConn

from credstore.early_refusals import early_refusal
from credstore.request_framing import BODY, DONE, Framing
from credstore.slow_responses import Response, SendingWorker, WholeRequest

MOST_HELD = 32_000_000  # bytes of unfinished requests that a worker keeps
LINGER_SECONDS = 2.0
_READ = 65_536
_BEGINNING = 512  # bytes; they have the path, as far as a refusal needs it


@dataclass
class Reading:
    """A request that is being read. `deadline` is of its head, then of its body, by the monotonic clock.

    `polled`: the loop waits for more of it.
    """

    conn: Any
    deadline: float
    polled: bool = False
    framing: Framing = field(default_factory=Framing)
    data: bytearray = field(default_factory=bytearray)


class ReadingWorker(SendingWorker):
    """`head_seconds` and `body_seconds` are the deadlines; gunicorn_server sets them."""

    head_seconds = 10.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.readings: dict[Any, Reading] = {}
        self.lingering: dict[Any, float] = {}  # connections that end, until when
        self.held = 0

    def accept(self, listener: Any) -> None:
        """Take a connection, and read it: a thread is not taken yet."""
        try:
            client, address = listener.accept()
        except OSError:  # gone again, or another worker was faster
            return
        self.nr_conns += 1
        conn = TConn(self.cfg, client, address, listener.getsockname())
        self._read_request(conn)

    def on_client_socket_readable(self, conn: Any, client: Any) -> None:
        """The next request of a connection that was kept."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._read_request(conn)

    def _read_request(self, conn: Any, behind: bytes = b"") -> None:
        """`behind` is what came behind the last request of this connection.

        Most requests are here whole: the loop waits only for what is missing.
        """
        reading = self.readings[conn] = Reading(conn, time.monotonic() + self.head_seconds)
        if behind:
            self._take(reading, behind)
        else:
            self._read_more(reading)
        if self.readings.get(conn) is reading:
            reading.polled = True
            self.poller.register(conn.sock, EVENT_READ, partial(self._read_more, reading))

    def _read_more(self, reading: Reading, _socket: Any = None) -> None:
        """Read what is there."""
        try:
            data = reading.conn.sock.recv(_READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._take(reading, data)
        else:
            self._forget(reading)
            self._close(reading.conn)

    def _take(self, reading: Reading, data: bytes) -> None:
        """A complete request goes to a thread."""
        reading.data += data
        self.held += len(data)
        was = reading.framing.state
        state = reading.framing.read(reading.data)
        if self.held > MOST_HELD:  # the one that holds most goes, so that large requests cannot shut out small ones
            self._refuse(max(self.readings.values(), key=lambda other: len(other.data)), 503)
            if reading.conn not in self.readings:
                return
        if reading.framing.refusal:
            self._refuse(reading, reading.framing.refusal)
        elif state == DONE:
            self._hand_over(reading)
        elif state == BODY != was:
            reading.deadline = time.monotonic() + self.body_seconds
            if reading.framing.asks_to_continue:
                self._send(reading.conn, b"HTTP/1.1 100 Continue\r\n\r\n")

    def _hand_over(self, reading: Reading) -> None:
        """To a thread, with nothing left on the way: it never waits for the client."""
        self._forget(reading)
        conn = reading.conn
        if conn.parser is None:
            conn.parser = get_parser(self.cfg, conn.sock, conn.client)
            conn.parser.unreader = WholeRequest()
        conn.response = Response(conn.sock, bytes(reading.data[:_BEGINNING]))
        conn.parser.unreader.unread(bytes(reading.data))
        self.enqueue_req(conn)

    def response_sent(self, conn: Any, fs: Any) -> None:
        """Read the next request, wait for it, or close. Never waits, unlike gunicorn's own."""
        try:
            kept = fs.result()
        except Exception:  # the thread was not started any more
            kept = False
        if not kept:
            self._linger(conn)
        elif behind := conn.parser.unreader.take_buffered():
            self._read_request(conn, behind)
        else:
            super().response_sent(conn, fs)

    def murder_pending(self) -> None:
        """Give up on requests that were too slow, and on connections that the client does not close."""
        now = time.monotonic()
        for reading in [it for it in self.readings.values() if it.deadline <= now]:
            if reading.data:
                self._refuse(reading, 408)
            else:  # a connection that a browser opened and did not use
                self._forget(reading)
                self._close(reading.conn)
        for conn in [it for it, deadline in self.lingering.items() if deadline <= now]:
            self._end_lingering(conn)
        super().murder_pending()

    def _linger(self, conn: Any) -> None:
        """Close when the client has read the response (RFC 9112, section 9.6): closing at once would cut it off."""
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
            self.poller.register(conn.sock, EVENT_READ, partial(self._drain, conn))
        except (OSError, ValueError):  # closed already
            self._close(conn)
        else:
            self.lingering[conn] = time.monotonic() + LINGER_SECONDS

    def _drain(self, conn: Any, _socket: Any) -> None:
        try:
            more = conn.sock.recv(_READ)
        except BlockingIOError:
            return
        except OSError:
            more = b""
        if not more:
            self._end_lingering(conn)

    def _end_lingering(self, conn: Any) -> None:
        del self.lingering[conn]
        self.poller.unregister(conn.sock)
        self._close(conn)

    def _refuse(self, reading: Reading, status: int) -> None:
        self._forget(reading)
        self.log.warning("request refused, %s, from %s", status, (reading.conn.client or ["-"])[0])
        self._send(reading.conn, early_refusal(status, reading.data))
        self._linger(reading.conn)

    def _send(self, conn: Any, data: bytes) -> None:
        try:
            conn.sock.send(data)
        except OSError:
            return  # gone, or it reads nothing

    def _forget(self, reading: Reading) -> None:
        self.readings.pop(reading.conn, None)
        self.held -= len(reading.data)
        if reading.polled:
            self.poller.unregister(reading.conn.sock)
