"""The JSON API at /api/v1: a blueprint of its own, which knows machine tokens and no session cookie."""

from flask import Blueprint

from credstore.web import body_limit, error_handlers, security_headers, unknown_paths
from credstore.web.addresses import Addresses
from credstore.web.api import (
    changes,
    credentials,
    deletion,
    document_view,
    problems,
    references,
    testing,
    token_check,
    use,
)
from credstore.web.api.dispatch import dispatched
from credstore.web.api.routes import Route

NAME = "credstore_api"
ROUTES: tuple[Route, ...] = (
    *credentials.ROUTES,
    *deletion.ROUTES,
    *testing.ROUTES,
    *references.ROUTES,
    *changes.ROUTES,
    *use.ROUTES,
)


def make_api_blueprint(addresses: Addresses, *, csp: bool) -> Blueprint:
    """The blueprint `credstore_api`. Each route of ROUTES is below the address of the API.

    `csp`: the responses have a content security policy; the other security headers they have anyway.
    """
    bp = Blueprint(NAME, __name__, url_prefix=addresses.api_prefix)
    error_handlers.register(bp, everywhere=False)
    problems.register(bp)
    security_headers.register(bp, everywhere=False, csp=csp)
    for route in ROUTES:
        bp.add_url_rule(
            route.rule,
            endpoint=route.name,
            view_func=dispatched(route),
            methods=[route.method],
            provide_automatic_options=False,  # else it would be asked for by the scope of any route of this address
        )
    document_view.register(bp, ROUTES)
    if not addresses.own_site:
        body_limit.register(bp)
        for rule in ("", "/", "/<path:rest>"):
            unknown_paths.register(bp, rule)
    scopes = {f"{NAME}.{route.name}": route.scope for route in ROUTES}
    token_check.register(bp, scopes, {f"{NAME}.{route.name}" for route in ROUTES if route.reads_credential})
    return bp
