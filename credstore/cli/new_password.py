"""A new password of a user: typed twice, or from standard input; never on the command line."""

import sys

import click


def new_password(from_stdin: bool) -> str:
    """The first line of standard input, or what is typed twice."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    answer: str = click.prompt("Password (15 characters or more)", hide_input=True, confirmation_prompt=True)
    return answer
