"""A Flask application with the settings and the database alone: what commands need, and the start of the whole one.

Imports neither views nor use cases, so that `credstore serve` is soon at the server.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask

from credstore.config import Config
from credstore.database import init_database
from credstore.encryption.keyring import GENERATE_COMMAND, Keyring
from credstore.errors import ConfigError

MAX_FORM_BYTES = 2_000_000  # bytes; 10,000 ids of a batch take 0.4 MB
MIN_SECRET_KEY_LENGTH = 32  # characters


def check_keys(config: Config) -> None:
    """Raises ConfigError where SECRET_KEY or FIELD_ENCRYPTION_KEY is missing or malformed."""
    if len(config.secret_key) < MIN_SECRET_KEY_LENGTH:
        problem = "is shorter than 32 characters" if config.secret_key else "is not set"
        raise ConfigError(f"SECRET_KEY {problem}. Make one with: {GENERATE_COMMAND}")
    Keyring(config.field_encryption_key, config.key_source)


class Application(Flask):
    """Flask, whose views and hooks are all plain functions here."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Flask asks each of a dozen functions in each request whether it is a coroutine."""
        return func


def minimal_app(config: Config) -> Flask:
    """A Flask application with credstore's settings, without views and without a database."""
    # Flask's default instance folder is in the virtual environment, which may be deleted. Nothing is written to it.
    app = Application("credstore", static_folder=None, instance_path=str(Path(config.data_dir).absolute()))
    app.config.from_mapping(
        SECRET_KEY=config.secret_key,
        MAX_CONTENT_LENGTH=MAX_FORM_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_FORM_BYTES,
        # The token is valid as long as the session, so that a page that stayed open can still be saved.
        WTF_CSRF_TIME_LIMIT=None,
    )
    return app


def database_app(config: Config) -> Flask:
    """An application with the database and without keys, for commands that run before there are keys."""
    app = minimal_app(config)
    init_database(app, config.sqlalchemy_url)
    return app
