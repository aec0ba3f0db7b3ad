"""The `credstore` command, also `flask credstore`. Each command calls a use case and prints its result."""

import os
from importlib import import_module
from typing import Any

import click

from credstore.actor import COMMAND_LINE, acting_as
from credstore.dotenv_file import load_env_file, with_file
from credstore.errors import CredstoreError, InvalidFields

# Each in the module of its name, in this package; with what `credstore --help` says of it, which imports none of them.
COMMANDS = {
    "serve": "Serve the page.",
    "admin": "Manage administrators.",
    "user": "Manage users and their roles: viewer, editor, admin.",
    "token": "Manage the machine tokens of the JSON API.",
    "db": "Manage the database.",
    "keys": "Manage the keys that encrypt secrets.",
    "audit": "Prove and export the audit log.",
    "egress": "Explain which addresses tests may call.",
    "test": "Test credentials by their ids, or all of them.",
    "deleted": "List the deleted credentials that can be restored, with who deleted them and until when they are kept.",
    "restore": "Restore deleted credentials by their ids, which `credstore deleted` lists.",
    "backup": "Copy the SQLite database to the new file FILE, also while the server runs.",
    "doctor": "Check settings, files, database, key, counts, time, egress, sign-in provider and notices, "
    "and say what to do.",
    "import": "Store the credentials in FILE, all that can be stored or none.",
    "export": "Write all credentials to the new file FILE, encrypted with a passphrase.",
    "notify": "Send notices of changed credentials by webhook and e-mail.",
    "migrate-db": "Copy the configured database to the empty one at URL: everything, or nothing.",
    "run": "Start COMMAND with secrets in its environment.",
}
# Where the name is another one.
_MODULES = {"import": "import_credentials", "export": "export_credentials", "migrate-db": "migrate_db"}


# In the context: the variables that the `.env` file has set, and the umask that the process was started with.
FROM_FILE, UMASK = "credstore.from_file", "credstore.umask"


class Commands(click.Group):
    """Imports the module of a command when the command is used, so that each starts soon.

    Prints a CredstoreError as one sentence and exits with status 1. Other exceptions keep their traceback. A variable
    that came from a `.env` file is named with its file: nobody looks for it there.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module = _MODULES.get(cmd_name, cmd_name)
        command: click.Command = getattr(import_module(f"credstore.cli.{module}"), module)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        limit = formatter.width - 6 - max(map(len, COMMANDS))
        lines = [(name, click.Command(name, help=text).get_short_help_str(limit)) for name, text in COMMANDS.items()]
        with formatter.section("Commands"):
            formatter.write_dl(lines)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except InvalidFields as refusal:
            raise click.ClickException(" ".join(refusal.fields.values())) from None
        except CredstoreError as refusal:
            raise click.ClickException(with_file(refusal.for_operator, ctx.meta.get(FROM_FILE, ()))) from None


@click.group(cls=Commands)
@click.version_option(package_name="credstore", prog_name="credstore")
@click.pass_context
def main(ctx: click.Context) -> None:
    """The credentials page for workflow platforms."""
    ctx.with_resource(acting_as(COMMAND_LINE))
    ctx.meta[UMASK] = os.umask(0o077)  # new files of the database and the keys are for their owner only
    if ctx.invoked_subcommand == "run":
        # It starts programs in folders that others have written, whose file could send a token to their own machine.
        ctx.meta[FROM_FILE] = frozenset[str]()
        return
    ctx.meta[FROM_FILE] = load_env_file()
