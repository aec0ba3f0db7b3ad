"""Outgoing requests: `OutboundClient.send` makes every request to a server that a user named.

It never follows a redirect, never reads proxies or .netrc from the environment, and never shows or logs the text of an
exception. `Policy` decides which addresses may be called.
"""

from typing import TYPE_CHECKING, Any

from credstore.egress.from_config import client_from_config
from credstore.egress.policy import Policy

if TYPE_CHECKING:
    from credstore.egress.client import OutboundClient

__all__ = ["OutboundClient", "Policy", "client_from_config"]


def __getattr__(name: str) -> Any:
    """`OutboundClient` is imported when it is asked for: it brings the requests library."""
    if name == "OutboundClient":
        from credstore.egress.client import OutboundClient

        return OutboundClient
    raise AttributeError(name)
