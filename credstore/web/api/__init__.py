"""The JSON API at /api/v1: a blueprint of its own, which knows machine tokens and no session cookie."""

from flask import Blueprint

from credstore.web import error_handlers, security_headers
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

PREFIX = "/api/v1"
NAME = "credstore_api"
ROUTES: tuple[Route, ...] = (
    *credentials.ROUTES,
    *deletion.ROUTES,
    *testing.ROUTES,
    *references.ROUTES,
    *changes.ROUTES,
    *use.ROUTES,
)


def make_api_blueprint() -> Blueprint:
    """The blueprint `credstore_api`. Each route of ROUTES is at PREFIX + its path."""
    bp = Blueprint(NAME, __name__, url_prefix=PREFIX)
    error_handlers.register(bp, everywhere=False)
    problems.register(bp)
    security_headers.register(bp, everywhere=False)
    for route in ROUTES:
        bp.add_url_rule(
            route.rule,
            endpoint=route.name,
            view_func=dispatched(route),
            methods=[route.method],
            provide_automatic_options=False,  # else it would be asked for by the scope of any route of this address
        )
    document_view.register(bp, ROUTES)
    token_check.register(bp, {f"{NAME}.{route.name}": route.scope for route in ROUTES})
    return bp
