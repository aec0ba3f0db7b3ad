"""The views of sign-in, sign-out and set-up. They never return a password, and never redirect to another site."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired

from credstore.errors import AccessError, InvalidFields, SetupClosed, Throttled, WrongPassword
from credstore.web.authentication import accounts, end_session, local_path, require_https, start_session

_NAME = {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}


class LoginForm(FlaskForm):  # type: ignore[misc]  # flask-wtf ships no types
    """The sign-in form; `next` is the path to open afterwards."""

    username = StringField("Username", [InputRequired("Enter your username.")], render_kw=_NAME)
    password = PasswordField(
        "Password", [InputRequired("Enter your password.")], render_kw={"autocomplete": "current-password"}
    )
    next = HiddenField()


class SetupForm(FlaskForm):  # type: ignore[misc]  # flask-wtf ships no types
    """The form for the first administrator. `Accounts.create_first_admin` validates it."""

    username = StringField("Username", render_kw=_NAME | {"required": True})
    password = PasswordField(
        "Password",
        description="At least 15 characters. A sentence of several words is good.",
        render_kw={"autocomplete": "new-password", "required": True},
    )
    token = HiddenField()


def register(bp: Blueprint) -> None:
    """Add the views to the blueprint `credstore`."""
    bp.add_url_rule("/", "home", home)
    bp.add_url_rule("/login", "login", require_https(login), methods=["GET", "POST"])
    bp.add_url_rule("/logout", "logout", logout, methods=["POST"])
    bp.add_url_rule("/setup", "setup", require_https(setup), methods=["GET", "POST"])


def home() -> ResponseReturnValue:
    return redirect(url_for("credstore.index"), 303)


def login() -> ResponseReturnValue:
    form = LoginForm(request.form, next=request.args.get("next", ""))
    if request.method != "POST":
        return _after_sign_in(form) if current_user.is_authenticated else _login_page(form)
    if not form.validate():
        return _login_page(form), 400
    try:
        start_session(form.username.data or "", form.password.data or "")
    except WrongPassword as refusal:
        return _login_page(form, refusal), 401
    except Throttled as refusal:
        return _login_page(form, refusal), 429, {"Retry-After": str(refusal.retry_after)}
    return _after_sign_in(form)


def logout() -> ResponseReturnValue:
    end_session()
    response = redirect(url_for("credstore.login"), 303)
    # Not "cookies": browsers clear those of the whole domain, on localhost of every port. Flask deletes ours by name.
    # Not "cache": it may delay the redirect by seconds, and no page of credstore is cached.
    response.headers["Clear-Site-Data"] = '"storage"'
    return response


def setup() -> ResponseReturnValue:
    form = SetupForm(request.form, token=request.args.get("token", ""))
    token, username, password = form.token.data or "", form.username.data or "", form.password.data or ""
    try:
        if request.method == "POST" and form.validate():
            accounts().create_first_admin(token, username, password)
            return _first_sign_in(username, password)
        if not accounts().setup_open(token):
            raise SetupClosed("This set-up link is used, expired or unknown.")
    except SetupClosed as closed:
        return _setup_refused(closed), 403
    except InvalidFields as invalid:
        _show(invalid, form)
    return render_template("credstore/setup.html", form=form), 400 if request.method == "POST" else 200


def _login_page(form: LoginForm, refusal: AccessError | None = None) -> str:
    sentence = refusal.sentence if refusal else None
    return render_template("credstore/login.html", form=form, refusal=sentence, no_admin=not accounts().any_admin())


def _after_sign_in(form: LoginForm) -> ResponseReturnValue:
    return redirect(local_path(form.next.data) or url_for("credstore.index"), 303)


def _first_sign_in(username: str, password: str) -> ResponseReturnValue:
    try:
        start_session(username, password)
    except AccessError:  # throttled by guesses from before the set-up; the account exists all the same
        return redirect(url_for("credstore.login"), 303)
    return redirect(url_for("credstore.index"), 303)


def _setup_refused(closed: SetupClosed) -> str:
    done = accounts().any_admin()
    return render_template("credstore/refused.html", reason="setup", sentence=closed.sentence, has_admin=done)


def _show(invalid: InvalidFields, form: FlaskForm) -> None:
    for name, sentence in invalid.fields.items():
        form[name].errors = [sentence]
