"""The sign-in form and its page, also as the answer to a form that was sent after its session had ended."""

from flask import request
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired

from credstore.access_errors import AccessError
from credstore.web import request_context
from credstore.web.rendering import render_template
from credstore.web.typed_input import seal_typed_input

NAME_ATTRIBUTES = {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
BY_PROVIDER = "oidc"  # who is signed out here, and may still be signed in there


class LoginForm(FlaskForm):  # type: ignore[misc]  # flask-wtf ships no types
    """The sign-in form. `next` is the path to open afterwards; `typed_input` is a form to show again instead."""

    username = StringField("Username", [InputRequired("Enter your username.")], render_kw=NAME_ATTRIBUTES)
    password = PasswordField(
        "Password", [InputRequired("Enter your password.")], render_kw={"autocomplete": "current-password"}
    )
    next = HiddenField()
    typed_input = HiddenField()


def render_login_page(form: LoginForm, refusal: AccessError | None = None) -> str:
    services, sentence = request_context.services(), refusal.sentence if refusal else None
    no_admin, signed_out = not services.accounts.any_admin(), request.args.get("signed_out") == BY_PROVIDER
    return render_template(
        "credstore/login.html",
        form=form,
        refusal=sentence,
        no_admin=no_admin,
        provider=services.provider,
        signed_out=signed_out,
    )


def answer_form_without_session() -> ResponseReturnValue:
    """The sign-in page (401), which keeps what was typed but for secrets, so that the form can be shown again."""
    return render_login_page(LoginForm(formdata=None, typed_input=seal_typed_input())), 401
