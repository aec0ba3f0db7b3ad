"""`credstore deleted`: lists what can be restored, the last deletion first. Needs no key that opens a secret."""

import json
from pathlib import Path

import click

from credstore.cli.options import data_dir_option, open_app
from credstore.vault import DeletedRecord


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@data_dir_option
def deleted(as_json: bool, data_dir: Path | None) -> None:
    """List the deleted credentials that can be restored, with who deleted them and until when they are kept."""
    app = open_app(data_dir)
    with app.app_context():
        found = list(app.extensions["credstore"].vault.deleted.every())
    if as_json:
        click.echo(json.dumps({"deleted": [record.as_json() for record in found]}, ensure_ascii=False))
    elif not found:
        click.echo("Nothing can be restored.")
    for record in () if as_json else found:
        click.echo(_as_line(record))


def _as_line(record: DeletedRecord) -> str:
    by = f" by {record.deleted_by}" if record.deleted_by else ""
    taken = " (the name is in use)" if record.name_taken else ""
    return (
        f"{record.public_id}  {record.kind:8}  deleted {record.deleted_at:%Y-%m-%d %H:%M} UTC{by}, "
        f"kept until {record.until:%Y-%m-%d}  {record.name}{taken}"
    )
