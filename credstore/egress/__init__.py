"""The one outbound door: every request that credstore makes to a server named by a person goes through `Door.send`.

Must never follow a redirect, read the environment (.netrc, its proxies), or show or log the text of an exception.
"""

from credstore.egress.client import Door
from credstore.egress.from_config import door_of
from credstore.egress.policy import Policy

__all__ = ["Door", "Policy", "door_of"]
