"""Who may sign in: users and their roles, their sessions, the set-up link, and the limit on sign-in attempts.

It knows no HTTP. No password and no token is part of a repr, an exception or a log; the database has hashes only.
"""

from credstore.accounts.accounts import Accounts
from credstore.accounts.invitations import Invitations
from credstore.accounts.provider_users import ProviderUsers
from credstore.accounts.roles import Role
from credstore.accounts.session_user import SessionUser
from credstore.accounts.users import UserRecord, Users
from credstore.accounts.visitor import Visitor

__all__ = ["Accounts", "Invitations", "ProviderUsers", "Role", "SessionUser", "UserRecord", "Users", "Visitor"]
