"""`credstore keys`: generates encryption keys and counts what each one encrypted. Only `generate` prints a key."""

from pathlib import Path

import click

from credstore.cli.options import data_dir_option, read_config
from credstore.encryption.key_usage import count_replaced_by_key, count_rows_by_key
from credstore.encryption.keyring import Keyring, generate_key
from credstore.minimal_app import database_app


@click.group()
def keys() -> None:
    """Manage the keys that encrypt secrets."""


@keys.command()
def generate() -> None:
    """Print a new random key, fit for FIELD_ENCRYPTION_KEY and for SECRET_KEY. Stores nothing."""
    click.echo(generate_key())


@keys.command()
@data_dir_option
def status(data_dir: Path | None) -> None:
    """Print which keys are configured and which ones this database's secrets need. Exit status 1 if one is missing."""
    config = read_config(data_dir)
    key_ids = Keyring(config.field_encryption_key).key_ids if config.field_encryption_key else ()
    app = database_app(config)
    with app.app_context():
        counts, replaced = count_rows_by_key(), count_replaced_by_key()
    for position, key_id in enumerate(key_ids):
        role = "encrypts and decrypts" if position == 0 else "decrypts"
        click.echo(
            f"{key_id}  configured, {role}; credentials: {_numbers(counts.pop(key_id, 0), replaced.pop(key_id, 0))}"
        )
    missing = {key_id: (counts.get(key_id, 0), replaced.get(key_id, 0)) for key_id in counts | replaced}
    for key_id, numbers in missing.items():
        need = f"MISSING; credentials that cannot be decrypted: {_numbers(*numbers)}"
        click.echo(f"{key_id}  {need if any(numbers) else 'not configured, no longer needed'}")
    if not key_ids:
        hint = "" if missing else " Nothing is encrypted yet; credstore serve makes a key."
        click.echo(f"No key is configured.{hint}")
    if any(map(any, missing.values())):
        raise click.exceptions.Exit(1)


def _numbers(credentials: int, replaced: int) -> str:
    """Replaced secrets are told where there are some: until they are erased they need their key too."""
    return f"{credentials}" + (f", replaced secrets: {replaced}" if replaced else "")
