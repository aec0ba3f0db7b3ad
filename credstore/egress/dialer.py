"""Opens the connection of a request: resolve the host, check every address, connect, check the peer's address.

It connects only to addresses that the policy allowed, or to the operator's proxy.
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

# Seconds for one address while others are still to be tried: enough for one lost packet.
ADDRESS_SECONDS = 2.0
ADDRESS_SECONDS_MIN = 0.25
# Seconds for a DNS look-up here when a proxy can look the name up as well.
PROXIED_LOOKUP_SECONDS = 2.0


class Dialer:
    """Finds the addresses of an attempt (`plan`) and connects to one of them (`dial`). Keeps no state of a request."""

    def __init__(self, policy: Policy, resolve: Resolve, proxy: Proxy | None = None) -> None:
        self._policy = policy
        self._resolve = resolve
        self._proxy = proxy

    def plan(self, attempt: Attempt) -> None:
        """Set `attempt.addresses`, and `attempt.proxy` where it goes through the proxy. Sends no HTTP.

        Raises Blocked, Unreached or TestsBusy.
        """
        if self._proxy is None:
            attempt.addresses = self._judged_addresses(attempt, attempt.deadline)
            return
        require_canonical(attempt)  # the proxy parses the host again, so it must have one reading only
        found: Sequence[Address] = ()
        try:
            found = self._judged_addresses(attempt, min(attempt.deadline, time.monotonic() + PROXIED_LOOKUP_SECONDS))
        except Unreached:
            self._policy.judge_unresolved(attempt.scheme, attempt.host, attempt.port)
        if any(classify(address).address_class is AddressClass.LOOPBACK for address in found):
            attempt.addresses = found  # loopback means this machine; at the proxy it would be the proxy's machine
            return
        attempt.proxy, attempt.stage = self._proxy, TUNNEL
        attempt.addresses = self._proxy_addresses(self._proxy, attempt)

    def _judged_addresses(self, attempt: Attempt, deadline: float) -> Sequence[Address]:
        literal = parse_address(attempt.host)
        found = [literal] if literal else self._resolve(attempt.host, attempt.port, deadline=deadline)
        if not found:
            raise unknown_host(attempt.host)
        for address in found:  # all of them before the first connect: one refused address refuses the name
            self._policy.judge(attempt.scheme, attempt.host, attempt.port, address)
        return found

    def _proxy_addresses(self, proxy: Proxy, attempt: Attempt) -> Sequence[Address]:
        """The proxy's addresses. The policy does not check them: the operator named the proxy."""
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
        """Return the connected socket of a planned attempt, before TLS and HTTP. Raises Blocked or Unreached."""
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
        """Try the addresses in order: localhost may resolve to ::1 first while the server listens on 127.0.0.1 only."""
        failure: OSError | None = None
        port = attempt.proxy.port if attempt.proxy else attempt.port
        for position, address in enumerate(attempt.addresses):
            left, others = attempt.remaining_seconds(), len(attempt.addresses) - position - 1
            share = min(ADDRESS_SECONDS, max(ADDRESS_SECONDS_MIN, left / (others + 1))) if others else left
            try:
                return _connect(address, port, min(share, left))
            except OSError as refusal:
                if failure is None or refusal.errno == errno.ECONNREFUSED:  # a refusal says more than the other errors
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
    """Raise Blocked unless the host is in its canonical form (see `urls.canonical_url`)."""
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
        attempt.raise_if_over()  # a shutdown by the timer looks like the end of the proxy's response


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
