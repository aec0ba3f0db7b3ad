"""The `credstore` command, also `flask credstore`. Commands call use cases and print; they hold no logic."""

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
    """Turns our errors into one sentence and exit status 1; anything else is a bug and keeps its trace."""

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
    os.umask(0o077)  # the database and the keys are nobody else's business, whatever the folder permits
    load_dotenv(Path.cwd() / ".env")


for command in (serve, admin, db, keys, egress, test):
    main.add_command(command)
