"""Outgoing requests: `OutboundClient.send` makes every request to a server that a user named.

It never follows a redirect, never reads proxies or .netrc from the environment, and never shows or logs the text of an
exception. `Policy` decides which addresses may be called.
"""

from credstore.egress.client import OutboundClient
from credstore.egress.from_config import client_from_config
from credstore.egress.policy import Policy

__all__ = ["OutboundClient", "Policy", "client_from_config"]
