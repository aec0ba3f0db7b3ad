"""`credstore user`: adds, lists and removes users, and gives them roles. Needs no key."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from credstore.accounts import Invitations, Role, Users
from credstore.cli.new_password import new_password
from credstore.cli.options import data_dir_option, database_place, open_session, read_config
from credstore.models import db

_ASSUMED_URL = "http://127.0.0.1:8000"
_ROLE = click.Choice([role.value for role in Role])


@click.group()
def user() -> None:
    """Manage users and their roles: viewer, editor, admin."""


@user.command()
@click.option("--username", required=True)
@click.option("--role", type=_ROLE, default="viewer", show_default=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input, one line.")
@data_dir_option
def create(username: str, role: str, password_stdin: bool, data_dir: Path | None) -> None:
    """Add a user."""
    with _users(data_dir) as users:
        users.create(username, new_password(password_stdin), Role(role))
    click.echo(f"User {username} added, with the role {role}.")


@user.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
@data_dir_option
def list_users(as_json: bool, data_dir: Path | None) -> None:
    """List the users with their roles, by name."""
    with _users(data_dir) as users:
        found = users.list()
    if not found:  # on standard error, so that the output is the list alone
        place = database_place(read_config(data_dir, run_command=False))
        click.echo(f"There are no users yet. The database is {place}.", err=True)
    if as_json:
        shown = [
            {
                "username": one.username,
                "role": one.role.value,
                "created_at": one.created_at.isoformat(),
                "by_provider": one.by_provider,
            }
            for one in found
        ]
        click.echo(json.dumps(shown, indent=2))
        return
    for one in found:
        click.echo(f"{one.role:<6}  added {one.created_at:%Y-%m-%d}  {one.username}")


@user.command()
@click.option("--username", required=True)
@click.argument("role", type=_ROLE)
@data_dir_option
def role(username: str, role: str, data_dir: Path | None) -> None:
    """Give a user another role. It counts from their next request. One administrator must remain."""
    with _users(data_dir) as users:
        users.set_role(users.named(username).id, Role(role))
    click.echo(f"User {username} has the role {role}.")


@user.command()
@click.option("--username", required=True)
@data_dir_option
def remove(username: str, data_dir: Path | None) -> None:
    """Remove a user and end their sessions. Machine tokens that they issued stay: see `credstore token list`."""
    with _users(data_dir) as users:
        users.remove(users.named(username).id)
    click.echo(f"User {username} removed; their sessions have ended.")


@user.command()
@click.option("--role", type=_ROLE, default="viewer", show_default=True)
@click.option("--base-url", help=f"Where the page is reached. Without it {_ASSUMED_URL} is assumed.")
@data_dir_option
def invite(role: str, base_url: str | None, data_dir: Path | None) -> None:
    """Print a link that works once, for three days: who opens it chooses a name and a password."""
    with _users(data_dir):
        token = Invitations(db.session).invite(Role(role))
    click.echo(f"{(base_url or _ASSUMED_URL).rstrip('/')}/invitation?token={token}")
    if not base_url:  # on standard error, so that the output is the link alone
        sentence = f"The address {_ASSUMED_URL} is assumed. If people reach credstore at another one, use --base-url."
        click.echo(sentence, err=True)


@contextmanager
def _users(data_dir: Path | None) -> Iterator[Users]:
    with open_session(data_dir, migrate=True) as session:
        yield Users(session)
