"""Shared by the commands: the option --data-dir, the config, applications, and a context with the accounts."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any, TypeVar

import click

from credstore.config import Config
from credstore.errors import ConfigError, NotFound

if TYPE_CHECKING:  # a command that needs no database, or is only asked for its help, starts without SQLAlchemy
    from flask import Flask

    from credstore.accounts import Accounts
    from credstore.database import AnySession

_UNITS = {"m": 60, "h": 3_600, "d": 86_400}
_Command = TypeVar("_Command", bound=Callable[..., Any])


class Interval(click.ParamType[int]):
    """A span of time as a number with m, h or d, like 90m, 24h or 7d: minutes, hours, days. Gives seconds."""

    name = "interval"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        text = str(value).strip().lower()
        number, unit = text[:-1], text[-1:]
        seconds = int(number) * _UNITS[unit] if unit in _UNITS and number.isdecimal() and len(number) < 6 else 0
        if not 60 <= seconds <= 90 * _UNITS["d"]:
            self.fail("Write an interval from 1m to 90d, like 90m, 24h or 7d.", param, ctx)
        return seconds


def data_dir_option(command: _Command) -> _Command:
    """Add the option `--data-dir`, which overrides CREDSTORE_DATA_DIR."""
    return click.option("--data-dir", type=click.Path(file_okay=False, path_type=Path), help="Folder of the database.")(
        command
    )


def read_config(data_dir: Path | None, **known: Any) -> Config:
    """The settings of the environment; `known` and `data_dir` from the command line come first. Raises ConfigError.

    `run_command=False`: without the keys that FIELD_ENCRYPTION_KEY_COMMAND would print, for work that needs none.
    """
    return Config.from_env(**(known | ({"data_dir": data_dir.absolute()} if data_dir else {})))


def require_database(config: Config) -> None:
    """Raises ConfigError where the file of a SQLite database does not exist: to connect would make an empty one."""
    from credstore.database import database_file

    database = database_file(config.sqlalchemy_url)
    if database and not os.path.isfile(database):  # noqa: PTH113 - False also where this user may not look
        setting = "DATABASE_URL" if config.database_url else "CREDSTORE_DATA_DIR and --data-dir"
        raise ConfigError(
            f"There is no database at {database}. Check {setting}. In a new installation, credstore serve makes it."
        )


def database_place(config: Config) -> str:
    """Where the database is, for people: the path of a SQLite file, or the setting of another database."""
    from credstore.database import database_file

    return str(database_file(config.sqlalchemy_url) or "that of DATABASE_URL")


@contextmanager
def _naming_database(config: Config) -> Iterator[None]:
    """What is not found may be in the database of another folder, so the sentence says which one it was."""
    try:
        yield
    except NotFound as refusal:
        raise NotFound(f"{refusal.sentence} The database is {database_place(config)}.") from None


def read_existing_config(data_dir: Path | None, **known: Any) -> Config:
    """As `read_config`, for commands that need a database that is there already. Raises ConfigError."""
    config = read_config(data_dir, **known)
    require_database(config)
    return config


def open_app(data_dir: Path | None) -> "Flask":
    """The whole application of an installation, for a command. It signs no cookie, so it needs no SECRET_KEY."""
    from credstore.app_factory import build_app  # here, since most commands need less

    config = read_existing_config(data_dir, bind="127.0.0.1")
    return build_app(config if config.secret_key else replace(config, secret_key=token_urlsafe(48)))


@contextmanager
def open_session(data_dir: Path | None, *, migrate: bool = False) -> Iterator["AnySession"]:
    """A session of the configured database, for work that needs no key. Its connections end with it.

    `migrate`: bring its tables up to date first.
    """
    from credstore.database import close_database
    from credstore.migrate import upgrade
    from credstore.minimal_app import database_app
    from credstore.models import db

    config = read_existing_config(data_dir, run_command=False)
    app = database_app(config)
    if migrate:
        upgrade(app)
    try:
        with app.app_context(), _naming_database(config):
            yield db.session
    finally:
        close_database(app)


@contextmanager
def open_accounts(config: Config, app: "Flask | None" = None) -> Iterator["Accounts"]:
    """The accounts, inside an application context. Without `app`, makes an application and migrates its database."""
    from credstore.accounts import Accounts
    from credstore.migrate import upgrade
    from credstore.minimal_app import database_app
    from credstore.models import db

    if app is None:
        app = database_app(config)
        upgrade(app)
    with app.app_context(), _naming_database(config):
        yield Accounts(
            db.session,
            idle=timedelta(minutes=config.session_idle_minutes),
            longest=timedelta(hours=config.session_hours),
        )
