"""The Flask extension: puts credstore's blueprint into an application and holds its vault and accounts.

Credstore(app, config=config)                       # with credstore's own sign-in
Credstore(app, config=config, authorize=my_check)   # inside a host application that has users of its own
"""

from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFProtect

from credstore.accounts import Accounts
from credstore.background_runner import BackgroundRunner
from credstore.config import Config
from credstore.database import init_database
from credstore.egress import client_from_config
from credstore.encryption.key_verification import require_unlocked
from credstore.encryption.keyring import Keyring
from credstore.errors import NotMigrated
from credstore.migrate import is_current
from credstore.models import db
from credstore.tester import Tester
from credstore.vault import Vault
from credstore.web import make_blueprint
from credstore.web.authentication import init_login_manager, require_sign_in

Authorize = Callable[[], ResponseReturnValue | None]


class Credstore:
    """`authorize` is the host's sign-in check: it returns None to let a request pass, or what to send instead."""

    def __init__(
        self,
        app: Flask,
        *,
        config: Config | None = None,
        authorize: Authorize | None = None,
        tester: Tester | None = None,
    ) -> None:
        """Raises ConfigError when a setting is missing or malformed."""
        self.config = config = config or Config.from_env()
        keyring = Keyring(config.field_encryption_key)
        init_database(app, config.sqlalchemy_url)
        self.vault = Vault(
            db.session,
            keyring,
            tester or _tester(config),
            keep_deleted_days=config.keep_deleted_days,
            keep_replaced_hours=config.keep_replaced_hours,
        )
        self.accounts = Accounts(
            db.session,
            idle=timedelta(minutes=config.session_idle_minutes),
            longest=timedelta(hours=config.session_hours),
        )
        self.runner = BackgroundRunner(app, self.vault, at_once=max(1, config.tests_at_once // 2))
        self.authorize: Authorize = authorize or require_sign_in
        app.extensions["credstore"] = self
        if "csrf" not in app.extensions:
            # Its token and settings, not its hook on every view: our authorization check asks it for our views.
            app.config.setdefault("WTF_CSRF_CHECK_DEFAULT", False)
            CSRFProtect(app)
        if authorize is None:
            init_login_manager(app)
        app.register_blueprint(make_blueprint(own_sign_in=authorize is None))

    def require_ready(self) -> None:
        """Return when requests can be served. Raises StorageError or Locked, whose sentence says what is missing."""
        if not is_current(db.session.connection()):
            raise NotMigrated("The database is not set up for this version. Run: credstore db upgrade")
        require_unlocked(self.vault.key_state())


def _tester(config: Config) -> Tester:
    return Tester(client_from_config(config), seconds=config.test_seconds, at_once=config.tests_at_once)
