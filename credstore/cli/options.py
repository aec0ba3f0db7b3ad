"""Shared by the commands: the option --data-dir, the config, and an application context with the accounts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import click
from flask import Flask

from credstore.accounts import Accounts
from credstore.config import Config
from credstore.database import AnySession, close_database
from credstore.migrate import upgrade
from credstore.minimal_app import database_app
from credstore.models import db

_Command = TypeVar("_Command", bound=Callable[..., Any])


def data_dir_option(command: _Command) -> _Command:
    """Add the option `--data-dir`, which overrides CREDSTORE_DATA_DIR."""
    return click.option("--data-dir", type=click.Path(file_okay=False, path_type=Path), help="Folder of the database.")(
        command
    )


def read_config(data_dir: Path | None, **known: Any) -> Config:
    """The settings of the environment; `known` and `data_dir` from the command line come first. Raises ConfigError."""
    return Config.from_env(**(known | ({"data_dir": data_dir.absolute()} if data_dir else {})))


@contextmanager
def open_session(data_dir: Path | None) -> Iterator[AnySession]:
    """A session of the configured database, for work that needs no key. Its connections end with it."""
    app = database_app(read_config(data_dir))
    try:
        with app.app_context():
            yield db.session
    finally:
        close_database(app)


@contextmanager
def open_accounts(config: Config, app: Flask | None = None) -> Iterator[Accounts]:
    """The accounts, inside an application context. Without `app`, makes an application and migrates its database."""
    if app is None:
        app = database_app(config)
        upgrade(app)
    with app.app_context():
        yield Accounts(
            db.session,
            idle=timedelta(minutes=config.session_idle_minutes),
            longest=timedelta(hours=config.session_hours),
        )
