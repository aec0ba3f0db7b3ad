"""A requests session for one request: the dialer opens its connection, and every byte read counts against a cap.

It never uses a proxy of the environment, a .netrc file, a cookie of another request, a redirect, or a connection that
the dialer did not open.
"""

import http.client
import io
import socket
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import requests
from requests.adapters import DEFAULT_CA_BUNDLE_PATH, HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import urldefragauth
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from credstore.egress.attempt import ANSWER, Attempt
from credstore.egress.dialer import Dialer
from credstore.egress.failures import too_large
from credstore.egress.proxy import Proxy

# Bytes that headers, chunk sizes and trailers may add to a body of the allowed size.
FRAMING_ALLOWANCE = 1_048_576


def tls_context(ca_file: Path | None = None) -> ssl.SSLContext:
    """A client context: the roots that requests ships and those of `ca_file`, host names checked, TLS 1.2 or newer.

    Not ssl.create_default_context(): it writes the session keys to a file when SSLKEYLOGFILE is set.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cafile=DEFAULT_CA_BUNDLE_PATH)
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    return context


class _MeteredReader(io.RawIOBase):
    """Reads from the socket. Raises Unreached at the deadline and at the cap of bytes, in headers as in the body."""

    def __init__(self, source: io.RawIOBase, attempt: Attempt, cap: int) -> None:
        self._source = source
        self._attempt = attempt
        self._cap = cap
        self._seen = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        count = cast("int | None", self._source.readinto(buffer))
        self._attempt.raise_if_over()
        self._attempt.peer_ended = count == 0
        self._seen += count or 0
        if self._seen > self._cap + FRAMING_ALLOWANCE:
            raise too_large(self._attempt.host, self._cap)
        return count

    def close(self) -> None:
        self._source.close()
        super().close()


class _MeteredSocket:
    """Wraps the socket for http.client, so that its reader is a `_MeteredReader`."""

    def __init__(self, sock: socket.socket, attempt: Attempt, cap: int) -> None:
        self._sock = sock
        self._attempt = attempt
        self._cap = cap

    def makefile(self, _mode: str) -> io.BufferedReader:
        source = cast(io.RawIOBase, self._sock.makefile("rb", buffering=0))
        return io.BufferedReader(_MeteredReader(source, self._attempt, self._cap))


class _GuardedResponse(http.client.HTTPResponse):
    """A response whose malformed header lines are dropped before urllib3 logs them."""

    def _read_status(self) -> tuple[str, int, str]:
        """The base class skips 100 alone; 102, 103 and the like come before the answer too. 101 ends the exchange."""
        version, status, reason = super()._read_status()  # type: ignore[misc]  # no part of the stubs
        interim = 100 < status < 200 and status != http.client.SWITCHING_PROTOCOLS
        return version, http.client.CONTINUE if interim else status, reason

    def begin(self) -> None:
        super().begin()
        # urllib3 logs header lines that it cannot parse, and a peer may echo the secret in one of them.
        self.msg.defects.clear()
        self.msg.set_payload("")


class _GuardedConnection(HTTPConnection):
    """An HTTP connection whose socket comes from the dialer."""

    def __init__(self, *args: Any, dialer: Dialer, attempt: Attempt, cap: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._dialer = dialer
        self._attempt = attempt
        self._cap = cap

    def _new_conn(self) -> socket.socket:
        return self._dialer.dial(self._attempt)

    def response_class(self, sock: socket.socket, *args: Any, **kwargs: Any) -> http.client.HTTPResponse:  # type: ignore[override]
        return _GuardedResponse(cast(socket.socket, _MeteredSocket(sock, self._attempt, self._cap)), *args, **kwargs)


class _GuardedTlsConnection(_GuardedConnection, HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        self._attempt.stage = ANSWER


class _GuardedPool(HTTPConnectionPool):
    ConnectionCls = _GuardedConnection


class _GuardedTlsPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedTlsConnection


class _GuardedAdapter(HTTPAdapter):
    """Gives the session one new pool for one host, whatever proxy or verify settings the session has."""

    def __init__(self, pool: HTTPConnectionPool, proxy: Proxy | None) -> None:
        """`proxy`: set for plain http through a proxy, where the request line names the whole URL."""
        super().__init__(pool_connections=1, pool_maxsize=1)
        self._pool = pool
        self._proxy = proxy

    def get_connection_with_tls_context(self, *_args: Any, **_kwargs: Any) -> HTTPConnectionPool:
        return self._pool

    def cert_verify(self, *_args: Any, **_kwargs: Any) -> None:
        """Does nothing: the shared TLS context verifies. The base class would load the roots each time (29 ms)."""

    def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:
        return urldefragauth(request.url or "") if self._proxy else super().request_url(request, proxies)

    def add_headers(self, request: requests.PreparedRequest, **_kwargs: Any) -> None:
        if self._proxy and self._proxy.authorization:
            request.headers["Proxy-Authorization"] = self._proxy.authorization

    def close(self) -> None:
        self._pool.close()
        super().close()


class GuardedSession(requests.Session):
    """A session for one request. Close it after use."""

    def __init__(
        self, attempt: Attempt, dialer: Dialer, headers: Mapping[str, str], *, cap: int, context: ssl.SSLContext | None
    ) -> None:
        super().__init__()
        self.trust_env = False
        self.headers = CaseInsensitiveDict(headers)
        options: dict[str, Any] = {"dialer": dialer, "attempt": attempt, "cap": cap}
        pool: HTTPConnectionPool
        if attempt.scheme == "https":
            pool = _GuardedTlsPool(attempt.host, attempt.port, ssl_context=context, **options)
        else:
            pool = _GuardedPool(attempt.host, attempt.port, **options)
        # An https request goes through the tunnel that the dialer opened, as if there were no proxy.
        adapter = _GuardedAdapter(pool, attempt.proxy if attempt.scheme == "http" else None)
        for served in list(self.adapters):
            self.adapters.pop(served)
        self.mount(f"{attempt.scheme}://", adapter)

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002
        """None: even with allow_redirects=False, requests would read the whole body of a redirect without a cap."""
        return
