"""The one authorization door: every view of the blueprint passes it, but for the few named here."""

from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, g, request
from flask.typing import ResponseReturnValue

from credstore.errors import CredstoreError
from credstore.web import request_context

PUBLIC_ENDPOINTS = frozenset(
    {
        "credstore.login",
        "credstore.setup",
        "credstore.healthz",
        "credstore.readyz",
        "credstore.static",
    }
)


class CrossSiteRequest(CredstoreError):
    code = "cross-site"


def register(bp: Blueprint) -> None:
    bp.before_request(authorize_request)
    bp.after_request(redirect_for_script)


def authorize_request() -> ResponseReturnValue | None:
    """Refuse what another site sends, ask who is there, then want the token of what changes anything."""
    changing = request.method not in {"GET", "HEAD", "OPTIONS"}
    if changing and _cross_site():
        raise CrossSiteRequest("This form was sent from another site, so credstore refused it.")
    refusal = None if request.endpoint in PUBLIC_ENDPOINTS else request_context.authorize()
    g.credstore_authorized = refusal is None and request.endpoint not in PUBLIC_ENDPOINTS
    if refusal is None and changing and current_app.config["WTF_CSRF_ENABLED"]:
        # Here and not by the extension's own hook, which would guard every view of a host application, or none.
        current_app.extensions["csrf"].protect()
    return refusal


def redirect_for_script(response: Response) -> Response:
    """Tell our own script where to go on: it cannot read a redirect, and a host's sign-in would look like success."""
    if response.status_code == 303 and request_context.is_authorized() and request_context.wants_fragment():
        answer = Response(status=204)
        answer.headers["X-Credstore-To"] = response.headers["Location"]
        return answer
    return response


def _cross_site() -> bool:
    """Beside the token: browsers say where a request comes from, and no script can forge that."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    try:
        return origin is not None and urlsplit(origin).netloc != request.host
    except ValueError:
        return True
