"""Opens the one connection of a request: resolve, judge every address, connect, check who answered.

Must never connect to an address that the policy did not judge.
"""

import errno
import socket
import time
from collections.abc import Sequence
from ipaddress import IPv4Address

from credstore.egress.address_table import Address, Reach, address_of, place_of
from credstore.egress.attempt import ACCEPT, ANSWER, HANDSHAKE, TUNNEL, Trip
from credstore.egress.failures import no_such_name, not_connected, proxy_failed
from credstore.egress.policy import NO_SETTING, Policy, own_address
from credstore.egress.proxy import Proxy
from credstore.egress.resolver import Resolve
from credstore.errors import Blocked, Refused, Unreached
from credstore.urls import canonical, host_port

# Seconds for one address while others are still to be tried: room for one lost packet, no more.
ONE_ADDRESS = 2.0
ONE_ADDRESS_AT_LEAST = 0.25


# Seconds that a name may take here when a proxy can look it up as well.
PROXIED_LOOKUP = 2.0


class Dialer:
    def __init__(self, policy: Policy, resolve: Resolve, proxy: Proxy | None = None) -> None:
        self._policy = policy
        self._resolve = resolve
        self._proxy = proxy

    def plan(self, trip: Trip) -> None:
        """Find where the trip may go, directly or through the proxy; sends nothing. Raises Blocked or Unreached."""
        if self._proxy is None:
            trip.route = self._judged(trip, trip.deadline)
            return
        require_canonical(trip)  # the proxy reads the host anew, so there must be one way to read it
        found: Sequence[Address] = ()
        try:
            found = self._judged(trip, min(trip.deadline, time.monotonic() + PROXIED_LOOKUP))
        except Unreached:
            self._policy.judge_unresolved(trip.scheme, trip.host, trip.port)
        if any(place_of(address).reach is Reach.LOOPBACK for address in found):
            trip.route = found  # loopback means this machine; the proxy's loopback is another one
            return
        trip.proxy, trip.stage = self._proxy, TUNNEL
        trip.route = self._way_to(self._proxy, trip)

    def _judged(self, trip: Trip, deadline: float) -> Sequence[Address]:
        literal = address_of(trip.host)
        found = [literal] if literal else self._resolve(trip.host, trip.port, deadline=deadline)
        if not found:
            raise no_such_name(trip.host)
        for address in found:  # all before the first connect: one bad address condemns the name
            self._policy.judge(trip.scheme, trip.host, trip.port, address)
        return found

    def _way_to(self, proxy: Proxy, trip: Trip) -> Sequence[Address]:
        """The proxy's addresses. They are not judged: the operator named it."""
        literal = address_of(proxy.host)
        found: Sequence[Address] = ()
        try:
            found = [literal] if literal else self._resolve(proxy.host, proxy.port, deadline=trip.deadline)
        except Unreached:
            trip.check()
        if not found:
            raise proxy_failed(proxy.name, "has a name that leads to no address")
        return found

    def dial(self, trip: Trip) -> socket.socket:
        """Return the connection of a planned trip, up to TLS or HTTP. Raises Blocked or Unreached."""
        trip.stage = TUNNEL if trip.proxy else ACCEPT
        sock = self._first_open(trip)
        try:
            if trip.proxy is None:
                self._check_peer(trip, sock)
            trip.guard(sock)
            sock.settimeout(trip.remaining())
            if trip.proxy and trip.scheme == "https":
                _tunnelled(trip.proxy, trip, sock)
        except BaseException:
            sock.close()
            raise
        trip.stage = HANDSHAKE if trip.scheme == "https" else ANSWER
        return sock

    def _first_open(self, trip: Trip) -> socket.socket:
        """Try in order: localhost may answer ::1 first while the server listens on 127.0.0.1 only."""
        failure: OSError | None = None
        port = trip.proxy.port if trip.proxy else trip.port
        for position, address in enumerate(trip.route):
            left, others = trip.remaining(), len(trip.route) - position - 1
            share = min(ONE_ADDRESS, max(ONE_ADDRESS_AT_LEAST, left / (others + 1))) if others else left
            try:
                return _connected(address, port, min(share, left))
            except OSError as refusal:
                if failure is None or refusal.errno == errno.ECONNREFUSED:  # the most telling error is kept
                    failure = refusal
        trip.check()
        if trip.proxy:
            refused = failure is not None and failure.errno == errno.ECONNREFUSED
            raise proxy_failed(trip.proxy.name, "refused the connection" if refused else "could not be reached")
        loopback = any(place_of(address).reach is Reach.LOOPBACK for address in trip.route)
        raise not_connected(trip.host, trip.port, failure, loopback=loopback)

    def _check_peer(self, trip: Trip, sock: socket.socket) -> None:
        try:
            peer, own = sock.getpeername()[0], sock.getsockname()[0]
        except OSError as gone:
            raise not_connected(trip.host, trip.port, gone, loopback=False) from None
        self._policy.judge(trip.scheme, trip.host, trip.port, peer)
        if peer == own and trip.port == self._policy.own_port:  # the app, by an address of this machine's network
            raise own_address(trip.host, trip.port)


def require_canonical(trip: Trip) -> None:
    """Raise Blocked unless the host is spelt in its one canonical way."""
    host = f"[{trip.host}]" if ":" in trip.host else trip.host
    try:
        spelt, _port = host_port(canonical(f"{trip.scheme}://{host}:{trip.port}"))
    except Refused:
        spelt = ""
    if spelt != trip.host:
        raise Blocked(f"{trip.host} is not the plain spelling of a host name or address.", NO_SETTING)


def _tunnelled(proxy: Proxy, trip: Trip, sock: socket.socket) -> None:
    try:
        proxy.open_tunnel(sock, trip.target)
    except OSError:
        raise proxy_failed(proxy.name, "closed the connection") from None
    finally:
        trip.check()  # the cut by the timer looks like the end of the proxy's answer


def _connected(address: Address, port: int, seconds: float) -> socket.socket:
    """Connect to one address within `seconds`, or raise OSError."""
    sock = socket.socket(socket.AF_INET if isinstance(address, IPv4Address) else socket.AF_INET6, socket.SOCK_STREAM)
    try:
        sock.settimeout(seconds)
        sock.connect((str(address), port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        sock.close()
        raise
    return sock
