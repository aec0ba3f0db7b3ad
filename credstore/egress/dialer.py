"""Opens the one connection of a request: resolve, judge every address, connect, check who answered.

Must never connect to an address that the policy did not judge.
"""

import errno
import socket
import time
from collections.abc import Sequence
from ipaddress import IPv4Address

from credstore.egress.address_table import Address, AddressClass, classify, parse_address
from credstore.egress.attempt import ACCEPT, ANSWER, HANDSHAKE, TUNNEL, Attempt
from credstore.egress.failures import connection_failed, proxy_failed, unknown_host
from credstore.egress.policy import NO_SETTING, Policy, own_address_blocked
from credstore.egress.proxy import Proxy
from credstore.egress.resolver import Resolve
from credstore.errors import Blocked, Refused, Unreached
from credstore.urls import canonical_url, host_port

# Seconds for one address while others are still to be tried: room for one lost packet, no more.
ADDRESS_SECONDS = 2.0
ADDRESS_SECONDS_MIN = 0.25


# Seconds that a name may take here when a proxy can look it up as well.
PROXIED_LOOKUP_SECONDS = 2.0


class Dialer:
    def __init__(self, policy: Policy, resolve: Resolve, proxy: Proxy | None = None) -> None:
        self._policy = policy
        self._resolve = resolve
        self._proxy = proxy

    def plan(self, attempt: Attempt) -> None:
        """Find where the attempt may go, directly or through the proxy; sends nothing. Raises Blocked or Unreached."""
        if self._proxy is None:
            attempt.addresses = self._judged_addresses(attempt, attempt.deadline)
            return
        require_canonical(attempt)  # the proxy reads the host anew, so there must be one way to read it
        found: Sequence[Address] = ()
        try:
            found = self._judged_addresses(attempt, min(attempt.deadline, time.monotonic() + PROXIED_LOOKUP_SECONDS))
        except Unreached:
            self._policy.judge_unresolved(attempt.scheme, attempt.host, attempt.port)
        if any(classify(address).address_class is AddressClass.LOOPBACK for address in found):
            attempt.addresses = found  # loopback means this machine; the proxy's loopback is another one
            return
        attempt.proxy, attempt.stage = self._proxy, TUNNEL
        attempt.addresses = self._proxy_addresses(self._proxy, attempt)

    def _judged_addresses(self, attempt: Attempt, deadline: float) -> Sequence[Address]:
        literal = parse_address(attempt.host)
        found = [literal] if literal else self._resolve(attempt.host, attempt.port, deadline=deadline)
        if not found:
            raise unknown_host(attempt.host)
        for address in found:  # all before the first connect: one bad address condemns the name
            self._policy.judge(attempt.scheme, attempt.host, attempt.port, address)
        return found

    def _proxy_addresses(self, proxy: Proxy, attempt: Attempt) -> Sequence[Address]:
        """The proxy's addresses. They are not judged: the operator named it."""
        literal = parse_address(proxy.host)
        found: Sequence[Address] = ()
        try:
            found = [literal] if literal else self._resolve(proxy.host, proxy.port, deadline=attempt.deadline)
        except Unreached:
            attempt.raise_if_over()
        if not found:
            raise proxy_failed(proxy.name, "has a name that leads to no address")
        return found

    def dial(self, attempt: Attempt) -> socket.socket:
        """Return the connection of a planned attempt, up to TLS or HTTP. Raises Blocked or Unreached."""
        attempt.stage = TUNNEL if attempt.proxy else ACCEPT
        sock = self._connect_to_first(attempt)
        try:
            if attempt.proxy is None:
                self._check_peer(attempt, sock)
            attempt.cut_at_deadline(sock)
            sock.settimeout(attempt.remaining_seconds())
            if attempt.proxy and attempt.scheme == "https":
                _open_tunnel(attempt.proxy, attempt, sock)
        except BaseException:
            sock.close()
            raise
        attempt.stage = HANDSHAKE if attempt.scheme == "https" else ANSWER
        return sock

    def _connect_to_first(self, attempt: Attempt) -> socket.socket:
        """Try in order: localhost may answer ::1 first while the server listens on 127.0.0.1 only."""
        failure: OSError | None = None
        port = attempt.proxy.port if attempt.proxy else attempt.port
        for position, address in enumerate(attempt.addresses):
            left, others = attempt.remaining_seconds(), len(attempt.addresses) - position - 1
            share = min(ADDRESS_SECONDS, max(ADDRESS_SECONDS_MIN, left / (others + 1))) if others else left
            try:
                return _connect(address, port, min(share, left))
            except OSError as refusal:
                if failure is None or refusal.errno == errno.ECONNREFUSED:  # the most telling error is kept
                    failure = refusal
        attempt.raise_if_over()
        if attempt.proxy:
            refused = failure is not None and failure.errno == errno.ECONNREFUSED
            raise proxy_failed(attempt.proxy.name, "refused the connection" if refused else "could not be reached")
        loopback = any(classify(address).address_class is AddressClass.LOOPBACK for address in attempt.addresses)
        raise connection_failed(attempt.host, attempt.port, failure, loopback=loopback)

    def _check_peer(self, attempt: Attempt, sock: socket.socket) -> None:
        try:
            peer, own = sock.getpeername()[0], sock.getsockname()[0]
        except OSError as gone:
            raise connection_failed(attempt.host, attempt.port, gone, loopback=False) from None
        self._policy.judge(attempt.scheme, attempt.host, attempt.port, peer)
        if peer == own and attempt.port == self._policy.own_port:  # the app, by an address of this machine's network
            raise own_address_blocked(attempt.host, attempt.port)


def require_canonical(attempt: Attempt) -> None:
    """Raise Blocked unless the host is spelt in its one canonical way."""
    host = f"[{attempt.host}]" if ":" in attempt.host else attempt.host
    try:
        spelt, _port = host_port(canonical_url(f"{attempt.scheme}://{host}:{attempt.port}"))
    except Refused:
        spelt = ""
    if spelt != attempt.host:
        raise Blocked(f"{attempt.host} is not the plain spelling of a host name or address.", NO_SETTING)


def _open_tunnel(proxy: Proxy, attempt: Attempt, sock: socket.socket) -> None:
    try:
        proxy.open_tunnel(sock, attempt.target)
    except OSError:
        raise proxy_failed(proxy.name, "closed the connection") from None
    finally:
        attempt.raise_if_over()  # the cut by the timer looks like the end of the proxy's answer


def _connect(address: Address, port: int, seconds: float) -> socket.socket:
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
