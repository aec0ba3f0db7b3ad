"""The application: users, a database and a layout of its own, and credstore below /settings/credentials."""

import os
from pathlib import Path
from typing import Any

from flask import Flask
from flask_login import LoginManager, current_user
from flask_wtf.csrf import CSRFProtect

from credstore.accounts import Role, Visitor
from credstore.extension import Credstore
from examples.workflow_runner import sign_in, workflow_pages
from examples.workflow_runner.models import User, db

login_manager = LoginManager()
login_manager.login_view = "sign_in.sign_in"


def may_use_credentials() -> Any:
    """The check before each page of credstore: administrators may do everything there, other users may look.

    The name is for credstore's audit log.
    """
    if not current_user.is_authenticated:
        return login_manager.unauthorized()
    return Visitor(Role.ADMIN if current_user.is_admin else Role.VIEWER, current_user.username)


def create_app() -> Flask:
    """The application, with the settings of the environment. Raises ConfigError where one is missing."""
    folder = Path(os.environ["CREDSTORE_DATA_DIR"])
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=os.environ["SECRET_KEY"],
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder.absolute() / 'workflows.sqlite3'}",
        TELEGRAM_API=os.environ.get("TELEGRAM_API", "https://api.telegram.org"),
    )
    db.init_app(app)
    CSRFProtect(app)
    login_manager.init_app(app)
    login_manager.user_loader(lambda user_id: db.session.get(User, int(user_id)))
    app.register_blueprint(sign_in.bp)
    app.register_blueprint(workflow_pages.bp)
    app.after_request(add_headers)
    Credstore(
        app,
        authorize=may_use_credentials,
        url_prefix="/settings/credentials",
        api_prefix="/settings/api/v1",
        layout="host/base.html",
        csp=False,
    )
    return app


def add_headers(response: Any) -> Any:
    """The application's own policy. It allows inline styles, which credstore's own policy would refuse."""
    policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
    policy += "; frame-ancestors 'none'; form-action 'self'; base-uri 'none'"
    response.headers["Content-Security-Policy"] = policy
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
