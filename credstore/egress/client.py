"""`Door.send`: one `Ask` out, one `Answer` back, or the reason why not.

Must never let an exception of a library out, nor a text of one; must never read more than the cap or past the deadline.
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
from credstore.http_headers import header_error
from credstore.probe import Json, ProbeRequest, ProbeResponse
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
        "Connection": "close",
        "User-Agent": f"credstore/{_version()}",
    }
)


class OutboundClient:
    """The only way out. Holds no state of a request; safe to share between threads.

    policy: what may be called. body_cap: bytes of a decoded body. resolve: see `resolver.Resolve`.
    ca_file: PEM file with roots to trust besides the ones that requests ships. proxy: the operator's egress proxy.
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
        return tls_context(self._ca_file)  # once: building it costs 29 ms

    def send(self, request: ProbeRequest, *, deadline: float) -> ProbeResponse:
        """Send one request and read its answer until `deadline`, a time.monotonic() instant.

        Raises errors.Blocked when the policy forbids it, errors.Unreached when nothing usable came back,
        errors.TestsBusy when no place for its DNS look-up came free; nothing else.
        """
        with _attempt(request, deadline) as attempt:
            try:
                attempt.raise_if_over()
                return self._exchange(request, attempt)
            except (EgressError, TestsBusy) as known:
                told: EgressError | TestsBusy = known
            except Exception as unknown:  # whatever a peer provokes must end as a sentence
                told = _failure(unknown, attempt)
            if isinstance(told, EgressError):
                told.proxy = attempt.proxy.name if attempt.proxy else ""
        # Raised out here so that the library's exception, which may quote a header, is not even its context.
        told.__context__ = None
        raise told.with_traceback(None)

    def _exchange(self, request: ProbeRequest, attempt: Attempt) -> ProbeResponse:
        _check_headers(request, attempt.host)
        self._dialer.plan(attempt)
        context = self._context if attempt.scheme == "https" else None
        with GuardedSession(attempt, self._dialer, DEFAULT_HEADERS, cap=self._body_cap, context=context) as session:
            response = session.request(
                request.method,
                request.url,
                headers=dict(request.headers),
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
            return b""  # its Content-Length is that of the answer to a GET
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
    """The JSON of a body; None when it is not JSON in UTF-8, too deep, or holds NaN, Infinity or an endless number."""
    try:
        return cast(Json, json.loads(body.decode("utf-8-sig"), parse_constant=_reject_constant))
    except (ValueError, RecursionError):
        return None


def _reject_constant(constant: str) -> NoReturn:
    raise ValueError(constant)


def _attempt(ask: ProbeRequest, deadline: float) -> Attempt:
    try:
        parts = urlsplit(ask.url)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError:
        scheme, host, port = "", None, None
    if not host or scheme not in DEFAULT_PORTS or "@" in parts.netloc:
        raise Blocked("This is not an http or https address that credstore can call.", NO_SETTING)
    return Attempt(scheme, host, DEFAULT_PORTS[scheme] if port is None else port, deadline)


def _check_headers(ask: ProbeRequest, host: str) -> None:
    """Refuse what HTTP cannot carry before a library does: its message would quote the value."""
    for name, value in ask.headers.items():
        if why := header_error(name, value):
            raise unsendable(host, why)


def _raise_for_proxy_error(response: requests.Response, attempt: Attempt) -> None:
    """Over http a proxy may answer in the server's place; its own errors must not pass for the server's verdict."""
    if attempt.proxy is None or attempt.scheme == "https":
        return
    admitted = "X-Squid-Error" in response.headers or "error=" in response.headers.get("Proxy-Status", "")
    if response.status_code == 407 or admitted:
        raise proxy_refused(attempt.proxy.name, attempt.target, response.status_code)


def _failure(failure: Exception, attempt: Attempt) -> Unreached:
    try:
        attempt.raise_if_over()  # first: the cut by the timer looks like any of the other faults
    except Unreached as over:
        return over
    return failure_of(failure, attempt.host, attempt.port, ended=attempt.peer_ended and attempt.stage == FINISH)
