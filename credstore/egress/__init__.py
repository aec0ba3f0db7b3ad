"""The one outbound door: every request that credstore makes to a server named by a person goes through `Door.send`.

Must never follow a redirect, read the environment (.netrc, its proxies), or show or log the text of an exception.
"""

from credstore.egress.client import OutboundClient
from credstore.egress.from_config import client_from_config
from credstore.egress.policy import Policy

__all__ = ["OutboundClient", "Policy", "client_from_config"]
