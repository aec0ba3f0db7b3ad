"""The authorization check of every view of the blueprint, but for those in PUBLIC_ENDPOINTS.

A view needs the role that `route_roles` names for it. Requests from other sites are refused, and the CSRF token of
every request that changes something is checked.
"""

from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, g, request
from flask.typing import ResponseReturnValue

from credstore.access_errors import RoleMissing
from credstore.accounts import Role, Visitor
from credstore.actor import HOST_APPLICATION, NOBODY, Actor, set_actor
from credstore.errors import CredstoreError
from credstore.web import request_context
from credstore.web.api_root import api_root
from credstore.web.route_roles import role_needed

PUBLIC_ENDPOINTS = frozenset(
    {
        "credstore.login",
        "credstore.oidc_sign_in",
        "credstore.oidc_callback",
        "credstore.oidc_sign_out",
        "credstore.setup",
        "credstore.invitation",
        "credstore.healthz",
        "credstore.readyz",
        "credstore.metrics_page",
        "credstore.static",
    }
)


class CrossSiteRequest(CredstoreError):
    """A request that changes something was sent by another site."""

    code = "cross-site"


class JsonBody(CredstoreError):
    """A body of JSON came where forms are taken."""

    code = "json-body"


def register(bp: Blueprint) -> None:
    bp.before_request(authorize_request)
    bp.teardown_request(forget_actor)
    bp.after_request(redirect_for_script)


def authorize_request() -> ResponseReturnValue | None:
    """Before each request: refuse cross-site changes, run the authorize check, check the role, then the CSRF token.

    Returns None to let the request pass, or the response to send instead. Raises CrossSiteRequest, RoleMissing,
    JsonBody, CSRFError.
    """
    changing = request.method not in {"GET", "HEAD", "OPTIONS"}
    if changing and is_from_another_site():
        raise CrossSiteRequest("This form was sent from another site, so credstore refused it.")
    public = request.endpoint in PUBLIC_ENDPOINTS
    answer = None if public else request_context.authorize()
    # A role is a str, which Flask would take for a response.
    refusal = None if isinstance(answer, Role | Visitor) else answer
    g.credstore_authorized = refusal is None and not public
    if g.credstore_authorized:
        note_visitor(answer)
        require_role(role_needed(request.endpoint))
    if refusal is None and changing and request.is_json:
        raise JsonBody(f"This address takes the forms of a page. Send JSON to {api_root()}, with a machine token.")
    note_actor()
    if refusal is None and changing and current_app.config["WTF_CSRF_ENABLED"]:
        # Called here, since the hook of Flask-WTF would check every view of a host application, or none.
        current_app.extensions["csrf"].protect()
    return refusal


def note_visitor(answer: object) -> None:
    """Keep the role, and the name where there is one, of a request that the authorize check has let pass."""
    if isinstance(answer, Visitor):
        g.credstore_username = answer.actor_name
        g.credstore_role = answer.role
    else:
        # None: a host application must name administrators, since a machine token of theirs may read every secret.
        g.credstore_role = answer if isinstance(answer, Role) else Role.EDITOR


def require_role(needed: Role) -> None:
    """Raise RoleMissing where the role of this request does not include `needed`."""
    role = request_context.role()
    if not role.includes(needed):
        note_actor()
        raise RoleMissing(
            f"This needs the role {needed}, and yours is {role}. An administrator can give you another role."
        )


def note_actor() -> None:
    """Tell the audit log who sends this request, as far as it is known by now."""
    unnamed = HOST_APPLICATION if g.get("credstore_authorized") else NOBODY
    set_actor(Actor(request_context.username() or unnamed, request.remote_addr or ""))


def forget_actor(_error: BaseException | None) -> None:
    """The thread serves others after this request."""
    set_actor(None)


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
