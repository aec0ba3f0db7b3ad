"""`credstore db`: creates and migrates the tables, erases deleted credentials."""

from pathlib import Path

import click

from credstore.app_factory import database_app
from credstore.cli.options import data_dir_option, read_config
from credstore.migrate import upgrade as migrate
from credstore.models import db as database
from credstore.vault.purge import purge_deleted


@click.group()
def db() -> None:
    """Manage the database."""


@db.command()
@data_dir_option
def upgrade(data_dir: Path | None) -> None:
    """Create the tables or bring them up to date. Safe to repeat."""
    migrate(database_app(read_config(data_dir)))
    click.echo("The database is up to date.")


@db.command("erase-deleted")
@data_dir_option
@click.confirmation_option(prompt="Erase all deleted credentials for good? Undo will not bring them back.")
def erase_deleted(data_dir: Path | None) -> None:
    """Erase deleted credentials now, instead of after CREDSTORE_KEEP_DELETED_DAYS."""
    with database_app(read_config(data_dir)).app_context():
        erased = purge_deleted(database.session)
    click.echo(f"Erased: {erased}.")
