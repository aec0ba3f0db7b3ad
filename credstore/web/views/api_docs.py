"""The page about the JSON API at /api/v1/docs, made from its OpenAPI document."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from credstore.web.api import PREFIX, ROUTES, document_view


def register(bp: Blueprint) -> None:
    bp.add_url_rule("/api/v1/docs", view_func=api_docs, methods=["GET"])


def api_docs() -> ResponseReturnValue:
    return render_template("credstore/api_docs.html", document=document_view.document_at(PREFIX, ROUTES), root=PREFIX)
