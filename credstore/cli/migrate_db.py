"""`credstore migrate-db`: copies everything to an empty database, from SQLite to PostgreSQL or back."""

import sys
from pathlib import Path

import click

from credstore.cli.database_copy import DatabaseCopy
from credstore.cli.options import data_dir_option, read_existing_config


@click.command("migrate-db")
@click.argument("url")
@click.option("--keep-unreadable", is_flag=True, help="Also copy secrets that no configured key opens, as they are.")
@data_dir_option
def migrate_db(url: str, keep_unreadable: bool, data_dir: Path | None) -> None:
    """Copy the configured database to the empty one at URL: everything, or nothing.

    Stop the server first; the command refuses while another process has the database open. It counts all rows and
    opens every secret with the key before it commits. The source stays as it is.
    """
    copy = DatabaseCopy(read_existing_config(data_dir), url, keep_unreadable)
    _show_progress(copy)
    copy.note()
    everything = f"{copy.totals['Copying']:,} rows in {len(copy.rows)} tables"
    click.echo(f"Copied: {copy.rows['credential']:,} credentials; with all else {everything}.")
    if copy.opening:
        click.echo(f"Opened with the configured keys: {copy.opening.words}.")
        if failed := sum(copy.opening.failed.values()):
            click.echo(f"Copied as they are, although no key opens them: {failed:,}.", err=True)
    click.echo("Set DATABASE_URL to the new URL, keep the same FIELD_ENCRYPTION_KEY, and start the server.")


def _show_progress(copy: DatabaseCopy) -> None:
    """A bar for each phase, on a terminal only; it goes to standard error."""
    steps = copy.run()
    step = next(steps, None)
    while step is not None:
        phase = step[0]
        hidden = not sys.stderr.isatty()
        with click.progressbar(
            length=copy.totals[phase], label=phase, file=sys.stderr, hidden=hidden, show_pos=True
        ) as bar:
            while step is not None and step[0] == phase:
                bar.update(step[1])
                step = next(steps, None)
