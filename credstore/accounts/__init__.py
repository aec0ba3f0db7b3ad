"""Owns who may sign in: administrators, their sessions, the set-up link and the throttle.

Must never know HTTP, and never let a password or a token into a repr, an exception, a log or the database.
"""

from credstore.accounts.accounts import Accounts, SessionUser

__all__ = ["Accounts", "SessionUser"]
