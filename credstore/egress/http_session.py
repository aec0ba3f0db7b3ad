"""requests and urllib3, bent to one connection per request: our dialer, our TLS roots, a meter on every byte read.

Must never use a proxy of the environment, a .netrc, a cookie of another request, a redirect, or a connection that the
dialer did not open.
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
    """The roots that requests ships (plus those of `ca_file`), names checked, TLS 1.2 or newer.

    Not ssl.create_default_context(): that one writes the session keys to a file when SSLKEYLOGFILE is set.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cafile=DEFAULT_CA_BUNDLE_PATH)
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    return context


class _MeteredReader(io.RawIOBase):
    """Reads from the socket; ends at the deadline and at the byte cap, whatever part of HTTP is being read."""

    def __init__(self, source: io.RawIOBase, attempt: Attempt, cap: int) -> None:
        self._source = source
        self._trip = attempt
        self._cap = cap
        self._seen = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        count = cast("int | None", self._source.readinto(buffer))
        self._trip.raise_if_over()
        self._trip.peer_ended = count == 0
        self._seen += count or 0
        if self._seen > self._cap + FRAMING_ALLOWANCE:
            raise too_large(self._trip.host, self._cap)
        return count

    def close(self) -> None:
        self._source.close()
        super().close()


class _MeteredSocket:
    """Stands in for the socket where http.client makes its reader."""

    def __init__(self, sock: socket.socket, attempt: Attempt, cap: int) -> None:
        self._sock = sock
        self._trip = attempt
        self._cap = cap

    def makefile(self, _mode: str) -> io.BufferedReader:
        source = cast(io.RawIOBase, self._sock.makefile("rb", buffering=0))
        return io.BufferedReader(_MeteredReader(source, self._trip, self._cap))


class _GuardedResponse(http.client.HTTPResponse):
    def begin(self) -> None:
        super().begin()
        # urllib3 logs header lines that it cannot parse, and a peer may echo the secret in one of them.
        self.msg.defects.clear()
        self.msg.set_payload("")


class _GuardedConnection(HTTPConnection):
    """A connection that only the dialer can open."""

    def __init__(self, *args: Any, dialer: Dialer, attempt: Attempt, cap: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._dialer = dialer
        self._trip = attempt
        self._cap = cap

    def _new_conn(self) -> socket.socket:
        return self._dialer.dial(self._trip)

    def response_class(self, sock: socket.socket, *args: Any, **kwargs: Any) -> http.client.HTTPResponse:  # type: ignore[override]
        return _GuardedResponse(cast(socket.socket, _MeteredSocket(sock, self._trip, self._cap)), *args, **kwargs)


class _GuardedTlsConnection(_GuardedConnection, HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        self._trip.stage = ANSWER


class _GuardedPool(HTTPConnectionPool):
    ConnectionCls = _GuardedConnection


class _GuardedTlsPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedTlsConnection


class _GuardedAdapter(HTTPAdapter):
    """Gives the session one fresh pool, for one host, no matter what proxies or verify settings it came with."""

    def __init__(self, pool: HTTPConnectionPool, proxy: Proxy | None) -> None:
        """`proxy`: the one that is to be spoken to in plain http, whose requests name the whole URL."""
        super().__init__(pool_connections=1, pool_maxsize=1)
        self._pool = pool
        self._proxy = proxy

    def get_connection_with_tls_context(self, *_args: Any, **_kwargs: Any) -> HTTPConnectionPool:
        return self._pool

    def cert_verify(self, *_args: Any, **_kwargs: Any) -> None:
        """The shared TLS context verifies; the original would load the roots again for every connection (29 ms)."""

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
        # An https request passes a proxy inside the tunnel that the dialer opened, and knows nothing of it.
        adapter = _GuardedAdapter(pool, attempt.proxy if attempt.scheme == "http" else None)
        for served in list(self.adapters):
            self.adapters.pop(served)
        self.mount(f"{attempt.scheme}://", adapter)

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002
        """There is none: even with allow_redirects=False requests would read the whole body of a redirect, uncapped."""
        return
