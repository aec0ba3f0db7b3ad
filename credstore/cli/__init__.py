"""The `credstore` command, also `flask credstore`. Each command calls a use case and prints its result."""

import os
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from dotenv import load_dotenv

from credstore.errors import CredstoreError, InvalidFields

COMMANDS = ("serve", "admin", "db", "keys", "egress", "test")  # each in the module of its name, in this package


class Commands(click.Group):
    """Imports the module of a command when the command is used, so that each starts soon.

    Prints a CredstoreError as one sentence and exits with status 1. Other exceptions keep their traceback.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"credstore.cli.{cmd_name}"), cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except InvalidFields as refusal:
            raise click.ClickException(" ".join(refusal.fields.values())) from None
        except CredstoreError as refusal:
            raise click.ClickException(refusal.sentence) from None


@click.group(cls=Commands)
@click.version_option(package_name="credstore", prog_name="credstore")
def main() -> None:
    """The credentials page for workflow platforms."""
    os.umask(0o077)  # new files of the database and the keys are for their owner only
    load_dotenv(Path.cwd() / ".env")
