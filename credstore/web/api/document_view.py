"""The OpenAPI document, at /openapi.json below the API. Public, and the same on every installation of a version."""

from functools import lru_cache
from typing import Any

from flask import Blueprint, Response, jsonify

from credstore.web.api.routes import Route
from credstore.web.api_root import api_root


def register(bp: Blueprint, routes: tuple[Route, ...]) -> None:
    def document() -> Response:
        return jsonify(document_at(api_root(), routes))

    bp.add_url_rule(
        "/openapi.json", endpoint="document", view_func=document, methods=["GET"], provide_automatic_options=False
    )


@lru_cache(maxsize=4)  # made once in a process, when it is asked for first
def document_at(root: str, routes: tuple[Route, ...]) -> dict[str, Any]:
    """The document. `root` is the path of the API."""
    # Imported here: they are needed for nothing else.
    from importlib.metadata import version

    from credstore.web.api.document import openapi_document

    return openapi_document(routes, root=root, version=version("credstore"))
