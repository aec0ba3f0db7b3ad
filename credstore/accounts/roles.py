"""The roles of users: what a user may do with credstore's pages."""

from enum import StrEnum


class Role(StrEnum):
    """Each role may do what the roles before it may. The value is what is stored and typed."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"

    def includes(self, needed: "Role") -> bool:
        """Whether this role may do what needs the role `needed`."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


# What each role is for, as pages and commands say it.
ABOUT_ROLES = {
    Role.VIEWER: "Looks at credentials and results. Changes nothing.",
    Role.EDITOR: "Looks at, adds, changes, tests, deletes and restores credentials.",
    Role.ADMIN: "Does what an editor does, erases for good, and has the settings: users, keys, tokens, audit log.",
}
