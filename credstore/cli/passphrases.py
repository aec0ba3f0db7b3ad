"""The passphrase of an export: from a prompt, a file or standard input, never the command line."""

from pathlib import Path
from typing import IO

import click

from credstore.errors import FileRefused

passphrase_file_option = click.option(
    "--passphrase-file",
    type=click.File("r", encoding="utf-8"),
    help="Read the passphrase from this file, its first line; - is standard input.",
)


def read_passphrase(file: IO[str] | None, *, confirm: bool) -> str:
    """Raises FileRefused where the file has no passphrase."""
    if file is None:
        answer: str = click.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm, err=True)
        return answer
    try:
        passphrase = file.readline().rstrip("\r\n")
    except UnicodeDecodeError:
        raise FileRefused("The passphrase file is not UTF-8 text.") from None
    if not passphrase:
        raise FileRefused("The passphrase file is empty.")
    return passphrase


def read_key(file: Path) -> str:
    """The key in this file, without the name of its variable. Raises FileRefused."""
    try:
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise FileRefused("The key file cannot be read.") from None
    return text.rpartition("FIELD_ENCRYPTION_KEY=")[2].strip().strip("\"'")
