"""Accounts with a database, and a small application with the sign-in pages and one page that needs a session."""

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Blueprint, Flask
from flask_wtf.csrf import CSRFProtect
from jinja2 import DictLoader

from credstore import database
from credstore.accounts import Accounts
from credstore.config import DATABASE_FILE, Config
from credstore.models import db
from credstore.web import authorization
from credstore.web.addresses import Addresses
from credstore.web.authentication import init_login_manager, require_sign_in
from credstore.web.brand import Brand
from credstore.web.session_cookie import SessionCookie
from credstore.web.views import login
from tests.page import Page

NAME = "ann"
PASSWORD = "correct horse battery staple"
HERE = "192.0.2.7"
IDLE, LONGEST = timedelta(minutes=30), timedelta(hours=12)
TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
STAND_INS = {
    "credstore/base.html": "<!doctype html><html lang=en><title>{% block title %}{% endblock %}</title>"
    "<body>{% block main %}{% endblock %}</body></html>",
    "credstore/_macros.html": "{% macro field(f) %}{{ f.label }}{{ f }}"
    "{% for e in f.errors %}<p>{{ e }}</p>{% endfor %}{% endmacro %}",
}


def _close(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def bare_app(database_url: str, tmp_path: Path, migrated_sqlite: Path) -> Iterator[Flask]:
    """Our tables and nothing else, on both databases."""
    app = Flask(__name__)
    if not database_url:
        (tmp_path / "data").mkdir()
        shutil.copyfile(migrated_sqlite, tmp_path / "data" / DATABASE_FILE)
    database.init_database(app, Config(data_dir=tmp_path / "data", database_url=database_url).sqlalchemy_url)
    yield app
    _close(app)


@pytest.fixture
def accounts(bare_app: Flask) -> Iterator[Accounts]:
    with bare_app.app_context():
        yield Accounts(db.session, idle=IDLE, longest=LONGEST)


@pytest.fixture
def together(bare_app: Flask) -> Callable[[list[Callable[[], Any]]], list[Any]]:
    """Runs calls at once, each in a thread and session of its own; gives results, or the exceptions raised."""

    def one(call: Callable[[], Any]) -> Any:
        with bare_app.app_context():
            try:
                return call()
            except Exception as error:
                return error

    def run(calls: list[Callable[[], Any]]) -> list[Any]:
        with ThreadPoolExecutor(len(calls)) as pool:
            return list(pool.map(one, calls))

    return run


@dataclass
class Site:
    """A small application with our sign-in; `page()` is one more browser."""

    app: Flask
    accounts: Accounts
    extension: SimpleNamespace = field(repr=False)

    def page(self) -> Page:
        return Page(self.app.test_client())

    def signed_in(self) -> Page:
        page = self.page()
        page.sign_in(NAME, PASSWORD)
        return page

    def run(self, use: Callable[[Accounts], Any]) -> Any:
        with self.app.app_context():
            return use(self.accounts)


@pytest.fixture
def empty_site(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Site]:
    """A site whose administrator is still to be made."""
    app = Flask(__name__, static_folder=None)
    app.config.update(SECRET_KEY="s" * 32, WTF_CSRF_TIME_LIMIT=None)
    app.testing = True
    app.jinja_loader = DictLoader(STAND_INS)  # type: ignore[assignment]
    app.session_interface = SessionCookie()
    shutil.copyfile(migrated_sqlite, tmp_path / "site.sqlite3")
    database.init_database(app, f"sqlite:///{tmp_path / 'site.sqlite3'}")
    accounts = Accounts(db.session, idle=IDLE, longest=LONGEST)
    extension = SimpleNamespace(
        config=Config(),
        accounts=accounts,
        authorize=require_sign_in,
        addresses=Addresses(),
        layout=None,
        brand=Brand(),
        provider=None,
        vault=SimpleNamespace(key_state=None),
    )
    app.extensions["credstore"] = extension
    CSRFProtect(app)
    init_login_manager(app)
    app.register_blueprint(_blueprint())
    yield Site(app, accounts, extension)
    _close(app)


@pytest.fixture
def site(empty_site: Site) -> Site:
    """A site with an administrator, NAME."""
    empty_site.run(lambda accounts: accounts.create(NAME, PASSWORD))
    return empty_site


def _blueprint() -> Blueprint:
    bp = Blueprint(
        "credstore", __name__, template_folder=str(TEMPLATES), static_folder=str(TEMPLATES.parent / "static")
    )
    authorization.register(bp)
    login.register(bp)
    body = "<!doctype html><html lang=en><title>Here</title><body>secret list"
    bp.add_url_rule("/credentials", "index", lambda: body, methods=["GET", "POST"])
    return bp
