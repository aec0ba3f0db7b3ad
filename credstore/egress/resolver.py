"""Resolves a host name to addresses within a deadline, on a bounded number of threads.

It uses threads because getaddrinfo has no time-out. It does not decide which addresses may be called.
"""

import queue
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from credstore.egress.address_table import Address, parse_address
from credstore.egress.failures import dns_timeout, unknown_host
from credstore.errors import TestsBusy, Unreached

Lookup = Callable[[str, int], Sequence[tuple[Any, ...]]]
"""Returns what socket.getaddrinfo returns: 5-tuples whose last item is a socket address."""

LONGEST_WAIT = 2.0  # seconds to wait for a free slot
_NO_SUCH_NAME = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}


class Resolve(Protocol):
    """Resolve a host until `deadline` (a time.monotonic() instant).

    Raises Unreached with the cause "name", and TestsBusy when no slot for a look-up came free.
    """

    def __call__(self, host: str, port: int, *, deadline: float) -> Sequence[Address]: ...


def _getaddrinfo(host: str, port: int) -> Sequence[tuple[Any, ...]]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


class Resolver:
    """The default `Resolve`: at most `threads` look-ups run at once.

    Each look-up has a daemon thread of its own. With an executor the process would wait, at its exit, for a name server
    that does not answer.
    """

    def __init__(self, lookup: Lookup = _getaddrinfo, *, threads: int = 32) -> None:
        self._lookup = lookup
        self._slots = threading.BoundedSemaphore(threads)

    def __call__(self, host: str, port: int, *, deadline: float) -> Sequence[Address]:
        if not self._slots.acquire(timeout=max(0.0, min(LONGEST_WAIT, deadline - time.monotonic()))):
            # Other names hold the slots: nothing is known about this name, so the error must not name it.
            raise TestsBusy("Look-ups of other names are still waiting for DNS. Wait a minute, then test again.")
        results: queue.SimpleQueue[Sequence[Address] | Unreached] = queue.SimpleQueue()
        worker = threading.Thread(target=self._work, args=(host, port, results), name="credstore-resolve", daemon=True)
        try:
            worker.start()
        except RuntimeError:
            self._slots.release()
            raise
        try:
            outcome = results.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            raise dns_timeout(host) from None
        if isinstance(outcome, Unreached):
            raise outcome
        return outcome

    def _work(self, host: str, port: int, results: "queue.SimpleQueue[Sequence[Address] | Unreached]") -> None:
        try:
            results.put(self._addresses(host, port))
        finally:
            self._slots.release()

    def _addresses(self, host: str, port: int) -> Sequence[Address] | Unreached:
        try:
            rows = self._lookup(host, port)
        except socket.gaierror as failure:
            return unknown_host(host) if failure.errno in _NO_SUCH_NAME else dns_timeout(host)
        except (OSError, UnicodeError):  # UnicodeError: a label that is empty or too long for DNS
            return unknown_host(host)
        found = dict.fromkeys(parse_address(str(row[4][0])) for row in rows)
        return tuple(address for address in found if address is not None) or unknown_host(host)
