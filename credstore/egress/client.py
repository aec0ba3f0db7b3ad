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

from credstore.egress.attempt import FINISH, Trip
from credstore.egress.dialer import Dialer
from credstore.egress.failures import explained, proxy_refused, too_large, unsendable
from credstore.egress.http_session import OneWaySession, tls_context
from credstore.egress.policy import NO_SETTING, Policy
from credstore.egress.proxy import Proxy
from credstore.egress.resolver import Resolve, Resolver
from credstore.errors import Blocked, EgressError, TestsBusy, Unreached
from credstore.http_headers import fault
from credstore.probe import Answer, Ask, Json
from credstore.urls import DEFAULT_PORTS

READ_SIZE = 65_536
START = 64  # bytes of a body that a probe may look at when it is not JSON


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


class Door:
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

    def send(self, ask: Ask, *, deadline: float) -> Answer:
        """Send one request and read its answer until `deadline`, a time.monotonic() instant.

        Raises errors.Blocked when the policy forbids it, errors.Unreached when nothing usable came back,
        errors.TestsBusy when no place for its DNS look-up came free; nothing else.
        """
        with _trip(ask, deadline) as trip:
            try:
                trip.check()
                return self._exchange(ask, trip)
            except (EgressError, TestsBusy) as known:
                told: EgressError | TestsBusy = known
            except Exception as unknown:  # whatever a peer provokes must end as a sentence
                told = _explained(unknown, trip)
            if isinstance(told, EgressError):
                told.proxy = trip.proxy.name if trip.proxy else ""
        # Raised out here so that the library's exception, which may quote a header, is not even its context.
        told.__context__ = None
        raise told.with_traceback(None)

    def _exchange(self, ask: Ask, trip: Trip) -> Answer:
        _check_headers(ask, trip.host)
        self._dialer.plan(trip)
        context = self._context if trip.scheme == "https" else None
        with OneWaySession(trip, self._dialer, DEFAULT_HEADERS, cap=self._body_cap, context=context) as session:
            response = session.request(
                ask.method,
                ask.url,
                headers=dict(ask.headers),
                json=ask.json,
                stream=True,
                allow_redirects=False,
                timeout=trip.remaining(),
            )
            with response:
                trip.stage = FINISH
                _check_speaker(response, trip)
                body = self._body(response, trip)
                trip.check()
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Answer(
                    status=response.status_code,
                    headers=headers,
                    json=parsed(body),
                    start=body[:START],
                    proxy=trip.proxy.name if trip.proxy else "",
                )

    def _body(self, response: requests.Response, trip: Trip) -> bytes:
        if response.request.method == "HEAD":
            return b""  # its Content-Length is that of the answer to a GET
        announced = response.headers.get("Content-Length", "").lstrip("0")[:20]
        if announced.isascii() and announced.isdigit() and int(announced) > self._body_cap:
            raise too_large(trip.host, self._body_cap)
        body = bytearray()
        for piece in response.raw.stream(READ_SIZE, decode_content=True):
            body += piece
            if len(body) > self._body_cap:
                raise too_large(trip.host, self._body_cap)
        return bytes(body)


def parsed(body: bytes) -> Json:
    """The JSON of a body; None when it is not JSON in UTF-8, too deep, or holds NaN, Infinity or an endless number."""
    try:
        return cast(Json, json.loads(body.decode("utf-8-sig"), parse_constant=_refuse))
    except (ValueError, RecursionError):
        return None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _trip(ask: Ask, deadline: float) -> Trip:
    try:
        parts = urlsplit(ask.url)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError:
        scheme, host, port = "", None, None
    if not host or scheme not in DEFAULT_PORTS or "@" in parts.netloc:
        raise Blocked("This is not an http or https address that credstore can call.", NO_SETTING)
    return Trip(scheme, host, DEFAULT_PORTS[scheme] if port is None else port, deadline)


def _check_headers(ask: Ask, host: str) -> None:
    """Refuse what HTTP cannot carry before a library does: its message would quote the value."""
    for name, value in ask.headers.items():
        if why := fault(name, value):
            raise unsendable(host, why)


def _check_speaker(response: requests.Response, trip: Trip) -> None:
    """Over http a proxy may answer in the server's place; its own errors must not pass for the server's verdict."""
    if trip.proxy is None or trip.scheme == "https":
        return
    admitted = "X-Squid-Error" in response.headers or "error=" in response.headers.get("Proxy-Status", "")
    if response.status_code == 407 or admitted:
        raise proxy_refused(trip.proxy.name, trip.target, response.status_code)


def _explained(failure: Exception, trip: Trip) -> Unreached:
    try:
        trip.check()  # first: the cut by the timer looks like any of the other faults
    except Unreached as over:
        return over
    return explained(failure, trip.host, trip.port, ended=trip.peer_ended and trip.stage == FINISH)
