"""Checks a username and a password that are entered together."""

from credstore.accounts.passwords import password_problem
from credstore.accounts.usernames import username_problem
from credstore.errors import InvalidFields


def check_username_and_password(username: str, password: str, *, exists: bool = False) -> None:
    """Raise InvalidFields (`username`, `password`) with a sentence for each that cannot be used.

    `exists`: the username is one that was given before some names were refused, maybe.
    """
    problems = {"username": username_problem(username, exists=exists), "password": password_problem(username, password)}
    found = {field: problem for field, problem in problems.items() if problem}
    if found:
        raise InvalidFields(found)
