"""The OpenAPI 3.1 document, derived by apispec from the routes and schemas. Imported when somebody asks for it."""

import re
from collections.abc import Iterable
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.common import resolve_schema_cls

from credstore.web.api import schemas
from credstore.web.api.dispatch import is_schema
from credstore.web.api.links import links_of, shared_links
from credstore.web.api.routes import Route
from credstore.web.error_handlers import TITLES

_EVERY_REFUSAL = (400, 401, 403, 429, 500, 503)
_OF_BODIES = (411, 413, 415)
_TITLES = TITLES | {
    401: "No token, or one that is not valid",
    411: "Without a length",
    412: "Changed meanwhile",
    415: "Not JSON",
    422: "The key looks like one of another provider",
    428: "If-Match is missing",
}
_VARIABLE = re.compile(r"<uuid:(\w+)>")
_ABOUT = "Credentials for workflow platforms. No answer holds a secret. See docs/api.md."


def openapi_document(routes: Iterable[Route], *, root: str, version: str) -> dict[str, Any]:
    """The document. `root` is the path of the API on this server."""
    plugin = MarshmallowPlugin(schema_name_resolver=_name)
    document = APISpec(
        title="credstore",
        version=version,
        openapi_version="3.1.0",
        info={"description": _ABOUT},
        servers=[{"url": root}],
        security=[{"token": []}],
        plugins=[plugin],
    )
    document.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    for schema in (schemas.SecretState, schemas.Problem):
        document.components.schema(schema.__name__, schema=schema)
    routes = tuple(routes)
    shared = shared_links(routes)
    for route in routes:
        path = _VARIABLE.sub(r"{\1}", route.rule)
        document.path(path, operations={route.method.lower(): _operation(route, shared)})
    found: dict[str, Any] = document.to_dict()
    found["components"]["links"] = shared
    return found


def _operation(route: Route, shared: Iterable[str]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "description": f"Scope: {route.scope}",
        "parameters": list(_parameters(route)),
        "responses": {status: _answer(route, status, shared) for status in route.answers},
    }
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": _body(route)}}}
    refusals = {*_EVERY_REFUSAL, *route.refusals}
    refusals |= {404} if "<" in route.rule else set()
    refusals |= set(_OF_BODIES) if route.body is not None else set()
    operation["responses"] |= {status: _problem(status) for status in sorted(refusals)}
    return operation


def _parameters(route: Route) -> Iterable[dict[str, Any]]:
    for name in _VARIABLE.findall(route.rule):
        uuid = {"type": "string", "format": "uuid"}
        yield {"in": "path", "name": name, "required": True, "schema": uuid}
    if route.if_match:
        about = "The ETag of the credential as it was read."
        must = 428 in route.refusals
        yield {"in": "header", "name": "If-Match", "required": must, "description": about, "schema": {"type": "string"}}
    if route.query is not None:
        yield {"in": "query", "schema": route.query}


def _body(route: Route) -> Any:
    if is_schema(route.body) or route.body is None:
        return route.body
    return {"oneOf": list(route.body.schemas().values())}  # type: ignore[union-attr]


def _answer(route: Route, status: int, shared: Iterable[str]) -> dict[str, Any]:
    answer = {"description": "Done", "content": {"application/json": {"schema": route.answers[status]}}}
    schema = {"schema": {"type": "string"}}
    headers = {"headers": {"ETag": schema}} if route.answers[status] is schemas.CredentialAnswer else {}
    links = links_of(route, status, shared)
    return answer | headers | ({"links": links} if links else {})


def _problem(status: int) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": schemas.Problem}}
    return {"description": _TITLES.get(status, "Not possible"), "content": content}


def _name(schema: Any) -> str:
    found = resolve_schema_cls(schema)
    return "" if isinstance(found, list) else found.__name__
