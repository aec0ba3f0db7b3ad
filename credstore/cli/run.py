"""`credstore run`: starts a program with secrets in its environment, by the names of credentials."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from credstore.cli import UMASK
from credstore.cli.child_process import NotStarted, become, child_environment, secret_descriptor
from credstore.cli.options import data_dir_option
from credstore.cli.secret_references import SecretReference, SecretReferenceType, refuse_repeated
from credstore.credential_values import CredentialValues
from credstore.errors import CredstoreError

Resolve = Callable[[str], CredentialValues]


@click.command("run", context_settings={"allow_interspersed_args": False})
@click.option(
    "--env",
    "variables",
    multiple=True,
    type=SecretReferenceType(),
    metavar='NAME=@"CREDENTIAL"',
    help="Set a variable to the secret of a credential; …#FIELD for another value of it.",
)
@click.option(
    "--fd",
    "files",
    multiple=True,
    type=SecretReferenceType(),
    metavar='NAME=@"CREDENTIAL"',
    help="Set a variable to the path of a file in memory that has the secret.",
)
@click.option("--consumer", default="credstore run", help="Who uses the credentials, as the page shows it.")
@data_dir_option
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_context
def run(
    ctx: click.Context,
    *,
    variables: Sequence[SecretReference],
    files: Sequence[SecretReference],
    consumer: str,
    data_dir: Path | None,
    command: Sequence[str],
) -> None:
    """Start COMMAND with secrets in its environment. It replaces this process.

    With CREDSTORE_URL, CREDSTORE_TOKEN and CREDSTORE_PRIVATE_KEY_FILE they come from another machine.

    Exit status: that of COMMAND; 125 where a credential cannot be had, 126 or 127 where COMMAND cannot be started.
    """
    refuse_repeated([*variables, *files])
    secrets: dict[str, str] = {}
    local = data_dir is not None or not os.environ.get("CREDSTORE_URL")
    if variables or files:
        node = Path(command[0]).name
        try:
            with _local(data_dir, consumer, node) if local else _by_token(consumer, node) as resolve:
                secrets = {one.variable: one.text_of(resolve(one.credential)) for one in variables}
                texts = {one.variable: one.text_of(resolve(one.credential)) for one in files}
            secrets |= {name: f"/dev/fd/{secret_descriptor(text)}" for name, text in texts.items()}
        except CredstoreError as refusal:
            raise NotStarted(refusal.sentence) from None
    environment = child_environment(os.environ, secrets, local=local)
    become(command, environment, ctx.meta[UMASK])


@contextmanager
def _local(data_dir: Path | None, consumer: str, node: str) -> Iterator[Resolve]:
    """From the database, with the keys of this machine. Its connections end with the block."""
    from credstore.cli.options import open_app
    from credstore.database import close_database

    app = open_app(data_dir)
    try:
        with app.app_context():
            vault = app.extensions["credstore"].vault
            yield lambda name: vault.resolve(name, consumer=consumer, node=node)
    finally:
        close_database(app)


@contextmanager
def _by_token(consumer: str, node: str) -> Iterator[Resolve]:
    """From another machine, encrypted on the way."""
    from credstore.client import Client, ClientSettings

    with Client(ClientSettings.from_env(os.environ)) as client:
        yield lambda name: client.use(name, consumer=consumer, node=node)
