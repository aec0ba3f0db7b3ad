"""`credstore audit`: proves the audit log, and writes it to a file. Needs no key."""

import json
import os
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from credstore.audit import AuditLog
from credstore.audit.chain import NOTHING
from credstore.cli.options import data_dir_option, open_session, read_existing_config
from credstore.errors import FileRefused


@click.group()
def audit() -> None:
    """Prove and export the audit log."""


class Hash(click.ParamType[str]):
    """A SHA-256 in hex. An empty one, of a variable that is not set, would let everything pass."""

    name = "hash"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value).strip().lower()
        if not re.fullmatch(r"[0-9a-f]{64}", text) or text == NOTHING:
            self.fail("Give the whole hash that credstore audit export printed: 64 digits from 0 to f.", param, ctx)
        return text


@audit.command()
@click.option(
    "--head", type=Hash(), metavar="HASH", help="A hash that an earlier export printed; it must be in the log."
)
@data_dir_option
def verify(head: str | None, data_dir: Path | None) -> None:
    """Compute every hash anew. Exit status 1, with the first wrong entry, if one was changed, removed or moved."""
    keep = timedelta(days=read_existing_config(data_dir, run_command=False).keep_audit_days)
    with open_session(data_dir) as session:
        found = AuditLog(session).verify(head=head or "", keep=keep)
    if found.removed_seq:
        when = f"on {found.removed_on:%Y-%m-%d} (UTC)" if found.removed_on else "on a day that no entry says"
        click.echo(f"Entries 1 to {found.removed_seq:,} were removed by retention {when}.")
    if found.wrong_at:
        click.echo(f"Wrong at entry {found.wrong_at}: {found.why}", err=True)
        raise click.exceptions.Exit(1)
    click.echo(f"{found.entries:,} entries, none changed, removed or moved.")
    click.echo(f"Head: entry {found.head_seq}, {found.head_hash}")


@audit.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Leave out what is older than this day (UTC).")
@data_dir_option
def export(file: Path, since: datetime | None, data_dir: Path | None) -> None:
    """Write the log to the new file FILE, one JSON object a line, oldest first, and print the hash of the last entry.

    Keep that hash where nobody can change it who can change the database: verify --head compares.
    """
    count, last = 0, ""
    with open_session(data_dir) as session, _new_file(file) as lines:
        for entry in AuditLog(session).export(since.date() if since else None):
            lines.write(_line(entry))
            count, last = count + 1, f"entry {entry['seq']}, {entry['hash']}"
    click.echo(f"Exported {count:,} entries to {file}.")
    if last:
        click.echo(f"Head: {last}")


def _line(entry: Mapping[str, Any]) -> str:
    return json.dumps({**entry, "at": entry["at"].isoformat(timespec="microseconds")}, ensure_ascii=False) + "\n"


def _new_file(file: Path) -> Any:
    """The file, for its owner alone. Raises FileRefused where it exists or cannot be made."""
    try:
        return os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8")
    except FileExistsError:
        raise FileRefused(f"{file} exists already. Choose another name.") from None
    except OSError:
        raise FileRefused(f"{file} cannot be written.") from None
