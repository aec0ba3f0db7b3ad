"""The sign-in with the OpenID Connect provider: the way there, the way back, the question again, and signing out there.

No answer goes to another site than to the provider. What the provider says about an error is never shown.
"""

from contextlib import nullcontext
from typing import TYPE_CHECKING

from flask import Blueprint, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, logout_user

from credstore.access_errors import AccessError, NoRole, ProviderRefused, Throttled
from credstore.accounts.provider_identity import ProviderIdentity
from credstore.errors import NotFound
from credstore.oidc.attempt import Attempt
from credstore.oidc.refusals import stale
from credstore.web import request_context
from credstore.web.authentication import begin_session, end_session, local_path, require_https
from credstore.web.flash_messages import flash_message
from credstore.web.login_page import LoginForm, render_login_page
from credstore.web.reauthentication import page_after_refusal

if TYPE_CHECKING:  # it imports Authlib, which not every installation has
    from credstore.oidc.provider import Provider

_KEPT = "credstore_oidc"  # in the browser's session, which is signed
_LONGEST_NEXT = 1000  # characters; the cookie of the session takes 4,096 bytes


def register(bp: Blueprint) -> None:
    bp.add_url_rule("/login/oidc", "oidc_sign_in", require_https(oidc_sign_in), methods=["GET"])
    bp.add_url_rule("/login/oidc/callback", "oidc_callback", require_https(oidc_callback), methods=["GET"])
    bp.add_url_rule("/confirm/oidc", "oidc_confirm", require_https(oidc_confirm), methods=["GET"])
    bp.add_url_rule("/logout/oidc", "oidc_sign_out", require_https(oidc_sign_out), methods=["GET"])


def oidc_sign_in() -> ResponseReturnValue:
    """Send the browser to the provider."""
    _require_provider()
    if current_user.is_authenticated:
        return redirect(local_path(request.args.get("next")) or url_for("credstore.index"), 303)
    return _to_provider(confirms=False)


def oidc_confirm() -> ResponseReturnValue:
    """Send the browser to the provider, which asks for the password again."""
    _require_provider()
    if not current_user.by_provider:
        return redirect(url_for("credstore.confirm", next=request.args.get("next")), 303)
    return _to_provider(confirms=True)


def oidc_callback() -> ResponseReturnValue:
    """The way back from the provider. What was kept for it serves once."""
    _require_provider()
    attempt = Attempt.read(session.pop(_KEPT, None))
    confirms, next_path = (attempt.confirms, attempt.next) if attempt else (False, "")
    try:
        user = _who_came_back(attempt)
        if confirms:
            return _confirmed(user, next_path)
        begin_session(request_context.services().provider_users.sign_in(user, request.remote_addr or ""))
    except (ProviderRefused, Throttled) as refusal:
        return _refused(refusal, next_path, confirms=confirms)
    return redirect(local_path(next_path) or url_for("credstore.index"), 303)


def _who_came_back(attempt: Attempt | None) -> ProviderIdentity:
    """Raises ProviderRefused, and Throttled while an address that brought wrong codes must wait."""
    answer = request.args
    sends_code = attempt is not None and attempt.matches(answer.get("state", "")) and "code" in answer
    users = request_context.services().provider_users
    with users.counted_code(request.remote_addr or "") if sends_code else nullcontext():
        return _require_provider().user(attempt, answer, _redirect_uri())


def oidc_sign_out() -> ResponseReturnValue:
    """Send the browser to the provider's own page for signing out."""
    provider = _require_provider()
    try:
        url = provider.sign_out_url()
        if not url:
            raise ProviderRefused(f"{provider.label} has no page for signing out.", "no page for signing out")
    except (ProviderRefused, Throttled) as refusal:
        return _refused(refusal, "", confirms=False)
    return redirect(url, 303)


def _require_provider() -> "Provider":
    """Raises NotFound where no provider is set."""
    provider = request_context.services().provider
    if provider is None:
        raise NotFound("The sign-in with an OpenID Connect provider is not set up here.")
    return provider


def _redirect_uri() -> str:
    return url_for("credstore.oidc_callback", _external=True)


def _to_provider(*, confirms: bool) -> ResponseReturnValue:
    next_path = local_path(request.args.get("next")) or ""
    attempt = Attempt.new(next=next_path if len(next_path) <= _LONGEST_NEXT else "", confirms=confirms)
    try:
        url = _require_provider().authorization_url(attempt, _redirect_uri())
    except (ProviderRefused, Throttled) as refusal:
        return _refused(refusal, attempt.next, confirms=confirms)
    session[_KEPT] = attempt.as_dict()
    return redirect(url, 303)


def _confirmed(user: ProviderIdentity, next_path: str) -> ResponseReturnValue:
    if not current_user.is_authenticated:
        raise stale("the session has ended")
    try:
        request_context.services().provider_users.confirm(user, current_user.token, request.remote_addr or "")
    except NoRole:
        end_session()
        logout_user()  # so that the answer is not shown as to somebody who is signed in
        raise
    if not next_path:
        flash_message("It is you. If you came from another tab, go back there and go on.")
    return redirect(local_path(next_path) or url_for("credstore.settings"), 303)


def _refused(refusal: AccessError, next_path: str, *, confirms: bool) -> ResponseReturnValue:
    """The page from which to try again, with the sentence."""
    here = current_user.username if current_user.is_authenticated else ""
    if isinstance(refusal, Throttled):
        status, headers = 429, {"Retry-After": str(refusal.retry_after)}
    else:
        status, headers = 403, {}
        if isinstance(refusal, ProviderRefused):
            request_context.services().provider_users.note_refused(refusal, request.remote_addr or "", here)
    if confirms and here and current_user.by_provider:
        return page_after_refusal(refusal, next_path), status, headers
    return render_login_page(LoginForm(formdata=None, next=next_path), refusal), status, headers
