"""`credstore backup`: copies a SQLite database while the server runs."""

from pathlib import Path

import click

from credstore.cli.options import data_dir_option, read_config, require_database
from credstore.database import database_file
from credstore.errors import BackupFailed
from credstore.sqlite_backup import backup_database


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@data_dir_option
def backup(file: Path, data_dir: Path | None) -> None:
    """Copy the SQLite database to the new file FILE, also while the server runs. The key is not part of it."""
    config = read_config(data_dir, run_command=False)
    database = database_file(config.sqlalchemy_url)
    if database is None:
        raise BackupFailed("This database is on PostgreSQL. Use its own tool: pg_dump --format=custom --file=FILE URL")
    require_database(config)
    done = backup_database(database, file.absolute())
    click.echo(f"Copied {done.credentials:,} credentials to {file} ({done.size / 1e6:.1f} MB).")
    click.echo(
        "The file holds no key. Keep FIELD_ENCRYPTION_KEY in another place: without it nobody can decrypt the copy."
    )
