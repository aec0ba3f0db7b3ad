"""Opens the one connection of a request: resolve, judge every address, connect, check who answered.

Must never connect to an address that the policy did not judge.
"""

import errno
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address

from credstore.egress.addresses import Address, Reach, address_of, place_of
from credstore.egress.faults import no_such_name, not_connected
from credstore.egress.policy import Policy, own_address
from credstore.egress.resolver import Resolve
from credstore.egress.trip import ACCEPT, ANSWER, HANDSHAKE, Trip

# Seconds for one address while others are still to be tried: room for one lost packet, no more.
ONE_ADDRESS = 2.0
ONE_ADDRESS_AT_LEAST = 0.25


class Dialer:
    def __init__(self, policy: Policy, resolve: Resolve) -> None:
        self._policy = policy
        self._resolve = resolve

    def dial(self, trip: Trip) -> socket.socket:
        """Return a connected TCP socket for the trip's host and port. Raises Blocked or Unreached."""
        literal = address_of(trip.host)
        found = [literal] if literal else self._resolve(trip.host, trip.port, deadline=trip.deadline)
        if not found:
            raise no_such_name(trip.host)
        for address in found:  # all before the first connect: one bad address condemns the name
            self._policy.judge(trip.scheme, trip.host, trip.port, address)
        trip.stage = ACCEPT
        sock = self._first_open(trip, found)
        try:
            self._check_peer(trip, sock)
            trip.guard(sock)
            sock.settimeout(trip.remaining())
        except BaseException:
            sock.close()
            raise
        trip.stage = HANDSHAKE if trip.scheme == "https" else ANSWER
        return sock

    def _first_open(self, trip: Trip, found: Sequence[Address]) -> socket.socket:
        """Try in order: localhost may answer ::1 first while the server listens on 127.0.0.1 only."""
        failure: OSError | None = None
        for position, address in enumerate(found):
            left, others = trip.remaining(), len(found) - position - 1
            share = min(ONE_ADDRESS, max(ONE_ADDRESS_AT_LEAST, left / (others + 1))) if others else left
            try:
                return _connected(address, trip.port, min(share, left))
            except OSError as refusal:
                if failure is None or refusal.errno == errno.ECONNREFUSED:  # the most telling error is kept
                    failure = refusal
        loopback = any(place_of(address).reach is Reach.LOOPBACK for address in found)
        raise not_connected(trip.host, trip.port, failure, loopback=loopback)

    def _check_peer(self, trip: Trip, sock: socket.socket) -> None:
        try:
            peer, own = sock.getpeername()[0], sock.getsockname()[0]
        except OSError as gone:
            raise not_connected(trip.host, trip.port, gone, loopback=False) from None
        self._policy.judge(trip.scheme, trip.host, trip.port, peer)
        if peer == own and trip.port == self._policy.own_port:  # the app, by an address of this machine's network
            raise own_address(trip.host, trip.port)


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
