"""An outbound client that is made at its first request.

Until then a process needs neither the memory nor the start-up time of the requests library.
"""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from credstore.probe import ProbeRequest, ProbeResponse

if TYPE_CHECKING:
    from credstore.egress.client import OutboundClient


class DeferredClient:
    """Sends by the client that `make` returns; threads may share it."""

    def __init__(self, make: Callable[[], "OutboundClient"]) -> None:
        self._make = make

    @cached_property
    def client(self) -> "OutboundClient":
        """The client itself."""
        return self._make()

    def send(self, request: ProbeRequest, *, deadline: float) -> ProbeResponse:
        """See `OutboundClient.send`."""
        return self.client.send(request, deadline=deadline)
