"""`credstore restore`: brings deleted credentials back, all that are named or none. Exit status 1 where it cannot."""

from pathlib import Path
from uuid import UUID

import click

from credstore.cli.options import data_dir_option, open_app
from credstore.errors import Conflict, NotFound
from credstore.vault import Vault


@click.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option("--name", help="Restore one credential under this name.")
@data_dir_option
def restore(ids: tuple[str, ...], name: str | None, data_dir: Path | None) -> None:
    """Restore deleted credentials by their ids, which `credstore deleted` lists. All of them or none."""
    wanted = list(dict.fromkeys(map(_canonical, ids)))
    if name is not None and len(wanted) > 1:
        raise click.UsageError("--name is for one credential. Restore the others by a call of their own.")
    app = open_app(data_dir)
    with app.app_context():
        names = _restore(app.extensions["credstore"].vault, wanted, name)
    for restored in names:
        click.echo(f"Restored: {restored}")


def _restore(vault: Vault, ids: list[str], name: str | None) -> tuple[str, ...]:
    """The names under which all of these were restored. Raises NotFound or Conflict, and then restores none."""
    found = {record.public_id: record for record in vault.deleted.records(ids)}
    if unknown := [public_id for public_id in ids if public_id not in found]:
        raise NotFound(f"Nothing was restored. Not among the deleted credentials, or erased: {', '.join(unknown)}")
    done = vault.deleted.restore(ids, {} if name is None else {ids[0]: name})
    if done.refused:
        problems = " ".join(f"{found[public_id].name}: {why}" for public_id, why in done.refused.items())
        hint = " Give one with: credstore restore ID --name NAME"
        raise Conflict(f"Nothing was restored. {problems}{hint}")
    if done.missing:  # somebody restored or erased one a moment ago
        click.echo(f"Not there any more: {done.missing}.", err=True)
    return done.names


def _canonical(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        return text
