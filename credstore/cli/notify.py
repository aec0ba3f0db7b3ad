"""`credstore notify`: sends a test notice, sends what waits, and says what waits."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from credstore.cli.options import data_dir_option, open_session, read_config, read_existing_config
from credstore.config import Config
from credstore.database import close_database
from credstore.egress.from_config import client_from_config
from credstore.errors import ConfigError
from credstore.minimal_app import database_app
from credstore.models import db
from credstore.notices.channels import Channel, channels_from_config
from credstore.notices.deliveries import waiting
from credstore.notices.notifier import Notifier, notifier_from_config, send_test

_NONE = "No notices are set up: set CREDSTORE_NOTIFY_WEBHOOK, or CREDSTORE_NOTIFY_MAIL_TO and CREDSTORE_SMTP_URL."
_bind_option = click.option(
    "--bind", default="127.0.0.1", show_default=True, help="As if the page were served on this address (see egress)."
)


@click.group()
def notify() -> None:
    """Send notices of changed credentials by webhook and e-mail."""


@notify.command()
@_bind_option
def test(bind: str) -> None:
    """Send a test notice by each channel, and say what went wrong. Exit status 1 if one was not taken."""
    results = send_test(_channels(read_config(None, run_command=False, bind=bind)))
    for name, problem in results.items():
        click.echo(f"{name}: not sent. {problem}" if problem else f"{name}: sent.", err=bool(problem))
    if any(results.values()):
        raise click.exceptions.Exit(1)


@notify.command()
@_bind_option
@data_dir_option
def send(bind: str, data_dir: Path | None) -> None:
    """Send the notices that wait, but in quiet hours. For cron, where no `credstore serve` does it.

    Exit status 1 if one was not taken; it is tried again by a later call.
    """
    with _open_notifier(read_existing_config(data_dir, run_command=False, bind=bind)) as notifier:
        notifier.note_expiring()
        if until := notifier.quiet_until():
            click.echo(f"Quiet hours until {until:%Y-%m-%d %H:%M} UTC: nothing is sent.")
            return
        problems = notifier.deliver()
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        raise click.exceptions.Exit(1)


@notify.command()
@data_dir_option
def status(data_dir: Path | None) -> None:
    """Print what waits to be sent, and what was given up. Exit status 1 if a notice was given up."""
    with open_session(data_dir) as session:
        found = waiting(session)
    click.echo(f"Changes that wait for a message: {found.noted:,}")
    click.echo(f"Messages that wait for their receiver: {found.messages:,}")
    click.echo(f"Changes in messages that were given up in the last 30 days: {found.given_up:,}")
    if found.problem:
        click.echo(f"The last problem: {found.problem}")
    if found.given_up:
        raise click.exceptions.Exit(1)


def _channels(config: Config) -> tuple[Channel, ...]:
    channels = channels_from_config(config, client_from_config(config))
    if not channels:
        raise ConfigError(_NONE)
    return channels


@contextmanager
def _open_notifier(config: Config) -> Iterator[Notifier]:
    _channels(config)  # where there are none it says so, before the database is opened
    app = database_app(config)
    try:
        with app.app_context():
            yield notifier_from_config(db.session, config, client_from_config(config))
    finally:
        close_database(app)
