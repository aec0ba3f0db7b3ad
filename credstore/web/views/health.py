"""Health checks: `/healthz` (the process answers) and `/readyz` (database and keys are ready)."""

from typing import Any

from flask import Blueprint, Response, jsonify

from credstore.errors import CredstoreError
from credstore.web import request_context


def register(bp: Blueprint) -> None:
    bp.add_url_rule("/healthz", view_func=healthz)
    bp.add_url_rule("/readyz", view_func=readyz)


def healthz() -> Response:
    return jsonify(status="ok")


def readyz() -> tuple[Response, int]:
    """503 while the database is not reachable or not migrated, or the keys are not those of this database."""
    try:
        request_context.services().require_ready()
    except CredstoreError as refusal:
        body: dict[str, Any] = {"status": "not ready", "code": refusal.code, "detail": refusal.sentence}
        return jsonify(body), 503
    return jsonify(status="ready"), 200
