"""A request id for each request, and one line of the log for each: never its query, its form or its path as sent."""

import logging
import re
import secrets
import time
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, Response, request

from credstore import log_lines, metrics
from credstore.web import request_context

access_log = logging.getLogger("credstore.access")
_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_LINE = "%(method)s %(route)s %(status)s %(ms)s ms %(user)s %(address)s"
_STARTED, _ID = "credstore.started", "credstore.request_id"


def register(app: Flask, *, trust_header: bool) -> None:
    """Call it before other hooks are added, so that its own runs last and sees the final status.

    `trust_header` says that a proxy in front may give the id, as X-Request-ID.
    """
    app.wsgi_app = RequestIds(app.wsgi_app, trust_header=trust_header)  # type: ignore[method-assign]
    app.after_request(_log_request)


class RequestIds:
    """WSGI middleware: the id of a request, and the moment of its start."""

    def __init__(self, wsgi_app: Callable[..., Iterable[bytes]], *, trust_header: bool) -> None:
        self._wsgi_app = wsgi_app
        self._trust_header = trust_header

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        given = environ.get("HTTP_X_REQUEST_ID", "") if self._trust_header else ""
        environ[_STARTED] = time.perf_counter()
        environ[_ID] = given if _SAFE_ID.fullmatch(given) else secrets.token_hex(8)
        log_lines.request_id.set(environ[_ID])
        return self._wsgi_app(environ, start_response)


def current_request_id() -> str:
    """The id of this request; "" in a host application, which has its own."""
    return str(request.environ.get(_ID, ""))


def _log_request(response: Response) -> Response:
    environ, found, method = request.environ, request.url_rule, method_of(request.method)
    response.headers["X-Request-ID"] = environ[_ID]
    rule = found.rule if found else "-"
    seconds = time.perf_counter() - environ[_STARTED]
    metrics.observe_request(method, rule, response.status_code, seconds)
    if access_log.isEnabledFor(logging.INFO):
        fields = {
            "method": method,
            "route": rule,
            "status": response.status_code,
            "ms": round(seconds * 1000, 1),
            "user": request_context.username() or "-",
            "address": request.remote_addr or "-",
        }
        log_lines.write(access_log, _LINE, fields, **fields)
    return response


def method_of(method: str) -> str:
    """The method, or "other": a client may send any word."""
    return method if method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} else "other"
