"""The base of the forms of views that run only after the check of the visitor and of the CSRF token."""

from flask_wtf import FlaskForm


class AuthorizedForm(FlaskForm):  # type: ignore[misc]  # flask-wtf ships no types
    """A form that checks no token itself: `authorization.authorize_request` has checked it before any view runs."""

    class Meta:
        csrf = False
