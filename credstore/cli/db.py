"""`credstore db`: the database's tables."""

from pathlib import Path

import click

from credstore.application import build, storage
from credstore.cli.options import data_dir_option, read_config
from credstore.migrate import upgrade as migrate


@click.group()
def db() -> None:
    """Manage the database."""


@db.command()
@data_dir_option
def upgrade(data_dir: Path | None) -> None:
    """Create the tables or bring them up to date. Safe to repeat."""
    migrate(storage(read_config(data_dir)))
    click.echo("The database is up to date.")


@db.command("erase-deleted")
@data_dir_option
@click.confirmation_option(prompt="Erase all deleted credentials for good? Undo will not bring them back.")
def erase_deleted(data_dir: Path | None) -> None:
    """Erase deleted credentials now, instead of after CREDSTORE_KEEP_DELETED_DAYS."""
    app = build(read_config(data_dir))
    with app.app_context():
        erased = app.extensions["credstore"].vault.erase_deleted()
    click.echo(f"Erased: {erased}.")
