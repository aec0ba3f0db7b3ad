"""Who may sign in: administrators, their sessions, the set-up link, and the limit on sign-in attempts.

It knows no HTTP. No password and no token is part of a repr, an exception or a log; the database has hashes only.
"""

from credstore.accounts.accounts import Accounts, SessionUser

__all__ = ["Accounts", "SessionUser"]
