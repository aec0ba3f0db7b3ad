"""The `credstore` command, also `flask credstore`. Each command calls a use case and prints its result."""

import os
from pathlib import Path
from typing import Any

import click
from dotenv import load_dotenv

from credstore import __version__
from credstore.cli.admin import admin
from credstore.cli.db import db
from credstore.cli.egress import egress
from credstore.cli.keys import keys
from credstore.cli.serve import serve
from credstore.cli.test import test
from credstore.errors import CredstoreError, InvalidFields


class Commands(click.Group):
    """Prints a CredstoreError as one sentence and exits with status 1. Other exceptions keep their traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except InvalidFields as refusal:
            raise click.ClickException(" ".join(refusal.fields.values())) from None
        except CredstoreError as refusal:
            raise click.ClickException(refusal.sentence) from None


@click.group(cls=Commands)
@click.version_option(__version__, prog_name="credstore")
def main() -> None:
    """The credentials page for workflow platforms."""
    os.umask(0o077)  # new files of the database and the keys are for their owner only
    load_dotenv(Path.cwd() / ".env")


for command in (serve, admin, db, keys, egress, test):
    main.add_command(command)
