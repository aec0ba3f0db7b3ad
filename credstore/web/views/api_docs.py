"""The page about the JSON API, below its own address, made from its OpenAPI document."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from credstore.web.api import ROUTES, document_view
from credstore.web.api_root import api_root
from credstore.web.rendering import render_template


def register(bp: Blueprint) -> None:
    bp.add_url_rule("/api/v1/docs", view_func=api_docs, methods=["GET"])


def api_docs() -> ResponseReturnValue:
    root = api_root()
    return render_template("credstore/api_docs.html", document=document_view.document_at(root, ROUTES), root=root)
