"""The password again, before the pages that give lasting rights: users, machine tokens, encryption keys.

A sign-in, or a password given here, counts for ten minutes of its session. A form that comes later is not lost: the
question for the password keeps its fields, and sends them on. Who has no password here signs in at the provider again.
"""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from wtforms import HiddenField, PasswordField

from credstore.access_errors import AccessError, Throttled
from credstore.web import request_context
from credstore.web.authentication import accounts, local_path, require_https
from credstore.web.authorized_form import AuthorizedForm
from credstore.web.error_handlers import problem_details
from credstore.web.rendering import render_template

ENDPOINTS = frozenset(
    f"credstore.{name}"
    for name in (
        *("users", "invite_user", "change_role", "remove_user", "withdraw_invitation"),
        *("tokens", "issue_token", "revoke_token"),
        *("encryption_keys", "rotate_keys"),
    )
)
_NEEDED = "Give your password again first: on the page /confirm, or by a new sign-in."
_OWN = frozenset({"confirm_password", "csrf_token"})


class ConfirmForm(AuthorizedForm):
    """The question for the password. `next` is the path to open afterwards."""

    confirm_password = PasswordField("Your password", render_kw={"autocomplete": "current-password"})
    next = HiddenField()


def register(bp: Blueprint) -> None:
    """After the registration of `authorization`, whose check comes first."""
    bp.before_request(require_recent_password)
    bp.add_url_rule("/confirm", "confirm", require_https(confirm), methods=["GET", "POST"])


def require_recent_password() -> ResponseReturnValue | None:
    """Before each request: None where the password was given in the last ten minutes, or need not be."""
    if request.endpoint not in ENDPOINTS or request.method == "OPTIONS" or current_user.confirmed:
        return None
    if request_context.wants_fragment() and request.endpoint == "credstore.encryption_keys":
        return None  # the page, open already, asks how far a rotation is
    if request_context.wants_json() or request_context.wants_fragment():
        return problem_details(403, "confirm", _NEEDED, confirm=url_for("credstore.confirm"))
    if request.method != "POST":
        return redirect(url_for("credstore.confirm", next=request.script_root + request.full_path.rstrip("?")), 303)
    form, action = ConfirmForm(request.form), request.script_root + request.path
    kept = [(name, value) for name, value in request.form.items(multi=True) if name not in _OWN]
    if current_user.by_provider or "confirm_password" not in request.form:
        return _page(form, action=action, kept=kept), 403
    refused = _refusal(form)
    return (_page(form, action=action, kept=kept), *refused) if refused else None


def confirm() -> ResponseReturnValue:
    """The question for the password, on the way to a page."""
    form = ConfirmForm(request.form, next=request.args.get("next", ""))
    if request.method == "POST" and not current_user.by_provider:
        refused = _refusal(form)
        if refused is None:
            return redirect(local_path(form.next.data) or url_for("credstore.settings"), 303)
        return _page(form), *refused
    return _page(form)


def _refusal(form: ConfirmForm) -> tuple[int, dict[str, str]] | None:
    """Check the password; None where it is right, else the status and the headers of the question asked again."""
    try:
        accounts().confirm_password(
            current_user.username,
            form.confirm_password.data or "",
            address=request.remote_addr or "",
            token=current_user.token,
        )
    except Throttled as refusal:
        form.confirm_password.errors = [refusal.sentence]
        return 429, {"Retry-After": str(refusal.retry_after)}
    except AccessError as refusal:
        form.confirm_password.errors = [refusal.sentence]
        return 400, {}
    return None


def page_after_refusal(refusal: AccessError, next_path: str) -> str:
    """The question again, for somebody who comes back from the provider. `next_path` is the path to open afterwards."""
    return _page(ConfirmForm(formdata=None, next=next_path), refusal=refusal.sentence)


def _page(form: ConfirmForm, action: str = "", kept: list[tuple[str, str]] | None = None, refusal: str = "") -> str:
    action = action or url_for("credstore.confirm")
    if not current_user.by_provider:
        return render_template("credstore/reauthenticate.html", form=form, action=action, kept=kept)
    provider = request_context.services().provider
    return render_template(
        "credstore/reauthenticate_by_provider.html",
        form=form,
        action=action,
        kept=kept,
        provider=provider,
        refusal=refusal,
    )
