"""The OpenAPI document at /api/v1/openapi.json. It is the same on every installation of this version, and public."""

from functools import lru_cache
from importlib.metadata import version
from typing import Any

from flask import Blueprint, Response, jsonify, url_for

from credstore.web.api.routes import Route


def register(bp: Blueprint, routes: tuple[Route, ...]) -> None:
    def document() -> Response:
        root = url_for("credstore_api.document").removesuffix("/openapi.json")
        return jsonify(document_at(root, routes))

    bp.add_url_rule(
        "/openapi.json", endpoint="document", view_func=document, methods=["GET"], provide_automatic_options=False
    )


@lru_cache(maxsize=4)  # made once in a process, when it is asked for first
def document_at(root: str, routes: tuple[Route, ...]) -> dict[str, Any]:
    """The document. `root` is the path of the API."""
    from credstore.web.api.document import openapi_document  # what it imports is needed for nothing else

    return openapi_document(routes, root=root, version=version("credstore"))
