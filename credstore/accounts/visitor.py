"""Who sends a request to credstore's pages, as a host application says it."""

from dataclasses import dataclass

from credstore.accounts.roles import Role
from credstore.audit import is_reserved

_LONGEST = 150  # characters, in the column of the audit log


@dataclass(frozen=True, slots=True)
class Visitor:
    """What `authorize` of a host application returns to name the user. `name` may be any text of the host."""

    role: Role
    name: str = ""

    @property
    def actor_name(self) -> str:
        """The name for the audit log: one line, and none that the log uses for what is no user. "" where unknown."""
        printable = "".join(character if character.isprintable() else " " for character in self.name)
        name = " ".join(printable.split())
        return (f"user {name}" if is_reserved(name) else name)[:_LONGEST].rstrip()
