"""Credstore's own sign-in with Flask-Login: the user of a request, and `require_sign_in`, the default authorize check.

It never redirects to another site, and never asks for a password over plain http from another machine.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, wraps
from typing import cast
from urllib.parse import urlsplit

from flask import Flask, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, current_user, login_user

from credstore.accounts import Accounts, Role
from credstore.loopback import is_loopback
from credstore.web import request_context
from credstore.web.authorization import note_actor, require_role
from credstore.web.error_handlers import problem_details
from credstore.web.login_page import answer_form_without_session
from credstore.web.rendering import render_template
from credstore.web.route_roles import role_needed
from credstore.web.typed_input import FORM_ENDPOINTS

View = Callable[[], ResponseReturnValue]

MAX_NEXT_LENGTH = 2000
SIGN_IN_FIRST = "Your session has ended or was never started. Sign in, then try again."


@dataclass(frozen=True)
class User:
    """The user of a request, for Flask-Login. Its id is the token of the session, not the id of the account."""

    token: str = field(repr=False)
    username: str
    role: Role
    confirmed: bool
    by_provider: bool
    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        return self.token


def init_login_manager(app: Flask) -> None:
    """Set up Flask-Login on `app`."""
    # Not by its `init_app`: its context processor loads the user, so that an error page would query a broken database
    # again, and its hook looks into the session of each request for a cookie that credstore does not set.
    manager = app.login_manager = LoginManager()  # type: ignore[attr-defined]
    manager.session_protection = None  # it compares address and user agent; here the row of the session decides
    manager.user_loader(load_user)


def load_user(token: str) -> User | None:
    """Flask-Login's user loader: the user of a valid session, or None."""
    found = accounts().session_user(token)
    return User(token, found.username, found.role, found.confirmed, found.by_provider) if found else None


def accounts() -> Accounts:
    """The accounts of the current application."""
    return request_context.services().accounts


def require_sign_in() -> ResponseReturnValue | Role:
    """The default authorize check: the user's role when signed in, else a redirect to sign in, or a 401 problem."""
    if current_user.is_authenticated:
        g.credstore_username = current_user.username
        return cast(Role, current_user.role)
    if request_context.wants_json() or request_context.wants_fragment():
        return problem_details(401, "sign-in", SIGN_IN_FIRST, title="Sign in first", sign_in=url_for("credstore.login"))
    if request.endpoint in FORM_ENDPOINTS and request.form and may_ask_for_password():
        return answer_form_without_session()
    here = urlsplit(request.url)
    path = f"{here.path}?{here.query}" if here.query else here.path
    # Only a page can be opened again after sign-in, not a POST.
    next_path = local_path(path) if request.method in {"GET", "HEAD"} else None
    return redirect(url_for("credstore.login", next=next_path), 303)


def start_session(username: str, password: str) -> None:
    """Start a session for this browser and end the one it had. Raises WrongPassword, Throttled."""
    begin_session(accounts().sign_in(username, password, request.remote_addr or ""))


def begin_session(token: str) -> None:
    """Give this browser the session of this token, and end the one it had."""
    end_session()  # a session id from before the sign-in must not outlive it (fixation)
    login_user(load_user(token))


def authorize_after_sign_in() -> None:
    """Let the rest of a request that has just started a session count as signed in, with a CSRF token of its own.

    It shows a form of a credential. Raises RoleMissing for who may not send that.
    """
    g.credstore_username, g.credstore_role = current_user.username, current_user.role
    g.credstore_authorized = True
    note_actor()
    require_role(role_needed("credstore.save"))
    # Flask-WTF keeps the token of the session from before.
    g.pop(current_app.config["WTF_CSRF_FIELD_NAME"], None)


def end_session() -> None:
    """End this browser's session, on the server as well."""
    token = session.get("_user_id")
    if token:
        accounts().sign_out(token)
    session.clear()


def local_path(target: str | None) -> str | None:
    """`target` if it is a path of this site, else None: a link must not redirect to another site after sign-in."""
    if not target or len(target) > MAX_NEXT_LENGTH or not target.startswith("/") or target.startswith("//"):
        return None
    # Browsers read a backslash as a slash, and drop control characters before they parse.
    if "\\" in target or any(unicodedata.category(character)[0] in "CZ" for character in target):
        return None
    return target


def require_https(view: View) -> View:
    """Wrap a view: 403 over plain http from another machine, where the password would be sent unencrypted."""

    @wraps(view)
    def guarded() -> ResponseReturnValue:
        if may_ask_for_password():
            return view()
        return render_template("credstore/access_refused.html", reason="http"), 403

    return guarded


def may_ask_for_password() -> bool:
    """Whether a password that is typed here cannot be read on its way."""
    return request.is_secure or request_context.config().allow_http or _is_this_machine(request.host)


@lru_cache(maxsize=64)
def _is_this_machine(host: str) -> bool:
    """Of the header Host. Kept, since each request of the API asks."""
    try:
        return is_loopback(urlsplit(f"//{host}").hostname or "")
    except ValueError:
        return False
