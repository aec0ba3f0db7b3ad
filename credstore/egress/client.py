"""`OutboundClient.send`: sends one `ProbeRequest` and returns its `ProbeResponse`, or raises Blocked or Unreached.

No exception of a library leaves this module, nor the text of one. It never reads more than the cap of bytes, and never
after the deadline.
"""

import json
import ssl
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import MappingProxyType
from typing import NoReturn, cast
from urllib.parse import urlsplit

import requests

from credstore.egress.attempt import FINISH, Attempt
from credstore.egress.dialer import Dialer
from credstore.egress.failures import failure_of, proxy_refused, too_large, unsendable
from credstore.egress.http_session import GuardedSession, tls_context
from credstore.egress.policy import NO_SETTING, Policy
from credstore.egress.proxy import Proxy
from credstore.egress.resolver import Resolve, Resolver
from credstore.errors import Blocked, EgressError, TestsBusy, Unreached
from credstore.probe import Json, ProbeRequest, ProbeResponse
from credstore.request_header_rules import header_error
from credstore.urls import DEFAULT_PORTS

READ_SIZE = 65_536
BODY_START_SIZE = 64  # bytes of a body that a probe may look at when it is not JSON


def _version() -> str:
    with suppress(PackageNotFoundError):
        return version("credstore")
    return "dev"


DEFAULT_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        # A cache in between may hold the answer to another key.
        "Cache-Control": "no-cache",
        "Connection": "close",
        "User-Agent": f"credstore/{_version()}",
    }
)


class OutboundClient:
    """The only client for requests to other servers. Keeps no state of a request; threads may share it.

    policy: what may be called. body_cap: the largest decoded body in bytes. resolve: see `resolver.Resolve`.
    ca_file: a PEM file of roots to trust besides those that requests ships. proxy: the operator's egress proxy.
    """

    def __init__(
        self,
        policy: Policy,
        *,
        body_cap: int = 1_048_576,
        resolve: Resolve | None = None,
        ca_file: Path | None = None,
        proxy: Proxy | None = None,
    ) -> None:
        self._body_cap = body_cap
        self._dialer = Dialer(policy, resolve or Resolver(), proxy)
        self._ca_file = ca_file

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return tls_context(self._ca_file)  # once for each client: building it takes 29 ms

    def send(self, request: ProbeRequest, *, deadline: float) -> ProbeResponse:
        """Send one request and read its response until `deadline`, a time.monotonic() instant.

        Raises errors.Blocked when the policy forbids it, errors.Unreached when no usable response came back,
        errors.TestsBusy when too many DNS look-ups are running; nothing else.
        """
        with _attempt(request, deadline) as attempt:
            try:
                attempt.raise_if_over()
                return self._exchange(request, attempt)
            except (EgressError, TestsBusy) as known:
                failure: EgressError | TestsBusy = known
            except Exception as unknown:  # any exception that a peer can cause becomes a sentence
                failure = _failure(unknown, attempt)
            if isinstance(failure, EgressError):
                failure.proxy = attempt.proxy.name if attempt.proxy else ""
        # Raised outside of the handler, so that the library's exception, which may quote a header, is not its context.
        failure.__context__ = None
        raise failure.with_traceback(None)

    def _exchange(self, request: ProbeRequest, attempt: Attempt) -> ProbeResponse:
        _check_headers(request, attempt.host)
        self._dialer.plan(attempt)
        context = self._context if attempt.scheme == "https" else None
        with GuardedSession(attempt, self._dialer, DEFAULT_HEADERS, cap=self._body_cap, context=context) as session:
            response = session.request(
                request.method,
                request.url,
                headers=dict(request.headers),
                data=request.body or None,
                json=request.json,
                stream=True,
                allow_redirects=False,
                timeout=attempt.remaining_seconds(),
            )
            with response:
                attempt.stage = FINISH
                _raise_for_proxy_error(response, attempt)
                body = self._body(response, attempt)
                attempt.raise_if_over()
                headers = {name.lower(): value for name, value in response.headers.items()}
                return ProbeResponse(
                    status=response.status_code,
                    headers=headers,
                    json=parse_json(body),
                    body_start=body[:BODY_START_SIZE],
                    proxy=attempt.proxy.name if attempt.proxy else "",
                )

    def _body(self, response: requests.Response, attempt: Attempt) -> bytes:
        if response.request.method == "HEAD":
            return b""  # its Content-Length is that of the response to a GET
        announced = response.headers.get("Content-Length", "").lstrip("0")[:20]
        if announced.isascii() and announced.isdigit() and int(announced) > self._body_cap:
            raise too_large(attempt.host, self._body_cap)
        body = bytearray()
        for piece in response.raw.stream(READ_SIZE, decode_content=True):
            body += piece
            if len(body) > self._body_cap:
                raise too_large(attempt.host, self._body_cap)
        return bytes(body)


def parse_json(body: bytes) -> Json:
    """The JSON of a body, or None.

    None for what is not JSON in UTF-8, is nested too deeply, or has NaN, Infinity or a number that is too long.
    """
    try:
        return cast(Json, json.loads(body.decode("utf-8-sig"), parse_constant=_reject_constant))
    except (ValueError, RecursionError):
        return None


def _reject_constant(constant: str) -> NoReturn:
    raise ValueError(constant)


def _attempt(request: ProbeRequest, deadline: float) -> Attempt:
    try:
        parts = urlsplit(request.url)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError:
        scheme, host, port = "", None, None
    if not host or scheme not in DEFAULT_PORTS or "@" in parts.netloc:
        raise Blocked("This is not an http or https address that credstore can call.", NO_SETTING)
    return Attempt(scheme, host, DEFAULT_PORTS[scheme] if port is None else port, deadline)


def _check_headers(request: ProbeRequest, host: str) -> None:
    """Raise Unreached for a header that HTTP cannot carry. A library would quote the value in its own message."""
    for name, value in request.headers.items():
        if problem := header_error(name, value):
            raise unsendable(host, problem)


def _raise_for_proxy_error(response: requests.Response, attempt: Attempt) -> None:
    """Over http a proxy may answer instead of the server. Its own errors must not count as the server's response."""
    if attempt.proxy is None or attempt.scheme == "https":
        return
    admitted = "X-Squid-Error" in response.headers or "error=" in response.headers.get("Proxy-Status", "")
    if response.status_code == 407 or admitted:
        raise proxy_refused(attempt.proxy.name, attempt.target, response.status_code)


def _failure(failure: Exception, attempt: Attempt) -> Unreached:
    try:
        attempt.raise_if_over()  # first: a shutdown by the timer looks like any of the other failures
    except Unreached as over:
        return over
    return failure_of(failure, attempt.host, attempt.port, ended=attempt.peer_ended and attempt.stage == FINISH)
