"""`credstore keys`: generates encryption keys, counts what each one encrypted, and changes from one to the next.

Only `generate` prints a key. The others print ids, which are hashes of keys.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from credstore.cli.options import data_dir_option, read_existing_config
from credstore.database import close_database
from credstore.encryption.key_usage import count_replaced_by_key, count_rows_by_key, use_of_key
from credstore.encryption.keyring import Keyring, generate_key
from credstore.minimal_app import database_app
from credstore.models import db
from credstore.sqlite_engine import enlarge_cache
from credstore.vault.encryption_keys import Keys, KeyUse, Opening
from credstore.vault.store import CredentialStore


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
    config = read_existing_config(data_dir)
    keyring = Keyring(config.field_encryption_key, config.key_source) if config.field_encryption_key else None
    app = database_app(config)
    try:
        with app.app_context():
            known = [*(keyring.key_ids if keyring else ()), *count_rows_by_key(), *count_replaced_by_key()]
            uses = [use_of_key(db.session, key_id) for key_id in dict.fromkeys(known)]
    finally:
        close_database(app)
    configured = keyring.key_ids if keyring else ()
    missing = [use for use in uses if use.total and use.key_id not in configured]
    for use in uses:
        click.echo(f"{use.key_id}  {_state(use, configured)}")
    if keyring:
        click.echo(f"The configured keys are from {keyring.source}.")
    else:
        hint = "" if uses else " Nothing is encrypted yet; credstore serve makes a key."
        click.echo(f"No key is configured.{hint}")
    if missing:
        raise click.exceptions.Exit(1)


def _state(use: KeyUse, configured: tuple[str, ...]) -> str:
    if use.key_id in configured:
        return f"configured, {'encrypts and decrypts' if use.key_id == configured[0] else 'decrypts'}: {use.words}"
    return f"MISSING; what cannot be decrypted: {use.words}" if use.total else "not configured, no longer needed"


@keys.command()
@click.option("--dry-run", is_flag=True, help="Only count what would be encrypted anew.")
@data_dir_option
def rotate(dry_run: bool, data_dir: Path | None) -> None:
    """Encrypt every stored secret anew with the first of the configured keys.

    The server may run meanwhile. A rotation that was interrupted is finished by the next one. Exit status 1 if secrets
    are left that need another key.
    """
    with _open_keys(data_dir) as store:
        rotation, total = store.rotation(), store.rotation().count()
        if dry_run:
            _print_status(store)
            click.echo(f"Would be encrypted anew with the first key: {total:,}. Nothing was changed.")
            return
        enlarge_cache(db.session.connection())
        with _progress_bar(total, "Encrypting") as bar:
            rotated = unreadable = 0
            for step in rotation.run():
                rotated, unreadable = step.rotated, step.unreadable
                bar.update(step.rows)
        click.echo(f"Encrypted anew: {rotated:,}.")
        if unreadable:
            click.echo(f"Damaged, and left as they are: {unreadable:,}. To name them: credstore keys verify", err=True)
        _print_status(store)
        if any(key.use.total for key in store.status() if key.position != 1):
            raise click.exceptions.Exit(1)


@keys.command()
@data_dir_option
def verify(data_dir: Path | None) -> None:
    """Open every stored secret with the first key alone. Exit status 1 if one does not open; some are named."""
    with _open_keys(data_dir) as store:
        opening = store.opening()
        with _progress_bar(sum(key.use.total for key in store.status()), "Opening") as bar:
            for rows in opening.run():
                bar.update(rows)
    click.echo(f"Opened with the first key alone: {opening.words}.")
    if opening.failed:
        _print_failures(opening)
        raise click.exceptions.Exit(1)


@keys.command()
@click.argument("key_id")
@click.option("--lost", is_flag=True, help="Give up what a missing key encrypted, so that credstore starts without it.")
@data_dir_option
def retire(key_id: str, lost: bool, data_dir: Path | None) -> None:
    """Forget the key with this id (see `status`), after no stored secret needs it. Refused while one does."""
    with _open_keys(data_dir) as store:
        use, source = store.retire(key_id, lost=lost), store.source
    if use.total:
        click.echo(f"The key {key_id} is noted as lost. Unreadable from now on: {use.words}.")
        return
    click.echo(f"No stored secret needs the key {key_id}. Remove it from {source} and restart.")
    click.echo("Backups from before still need it: keep a copy as long as you keep them.")


@contextmanager
def _open_keys(data_dir: Path | None) -> Iterator[Keys]:
    config = read_existing_config(data_dir)
    keyring = Keyring(config.field_encryption_key, config.key_source)
    app = database_app(config)
    try:
        with app.app_context():
            yield Keys(CredentialStore(db.session, keyring))
    finally:
        close_database(app)


@contextmanager
def _progress_bar(length: int, label: str) -> "Iterator[click.progressbar[int]]":  # type: ignore[valid-type]
    """On a terminal only; it goes to standard error, so that the output stays fit for a file."""
    hidden = not sys.stderr.isatty()
    with click.progressbar(length=length, label=label, file=sys.stderr, hidden=hidden, show_pos=True) as bar:
        yield bar


def _print_status(store: Keys) -> None:
    for key in store.status():
        role = {0: "not configured", 1: "the first key"}.get(key.position, "also configured")
        click.echo(f"{key.use.key_id}  {role}: {key.use.words}")


def _print_failures(opening: Opening) -> None:
    for reason, number in opening.failed.items():
        click.echo(f"Not opened, {reason}: {number:,}.", err=True)
    for one, public_id, reason in opening.named:
        click.echo(f"  {one} {public_id} {reason}", err=True)
    more = sum(opening.failed.values()) - len(opening.named)
    if more:
        click.echo(f"  and {more:,} more", err=True)
