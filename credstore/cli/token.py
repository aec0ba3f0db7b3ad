"""`credstore token`: issues, lists and revokes the machine tokens of the JSON API. Needs no key."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from credstore.accounts.machine_tokens import MachineToken, MachineTokens
from credstore.accounts.token_rules import SCOPES
from credstore.cli.options import data_dir_option, open_session


@click.group()
def token() -> None:
    """Manage the machine tokens of the JSON API."""


@token.command()
@click.option("--name", required=True, help="What will use it.")
@click.option("--scope", "scopes", required=True, multiple=True, type=click.Choice(list(SCOPES)), help="Repeat it.")
@click.option("--expires", default="90d", show_default=True, help="Days or hours, like 12h, or never.")
@click.option(
    "--public-key",
    type=click.File("rb"),
    help="X25519, PEM or base64: values are sent encrypted to it. The scope use needs it.",
)
@data_dir_option
def create(name: str, scopes: tuple[str, ...], expires: str, public_key: Any, data_dir: Path | None) -> None:
    """Make a token and print it, this once."""
    key = public_key.read(10_000).decode("ascii", "replace") if public_key else ""
    with _tokens(data_dir) as tokens:
        issued = tokens.issue(name=name, scopes=scopes, expires=expires, public_key=key)
    click.echo(issued.text)
    end = issued.token.expires_at
    click.echo(
        f"It is shown only now. It ends: {end:%Y-%m-%d %H:%M} UTC." if end else "It is shown only now.", err=True
    )


@token.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
@data_dir_option
def list_tokens(as_json: bool, data_dir: Path | None) -> None:
    """List the tokens, newest first; never their text."""
    with _tokens(data_dir) as tokens:
        found = tokens.list()
    if as_json:
        click.echo(json.dumps([_as_json(one) for one in found], indent=2))
        return
    for one in found:
        used = f"used {one.last_used_at:%Y-%m-%d %H:%M}" if one.last_used_at else "never used"
        end = f"ends {one.expires_at:%Y-%m-%d}" if one.expires_at else "no end"
        click.echo(f"{one.id:>4}  {one.prefix}…  {one.state:<7}  {','.join(one.scopes)}  {used}  {end}  {one.name}")


@token.command()
@click.argument("token_id", type=click.IntRange(1, 2**31 - 1), metavar="ID")
@data_dir_option
def revoke(token_id: int, data_dir: Path | None) -> None:
    """End a token now, by its id in the list."""
    with _tokens(data_dir) as tokens:
        ended = tokens.revoke(token_id)
    click.echo(f"The token {ended.prefix}… ({ended.name}) is revoked.")


@contextmanager
def _tokens(data_dir: Path | None) -> Iterator[MachineTokens]:
    with open_session(data_dir, migrate=True) as session:
        yield MachineTokens(session)


def _as_json(one: MachineToken) -> dict[str, Any]:
    moments = ("created_at", "expires_at", "last_used_at", "revoked_at")
    times = {name: moment and moment.isoformat() for name in moments for moment in (getattr(one, name),)}
    return {
        "id": one.id,
        "name": one.name,
        "prefix": one.prefix,
        "state": one.state,
        "scopes": list(one.scopes),
        "has_public_key": one.public_key is not None,
        "created_by": one.created_by,
    } | times
