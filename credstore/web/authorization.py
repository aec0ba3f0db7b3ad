"""The authorization check of every view of the blueprint, but for those in PUBLIC_ENDPOINTS.

It also refuses cross-site requests and checks the CSRF token of every request that changes something.
"""

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
    """A request that changes something was sent by another site."""

    code = "cross-site"


def register(bp: Blueprint) -> None:
    bp.before_request(authorize_request)
    bp.after_request(redirect_for_script)


def authorize_request() -> ResponseReturnValue | None:
    """Before each request: refuse cross-site changes, run the authorize check, then check the CSRF token of changes.

    Returns None to let the request pass, or the response to send instead. Raises CrossSiteRequest, CSRFError.
    """
    changing = request.method not in {"GET", "HEAD", "OPTIONS"}
    if changing and is_from_another_site():
        raise CrossSiteRequest("This form was sent from another site, so credstore refused it.")
    refusal = None if request.endpoint in PUBLIC_ENDPOINTS else request_context.authorize()
    g.credstore_authorized = refusal is None and request.endpoint not in PUBLIC_ENDPOINTS
    if refusal is None and changing and current_app.config["WTF_CSRF_ENABLED"]:
        # Called here, since the hook of Flask-WTF would check every view of a host application, or none.
        current_app.extensions["csrf"].protect()
    return refusal


def redirect_for_script(response: Response) -> Response:
    """Replace a 303 for credstore's script by a 204 with the header X-Credstore-To.

    A script cannot read a redirect: fetch follows it, and a host's sign-in page would look like success.
    """
    if response.status_code == 303 and request_context.is_authorized() and request_context.wants_fragment():
        replacement = Response(status=204)
        replacement.headers["X-Credstore-To"] = response.headers["Location"]
        return replacement
    return response


def is_from_another_site() -> bool:
    """Whether the browser says that another site sent the request (Fetch Metadata, Origin). Scripts cannot forge it."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    try:
        return origin is not None and urlsplit(origin).netloc != request.host
    except ValueError:
        return True
