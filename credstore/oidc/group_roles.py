"""Which role a user gets by the groups that the provider names."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from credstore.accounts.roles import Role
from credstore.errors import ConfigError

SETTING = "CREDSTORE_OIDC_ROLES"
EVERYBODY = "*"


@dataclass(frozen=True, slots=True)
class GroupRoles:
    """The role of each group. EVERYBODY stands for whoever the provider signs in."""

    roles: Mapping[str, Role]

    @classmethod
    def parse(cls, text: str) -> "GroupRoles":
        """Read `group=role, group=role`. With a semicolon in it, semicolons are between the items and not commas.

        Raises ConfigError.
        """
        found: dict[str, Role] = {}
        for item in filter(None, map(str.strip, text.split(";" if ";" in text else ","))):
            group, _, word = (part.strip() for part in item.rpartition("="))
            role = next((role for role in Role if role.value == word.lower()), None)
            if not group or role is None:
                raise ConfigError(f"{SETTING}: “{item}” is not like group=role. The roles are {', '.join(Role)}.")
            if found.setdefault(group, role) is not role:
                raise ConfigError(f"{SETTING} gives the group “{group}” two roles. Keep one of them.")
        if not found:
            raise ConfigError(f"{SETTING} names no group.")
        return cls(found)

    def role_of(self, groups: Collection[str]) -> Role | None:
        """The highest role of these groups, None where none of them has one."""
        mine = [role for group, role in self.roles.items() if group == EVERYBODY or group in groups]
        return max(mine, key=list(Role).index, default=None)


def groups_in(claims: Mapping[str, Any], name: str) -> frozenset[str]:
    """The groups in the claim `name`, which is a list of texts or one text. Anything else is no group."""
    value = claims.get(name)
    items = value if isinstance(value, list) else [value]
    return frozenset(item for item in items if isinstance(item, str))
