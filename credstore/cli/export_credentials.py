"""`credstore export`: writes all credentials into one file that a passphrase opens, for another installation."""

from pathlib import Path
from typing import IO

import click

from credstore.cli.options import data_dir_option, open_app
from credstore.cli.passphrases import passphrase_file_option, read_passphrase
from credstore.database import close_database
from credstore.export_file import check_passphrase, write_export

_NAMED = 20


@click.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@passphrase_file_option
@data_dir_option
def export_credentials(file: Path, passphrase_file: IO[str] | None, data_dir: Path | None) -> None:
    """Write all credentials to the new file FILE, encrypted with a passphrase. Deleted ones are not part of it.

    Exit status 1 if some cannot be opened; they are left out and named.
    """
    app = open_app(data_dir)
    try:
        with app.app_context():
            vault = app.extensions["credstore"].vault
            vault.store.require_unlocked()
            passphrase = read_passphrase(passphrase_file, confirm=True)
            check_passphrase(passphrase)
            export = vault.new_export()
            write_export(file.absolute(), export.lines(), passphrase)
    finally:
        close_database(app)
    click.echo(f"Exported {export.exported:,} credentials to {file}.")
    click.echo("Whoever has the file and the passphrase has the secrets: keep them apart.")
    if export.unreadable:
        click.echo(f"Left out, since they cannot be opened: {len(export.unreadable):,}.", err=True)
        for name in export.unreadable[:_NAMED]:
            click.echo(f"  {name}", err=True)
        raise click.exceptions.Exit(1)
