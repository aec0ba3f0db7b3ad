"""The links of the OpenAPI document: which operations an answer leads to, and with which of its values.

An answer that is a credential leads to every operation on that credential; these links are derived from the routes.
Other links are declared with their route.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from credstore.web.api.routes import Link, Route
from credstore.web.api.schemas import CredentialAnswer

_VARIABLE = "<uuid:credential>"
_ID, _ETAG = "$response.body#/id", "$response.header.ETag"
REFERENCE = "#/components/links/"


def shared_links(routes: Iterable[Route]) -> dict[str, dict[str, Any]]:
    """By the name of the operation: how an answer that is a credential leads to it."""
    return {
        route.name: {
            "operationId": route.name,
            "parameters": {"path.credential": _ID} | ({"header.If-Match": _ETAG} if route.if_match else {}),
        }
        for route in routes
        if _VARIABLE in route.rule and route.name != "restore"  # of what is deleted, which is no answer
    }


def links_of(route: Route, status: int, shared: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """The links of a good answer, {} for none."""
    found: dict[str, Mapping[str, Any]] = {}
    if route.answers[status] is CredentialAnswer:
        found = {name: {"$ref": f"{REFERENCE}{name}"} for name in shared if name != route.name}
    return found | {link.to: _declared(link) for link in route.links}


def _declared(link: Link) -> dict[str, Any]:
    body = {"requestBody": dict(link.body)} if link.body else {}
    return {"operationId": link.to, "parameters": dict(link.parameters)} | body
