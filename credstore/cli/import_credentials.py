"""`credstore import`: stores the credentials of another program's file, or of an export, in one transaction."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, cast

import click

from credstore.cli.options import data_dir_option, open_app
from credstore.cli.passphrases import passphrase_file_option, read_key, read_passphrase
from credstore.database import close_database
from credstore.errors import FileRefused
from credstore.export_file import decrypt
from credstore.importing.candidate import Candidate
from credstore.importing.formats import FORMATS, read_candidates, read_text_file
from credstore.importing.own_export import read_lines
from credstore.vault.import_items import OUTCOMES, POLICIES, ImportItem, Policy

_OWN, _PIPELIT = "credstore", "pipelit"
_MEMORY = 1_000_000  # bytes of lines


@click.command("import")
@click.argument("format_name", metavar="FORMAT", type=click.Choice([_OWN, *FORMATS, _PIPELIT]))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would be stored, and store nothing.")
@click.option(
    "--on-conflict",
    type=click.Choice(POLICIES),
    default="skip",
    show_default=True,
    help="What to do with a name that is in use.",
)
@passphrase_file_option
@click.option(
    "--key-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The key of Pipelit's database."
)
@data_dir_option
def import_credentials(
    *,
    format_name: str,
    file: Path,
    dry_run: bool,
    on_conflict: str,
    passphrase_file: IO[str] | None,
    key_file: Path | None,
    data_dir: Path | None,
) -> None:
    """Store the credentials in FILE, all that can be stored or none.

    FORMAT is credstore (an export), airflow, n8n, env, github, gitlab, 1password, bitwarden or pipelit.
    """
    app = open_app(data_dir)
    counts = Counter[str]()
    # Lines wait until the transaction is over: a terminal that does not read must not keep the database locked.
    with SpooledTemporaryFile(_MEMORY, "w+", encoding="utf-8", errors="backslashreplace") as lines:

        def tell(item: ImportItem) -> None:
            counts[item.outcome] += 1
            lines.write(item.line + "\n")

        try:
            with app.app_context(), _candidates(format_name, file, passphrase_file, key_file) as found:
                vault = app.extensions["credstore"].vault
                vault.new_import(cast(Policy, on_conflict)).run(found, dry_run=dry_run, tell=tell)
        finally:
            close_database(app)
        lines.seek(0)
        for line in lines:
            click.echo(line, nl=False)
    numbers = ", ".join(f"{outcome}: {counts[outcome]:,}" for outcome in OUTCOMES if counts[outcome])
    click.echo(f"{numbers or 'There was nothing in the file'}.{' Nothing was stored.' if dry_run else ''}")


@contextmanager
def _candidates(
    format_name: str, file: Path, passphrase_file: IO[str] | None, key_file: Path | None
) -> Iterator[Iterator[Candidate]]:
    """What is in the file; an export is read while it is stored. Raises FileRefused."""
    if format_name == _OWN:
        passphrase = read_passphrase(passphrase_file, confirm=False)
        with file.open("rb") as opened:
            yield read_lines(decrypt(opened, passphrase))
    elif format_name == _PIPELIT:
        if key_file is None:
            raise FileRefused("Pipelit's database is encrypted. Give the file with its key: --key-file FILE")
        from credstore.importing.pipelit import read_database

        yield iter(read_database(file, read_key(key_file)))
    else:
        yield iter(read_candidates(format_name, read_text_file(file)))
