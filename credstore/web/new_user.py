"""The form in which somebody chooses a name and a password, by a link that works once, and the sign-in that follows."""

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, StringField

from credstore.access_errors import AccessError
from credstore.errors import InvalidFields
from credstore.web.authentication import start_session
from credstore.web.login_page import NAME_ATTRIBUTES

ABOUT_PASSWORDS = "At least 15 characters. A sentence of several words is good."


class NewUserForm(FlaskForm):  # type: ignore[misc]  # flask-wtf ships no types
    """A new user, by the token of a link. The accounts validate it."""

    username = StringField("Username", render_kw=NAME_ATTRIBUTES | {"required": True})
    password = PasswordField(
        "Password",
        description=ABOUT_PASSWORDS,
        render_kw={"autocomplete": "new-password", "required": True},
    )
    token = HiddenField()

    def show(self, invalid: InvalidFields) -> None:
        """Put the sentences beside their fields."""
        for name, sentence in invalid.fields.items():
            self[name].errors = [sentence]


def first_sign_in(username: str, password: str) -> ResponseReturnValue:
    """Sign in who was just made a user."""
    try:
        start_session(username, password)
    except AccessError:  # throttled by earlier guesses at this name; the user exists all the same
        return redirect(url_for("credstore.login"), 303)
    return redirect(url_for("credstore.index"), 303)
