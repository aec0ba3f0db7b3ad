"""The address of the JSON API."""

from flask import url_for


def api_root() -> str:
    """The path of the API on this server, with SCRIPT_NAME: "/api/v1"."""
    return url_for("credstore_api.document").removesuffix("/openapi.json")
