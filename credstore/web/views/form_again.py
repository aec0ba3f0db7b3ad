"""The create and the edit form once more, with what was typed, after a sign-in between opening and sending them."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.datastructures import MultiDict

from credstore.errors import CredstoreError
from credstore.web import request_context
from credstore.web.error_handlers import handle_http_exception
from credstore.web.flash_messages import flash_message
from credstore.web.typed_input import FORM_ENDPOINTS, open_typed_input
from credstore.web.views import create_edit

SIGNED_IN = "You are signed in again. Nothing was saved yet: look at the form, then save it."
OLD_FORM = (
    "This form is no longer valid: you signed in after opening it, or cookies changed. Nothing was saved yet; this is "
    "the form with what you typed, so save it once more."
)
TOO_LATE = "What you typed was kept for an hour only. Enter it again."


def register(bp: Blueprint) -> None:
    bp.register_error_handler(CSRFError, form_with_new_token)


def form_after_sign_in(token: str) -> ResponseReturnValue:
    """The form that was sent without a session. `token` has what was typed, as the sign-in page kept it."""
    typed = open_typed_input(token)
    if typed is None:
        flash_message(TOO_LATE, tone="warning")
        return redirect(url_for("credstore.index"), 303)
    return create_edit.show_again(typed.public_id, typed.fields, typed.secrets, SIGNED_IN)


def form_with_new_token(error: CSRFError) -> ResponseReturnValue:
    """The form that was sent with a CSRF token from before a sign-in in another tab. Nothing of it was done."""
    if request.endpoint not in FORM_ENDPOINTS or request_context.wants_json() or request_context.wants_fragment():
        return handle_http_exception(error)
    secrets = {name for name, value in request.form.items() if value.strip()}
    public_id = str((request.view_args or {}).get("public_id", ""))
    try:
        return create_edit.show_again(public_id, MultiDict(request.form), secrets, OLD_FORM, 400)
    except CredstoreError:  # the credential is not there any more, or the database
        return handle_http_exception(error)
