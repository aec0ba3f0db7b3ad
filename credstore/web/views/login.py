"""The views of sign-in, sign-out and set-up. They never return a password, and never redirect to another site."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from credstore.access_errors import SetupClosed, Throttled, WrongPassword
from credstore.errors import InvalidFields
from credstore.web.authentication import (
    accounts,
    authorize_after_sign_in,
    end_session,
    local_path,
    require_https,
    start_session,
)
from credstore.web.login_page import BY_PROVIDER, LoginForm, render_login_page
from credstore.web.new_user import NewUserForm, first_sign_in
from credstore.web.rendering import render_template
from credstore.web.views.form_again import form_after_sign_in


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
        return _after_sign_in(form) if current_user.is_authenticated else render_login_page(form)
    if not form.validate():
        return render_login_page(form), 400
    try:
        start_session(form.username.data or "", form.password.data or "")
    except WrongPassword as refusal:
        return render_login_page(form, refusal), 401
    except Throttled as refusal:
        return render_login_page(form, refusal), 429, {"Retry-After": str(refusal.retry_after)}
    if form.typed_input.data:
        authorize_after_sign_in()
        return form_after_sign_in(form.typed_input.data)
    return _after_sign_in(form)


def logout() -> ResponseReturnValue:
    signed_out = BY_PROVIDER if current_user.by_provider else None
    end_session()
    response = redirect(url_for("credstore.login", signed_out=signed_out), 303)
    # Not "cookies": browsers clear those of the whole domain, on localhost of every port. Flask deletes ours by name.
    # Not "cache": it may delay the redirect by seconds, and no page of credstore is cached.
    response.headers["Clear-Site-Data"] = '"storage"'
    return response


def setup() -> ResponseReturnValue:
    form = NewUserForm(request.form, token=request.args.get("token", ""))
    token, username, password = form.token.data or "", form.username.data or "", form.password.data or ""
    try:
        if request.method == "POST" and form.validate():
            accounts().create_first_admin(token, username, password)
            return first_sign_in(username, password)
        if not accounts().setup_open(token):
            raise SetupClosed("This set-up link is used, expired or unknown.")
    except SetupClosed as closed:
        return _setup_refused(closed), 403
    except InvalidFields as invalid:
        form.show(invalid)
    return render_template("credstore/setup.html", form=form), 400 if request.method == "POST" else 200


def _after_sign_in(form: LoginForm) -> ResponseReturnValue:
    return redirect(local_path(form.next.data) or url_for("credstore.index"), 303)


def _setup_refused(closed: SetupClosed) -> str:
    done = accounts().any_admin()
    return render_template("credstore/access_refused.html", reason="setup", sentence=closed.sentence, has_admin=done)
