"""The page on which somebody who is signed in changes their own password."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from wtforms import PasswordField

from credstore.access_errors import AccessError, Throttled
from credstore.errors import InvalidFields, NotFound
from credstore.web import request_context
from credstore.web.authentication import accounts, begin_session, require_https
from credstore.web.authorized_form import AuthorizedForm
from credstore.web.flash_messages import flash_message
from credstore.web.new_user import ABOUT_PASSWORDS
from credstore.web.rendering import render_template


class OwnPasswordForm(AuthorizedForm):
    """The password that is in use, and the new one. The accounts validate both."""

    password = PasswordField("Current password", render_kw={"autocomplete": "current-password", "required": True})
    new = PasswordField(
        "New password", description=ABOUT_PASSWORDS, render_kw={"autocomplete": "new-password", "required": True}
    )


def register(bp: Blueprint) -> None:
    bp.add_url_rule("/password", "own_password", require_https(own_password), methods=["GET", "POST"])


def own_password() -> ResponseReturnValue:
    """Show the form, or change the password. Who signs in at the provider has none here."""
    form = OwnPasswordForm(request.form)
    if request.method != "POST" or current_user.by_provider:
        return _page(form)
    name, old, new = current_user.username, form.password.data or "", form.new.data or ""
    token, address = current_user.token, request.remote_addr or ""
    try:
        accounts().confirm_password(name, old, address=address, token=token)
        renewed = request_context.services().users.change_own_password(name, old, new, token=token, address=address)
    except Throttled as refusal:
        form.password.errors = [refusal.sentence]
        return _page(form), 429, {"Retry-After": str(refusal.retry_after)}
    except (AccessError, NotFound) as refusal:
        form.password.errors = [refusal.sentence]
        return _page(form), 400
    except InvalidFields as invalid:
        form.new.errors = [invalid.fields["new"]]
        return _page(form), 400
    begin_session(renewed)
    flash_message("Your password is changed. Your other sessions are signed out.")
    return redirect(url_for("credstore.index"), 303)


def _page(form: OwnPasswordForm) -> str:
    return render_template("credstore/password.html", form=form, by_provider=current_user.by_provider)
