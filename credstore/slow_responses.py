"""A gunicorn worker whose threads never wait for a client: what a client does not read yet, the loop sends later.

A thread of gthread waits without an end while a client reads nothing: as many such clients as there are threads stop
the page. A response that is not read in time is given up, and the connection is closed.
"""

import time
from contextlib import suppress
from functools import partial
from selectors import EVENT_WRITE
from types import SimpleNamespace
from typing import Any, BinaryIO

from gunicorn.http import errors
from gunicorn.http.unreader import Unreader
from gunicorn.workers.gthread import ThreadWorker

from credstore.early_refusals import early_refusal
from credstore.log_lines import request_id

MOST_UNSENT = 32_000_000  # bytes of responses that a worker keeps
_STATUSES: dict[type[Exception], int] = {
    errors.InvalidResponseHeader: 500,  # the application's mistake
    errors.InvalidResponseHeaderName: 500,
    errors.ConfigurationProblem: 404,  # a path that is not below SCRIPT_NAME
    errors.LimitRequestLine: 414,
    errors.LimitRequestHeaders: 431,
    errors.ExpectationFailed: 417,
    errors.UnsupportedTransferCoding: 501,
    errors.ParseException: 400,
}


class EndsElsewhereError(errors.ParseException):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn wants more of a request that request_framing called complete."""


class WholeRequest(Unreader):  # type: ignore[misc]
    """Gives gunicorn's parser the bytes that are here. It never reads from the socket, so that no thread waits."""

    def chunk(self, size_hint: int | None = None) -> bytes:  # noqa: ARG002 - as gunicorn calls it
        """Raises EndsElsewhereError."""
        raise EndsElsewhereError


class Response:
    """What gunicorn takes for the socket while a thread responds. `sock` does not block.

    The head, which gunicorn writes first, waits for the beginning of the body: one packet and one wake-up less.
    `unsent` is what the kernel did not take at once. `request` is the beginning of the request.
    """

    def __init__(self, sock: Any, request: bytes) -> None:
        self._sock, self.request = sock, request
        self._head: bytes | None = None
        self.unsent = bytearray()

    def sendall(self, data: bytes) -> None:
        """Raises OSError where the client is gone."""
        if self._head is None:
            self._head = data
        else:
            self._send(data)

    def flush(self) -> None:
        """Send a head that no body followed. Raises OSError where the client is gone."""
        if self._head:
            self._send(b"")

    def refuse(self, refusal: bytes) -> None:
        """Send another response, in place of a head that waits."""
        self._head = b""
        self._send(refusal)

    def _send(self, data: bytes) -> None:
        data, self._head = (self._head or b"") + data, b""
        if not self.unsent:
            with suppress(BlockingIOError):  # the client has not read what came before
                data = data[self._sock.send(data) :]
        self.unsent += data

    def sendfile(self, file: BinaryIO, offset: int = 0, count: int = -1) -> None:
        file.seek(offset)
        self.sendall(file.read(count))

    def send(self, data: bytes) -> int:
        """gunicorn sends “100 Continue” by it, which the loop has done already, or which is not needed any more."""
        return len(data)

    def shutdown(self, _how: int) -> None:
        """gunicorn ends a response that failed half-way by it, and would wait. The loop does it: raises OSError."""
        raise OSError

    def close(self) -> None:
        """Likewise."""


class SendingWorker(ThreadWorker):  # type: ignore[misc]
    """`body_seconds` is the deadline of a response, from the end of its thread. gunicorn_server sets it."""

    body_seconds = 30.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sending: dict[Any, tuple[float, Any]] = {}  # by connection: the deadline, and what the thread returned
        self.unsent = 0

    def handle(self, conn: Any) -> bool:
        """One request in a thread. `conn.response` is new. Returns whether the connection is kept."""
        request_id.set("")  # the thread's last request had one
        exchange = SimpleNamespace(sock=conn.response, client=conn.client, server=conn.server)
        request = None
        try:
            request = next(conn.parser)
            kept = self.handle_request(request, exchange)
            conn.response.flush()
            return bool(self._keepalive_after(conn, kept))
        except (StopIteration, ConnectionError):  # the last request of this connection; the client is gone
            return False
        except Exception as error:
            self.handle_error(request, conn.response, conn.client, error)
            return False

    def handle_error(self, _request: Any, client: Response, address: Any, error: Exception) -> None:
        """Respond and log. gunicorn's own would repeat what was sent, in which there may be a secret."""
        status = next((status for kind, status in _STATUSES.items() if isinstance(error, kind)), 500)
        about = status, type(error).__name__, (address or ["-"])[0]
        if status == 500:
            self.log.error("request failed, %s, %s, from %s", *about, exc_info=error)
        else:
            self.log.warning("request refused, %s, %s, from %s", *about)
        client.refuse(early_refusal(status, client.request))

    def finish_request(self, conn: Any, fs: Any) -> None:
        """When the thread is done: send what it left."""
        if not conn.response.unsent:
            self.response_sent(conn, fs)
            return
        self.sending[conn] = time.monotonic() + self.body_seconds, fs
        self.unsent += len(conn.response.unsent)
        self.poller.register(conn.sock, EVENT_WRITE, partial(self._send_more, conn))
        while self.unsent > MOST_UNSENT:  # the one that leaves most goes
            self._give_up(max(self.sending, key=lambda other: len(other.response.unsent)))

    def response_sent(self, conn: Any, fs: Any) -> None:
        """All of a response is on its way. `fs.result()` says whether the connection is kept."""
        super().finish_request(conn, fs)

    def murder_pending(self) -> None:
        """Give up on responses that were not read in time."""
        now = time.monotonic()
        for conn in [it for it, (deadline, _) in self.sending.items() if deadline <= now]:
            self._give_up(conn)
        super().murder_pending()

    def _send_more(self, conn: Any, _socket: Any = None) -> None:
        try:
            sent = conn.sock.send(conn.response.unsent)
        except BlockingIOError:
            return
        except OSError:  # the client is gone
            self._forget_response(conn)
            self._close(conn)
            return
        del conn.response.unsent[:sent]
        self.unsent -= sent
        if not conn.response.unsent:
            self.response_sent(conn, self._forget_response(conn))

    def _give_up(self, conn: Any) -> None:
        self.log.warning("response not read in time, from %s", (conn.client or ["-"])[0])
        self._forget_response(conn)
        self._close(conn)

    def _forget_response(self, conn: Any) -> Any:
        """What the thread returned."""
        self.unsent -= len(conn.response.unsent)
        conn.response.unsent.clear()
        self.poller.unregister(conn.sock)
        return self.sending.pop(conn)[1]

    def _close(self, conn: Any) -> None:
        self.nr_conns -= 1
        conn.close()
