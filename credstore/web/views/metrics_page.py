"""`/metrics`: numbers for Prometheus, for loopback or with the bearer token of CREDSTORE_METRICS_TOKEN."""

import hmac

from flask import Blueprint, Response, abort, request

from credstore import metrics
from credstore.loopback import is_loopback
from credstore.web import request_context

_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


def register(bp: Blueprint) -> None:
    bp.add_url_rule("/metrics", "metrics_page", view_func=show_metrics)


def show_metrics() -> Response:
    """404 while CREDSTORE_METRICS is off, 403 for whoever may not read it."""
    if not request_context.config().metrics:
        abort(404)
    if not (_has_token() or _is_local()):
        abort(403)
    body, content_type = metrics.exposition(request_context.vault().count_by_type())
    return Response(body, content_type=content_type)


def _has_token() -> bool:
    token = request_context.config().metrics_token
    given = request.headers.get("Authorization", "")
    return bool(token) and hmac.compare_digest(given.encode(), f"Bearer {token}".encode())


def _is_local() -> bool:
    """From this machine, and not by way of a proxy on it, which would let everybody in."""
    return is_loopback(request.remote_addr or "") and not any(name in request.headers for name in _FORWARDED)
