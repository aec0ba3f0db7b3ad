"""`credstore db`: creates and migrates the tables, and erases deleted credentials and replaced secrets.

It also checks or rebuilds the stored counts and the search index.
"""

from pathlib import Path

import click

from credstore.cli.options import data_dir_option, open_session, read_config
from credstore.migrate import upgrade as migrate
from credstore.minimal_app import database_app
from credstore.vault.consistency import Consistency, check_consistency, rebuild
from credstore.vault.purge import log_in_use, purge_deleted, purge_replaced, truncate_write_ahead_log

STILL_IN_FILE = (
    "The encrypted values of what was erased may still be in the file, since another program reads the database."
    " Run this again when it has ended."
)


@click.group()
def db() -> None:
    """Manage the database."""


@db.command()
@data_dir_option
def upgrade(data_dir: Path | None) -> None:
    """Create the tables or bring them up to date. Safe to repeat."""
    migrate(database_app(read_config(data_dir, run_command=False)))
    click.echo("The database is up to date.")


@db.command("erase-deleted")
@data_dir_option
@click.option("--replaced", is_flag=True, help="Also erase replaced secrets that could still be put back.")
@click.confirmation_option(prompt="Erase all deleted credentials for good? Undo will not bring them back.")
def erase_deleted(data_dir: Path | None, replaced: bool) -> None:
    """Erase deleted credentials now, instead of after CREDSTORE_KEEP_DELETED_DAYS.

    Exit status 1 where their encrypted values may still be in the file, because another program reads the database.
    """
    with open_session(data_dir) as session:
        erased = purge_deleted(session)
        secrets = purge_replaced(session) if replaced else 0
        if not (erased or secrets):  # an earlier time may have left something in the log
            truncate_write_ahead_log()
    click.echo(f"Erased: {erased}." + (f" Replaced secrets erased: {secrets}." if replaced else ""))
    if log_in_use():
        raise click.ClickException(STILL_IN_FILE)


@db.command()
@data_dir_option
@click.option("--fix", is_flag=True, help="Rebuild what differs.")
def check(data_dir: Path | None, fix: bool) -> None:
    """Recount the credentials and compare the stored counts and the search index. Exit status 1 where they differ."""
    with open_session(data_dir) as session:
        found = check_consistency(session)
        if fix and not (found.sound and found.search_index):
            rebuild(session)
            found = check_consistency(session)
            click.echo("Rebuilt the counts and the search index.")
    click.echo(f"Credentials: {found.credentials}.")
    click.echo(f"Counts: {f'{found.wrong_counts} blocks differ' if found.wrong_counts else 'right'}.")
    click.echo(f"Search index: {_search_index(found)}.")
    if not found.sound:
        click.echo("Repair it with: credstore db check --fix", err=True)
        raise click.exceptions.Exit(1)


def _search_index(found: Consistency) -> str:
    if not found.search_index:
        return (
            "none, so in a long list a search looks at the beginning of names only. On PostgreSQL: "
            "CREATE EXTENSION pg_trgm, then credstore db check --fix"
        )
    return "differs from the names" if found.search_index_differs else "right"
