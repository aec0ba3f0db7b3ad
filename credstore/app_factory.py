"""The application factory of a stand-alone credstore: session cookie, trusted hosts, proxy hops, then the extension."""

from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from credstore.config import Config
from credstore.database import init_database
from credstore.encryption.keyring import GENERATE_COMMAND
from credstore.errors import ConfigError
from credstore.extension import Credstore
from credstore.tester import Tester
from credstore.web.session_cookie import SessionCookie
from credstore.web.trusted_hosts import require_trusted_host

MAX_FORM_BYTES = 2_000_000  # bytes; 10,000 ids of a batch take 0.4 MB
MIN_SECRET_KEY_LENGTH = 32  # characters


def build_app(config: Config, tester: Tester | None = None) -> Flask:
    """The complete application; see `credstore.create_app`. Raises ConfigError."""
    if len(config.secret_key) < MIN_SECRET_KEY_LENGTH:
        problem = "is shorter than 32 characters" if config.secret_key else "is not set"
        raise ConfigError(f"SECRET_KEY {problem}. Make one with: {GENERATE_COMMAND}")
    app = minimal_app(config)
    app.session_interface = SessionCookie()
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    if config.proxy_hops:
        hops: dict[str, Any] = dict.fromkeys(("x_for", "x_proto", "x_host"), config.proxy_hops)
        app.wsgi_app = ProxyFix(app.wsgi_app, **hops)  # type: ignore[method-assign]
    require_trusted_host(app, config.hosts)
    Credstore(app, config=config, tester=tester)
    return app


def minimal_app(config: Config) -> Flask:
    """A Flask application with credstore's settings, without views and without a database."""
    # Flask's default instance folder is in the virtual environment, which may be deleted. Nothing is written to it.
    app = Flask("credstore", static_folder=None, instance_path=str(Path(config.data_dir).absolute()))
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
