"""`credstore admin`: creates administrators and resets passwords. Works before the first start, without keys."""

from pathlib import Path

import click

from credstore.cli.new_password import new_password
from credstore.cli.options import data_dir_option, open_accounts, read_config, read_existing_config


@click.group()
def admin() -> None:
    """Manage administrators."""


@admin.command()
@click.option("--username", required=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input, one line.")
@data_dir_option
def create(username: str, password_stdin: bool, data_dir: Path | None) -> None:
    """Create an administrator."""
    with open_accounts(read_config(data_dir, run_command=False)) as store:
        store.create(username, new_password(password_stdin))
    click.echo(f"Administrator {username} created.")


@admin.command("reset-password")
@click.option("--username", required=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input, one line.")
@data_dir_option
def reset_password(username: str, password_stdin: bool, data_dir: Path | None) -> None:
    """Give a user a new password, and end their sessions and the invitations that they made."""
    with open_accounts(read_existing_config(data_dir, run_command=False)) as store:
        store.reset_password(username, new_password(password_stdin))
    click.echo(f"Password of {username} changed; their sessions and open invitations have ended.")


@admin.command("setup-url")
@click.option("--base-url", default="http://127.0.0.1:8000", show_default=True, help="Where the page is reached.")
@data_dir_option
def setup_url(base_url: str, data_dir: Path | None) -> None:
    """Print a new one-time set-up URL (15 minutes), while there is no administrator."""
    with open_accounts(read_config(data_dir, run_command=False)) as store:
        token = store.new_setup_link()
    click.echo(f"{base_url.rstrip('/')}/setup?token={token}")
