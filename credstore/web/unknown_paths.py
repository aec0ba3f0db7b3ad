"""In a host application: the answer to addresses below credstore's prefixes that no view of credstore has.

The application's own 404 page, for all other addresses, is the host's.
"""

from typing import NoReturn

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect

from credstore.web.addresses import Addresses

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def register(bp: Blueprint, rule: str) -> None:
    """`rule` may have the variable `rest`, for all paths below a prefix."""
    bp.add_url_rule(rule, "unknown_path", unknown_path, methods=_METHODS, provide_automatic_options=False)


def register_redirects(bp: Blueprint, addresses: Addresses) -> None:
    """Flask itself redirects an address with “//”, and belongs to no blueprint then: it is not to be stored either."""

    def forbid_storing(response: Response) -> Response:
        if isinstance(request.routing_exception, RequestRedirect) and addresses.has(request.path):
            response.headers["Cache-Control"] = "no-store"
        return response

    bp.after_app_request(forbid_storing)


def unknown_path(rest: str = "") -> NoReturn:  # noqa: ARG001 - Flask passes every variable of the rule
    """Raises NotFound, or MethodNotAllowed where the address takes other methods."""
    if allowed := [method for method in _METHODS if _has_view(method)]:
        raise MethodNotAllowed(valid_methods=allowed)
    raise NotFound


def _has_view(method: str) -> bool:
    adapter = current_app.create_url_adapter(request)
    try:
        return adapter is not None and adapter.match(method=method, return_rule=True)[0].endpoint != request.endpoint
    except HTTPException:
        return False
