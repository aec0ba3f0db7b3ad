"""The page of the machine tokens: issues, lists and revokes them. A new token is shown once, in the answer itself."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs

from credstore.accounts.machine_tokens import IssuedToken, MachineTokens
from credstore.accounts.token_rules import SCOPES
from credstore.credential_types.paste_detection.secret_words import looks_like_a_secret
from credstore.errors import InvalidFields
from credstore.web import request_context
from credstore.web.authorized_form import AuthorizedForm
from credstore.web.flash_messages import flash_message
from credstore.web.rendering import render_template

_ENDS = (("30d", "In 30 days"), ("90d", "In 90 days"), ("365d", "In a year"), ("never", "Never"))


class TokenForm(AuthorizedForm):
    """A new token. The scopes are check boxes of their own."""

    name = StringField("Name", description="What will use it.")
    expires = SelectField("Ends", choices=[SelectChoice(*end) for end in _ENDS], default="90d", validate_choice=False)
    public_key = TextAreaField(
        "Public key", description="X25519, as PEM or base64. The scope “use” needs it: values are encrypted to it."
    )


def register(bp: Blueprint) -> None:
    bp.add_url_rule("/tokens", view_func=tokens, methods=["GET"])
    bp.add_url_rule("/tokens", view_func=issue_token, methods=["POST"])
    bp.add_url_rule("/tokens/<int:token_id>/revoke", view_func=revoke_token, methods=["POST"])


def tokens() -> ResponseReturnValue:
    return _page(TokenForm(formdata=None))


def issue_token() -> ResponseReturnValue:
    """Issue a token. An open browser alone must not be enough: `reauthentication` has asked for the password.

    That is so on credstore's own site. A host application asks in its `authorize`, where it wants that.
    """
    form, services = TokenForm(request.form), request_context.services()
    scopes, username = request.form.getlist("scopes"), request_context.username()
    try:
        issued = services.tokens.issue(
            name=form.name.data or "",
            scopes=scopes,
            expires=form.expires.data or "",
            public_key=form.public_key.data or "",
            by=username,
        )
    except InvalidFields as refusal:
        return _page(form, scopes, wrong=refusal.fields), 400
    return _page(TokenForm(formdata=None), issued=issued)


def revoke_token(token_id: int) -> ResponseReturnValue:
    """End a token now. Raises NotFound."""
    ended = _tokens().revoke(min(token_id, 2**31 - 1))
    flash_message(f"The token {ended.name} is revoked.")
    return redirect(url_for("credstore.tokens"), 303)


def _tokens() -> MachineTokens:
    return request_context.services().tokens


def _page(
    form: TokenForm,
    chosen: list[str] | None = None,
    *,
    wrong: dict[str, str] | None = None,
    issued: IssuedToken | None = None,
) -> str:
    wrong = wrong or {}
    if looks_like_a_secret(form.name.data or ""):
        form.name.data = ""
    for name, sentence in wrong.items():
        if name in form:
            form[name].errors = [sentence]
    return render_template(
        "credstore/tokens.html",
        form=form,
        scopes=SCOPES,
        chosen=["read"] if chosen is None else chosen,
        scopes_wrong=wrong.get("scopes"),
        issued=issued,
        tokens=_tokens().list(),
    )
