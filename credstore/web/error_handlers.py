"""Error handlers: the HTTP status of each exception. A page for browsers, problem details (RFC 9457) for programs.

No response contains a traceback or the text of an unexpected exception.
"""

import logging
import sys
import traceback
from types import TracebackType

from flask import Blueprint, Response, jsonify, make_response, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, SecurityError, default_exceptions

from credstore import errors
from credstore.access_errors import AccessError, LastAdministrator, OwnUser, Throttled
from credstore.early_refusals import RETRY_SECONDS, TOO_LARGE
from credstore.web import request_context, request_log
from credstore.web.authorization import CrossSiteRequest, JsonBody
from credstore.web.rendering import render_template

logger = logging.getLogger(__name__)

STATUS_OF_ERROR: dict[type[errors.CredstoreError], int] = {
    errors.InvalidFields: 400,
    errors.FileRefused: 413,  # the page itself answers 400 beside the file
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.InUse: 409,
    errors.CursorExpired: 410,
    errors.Unreadable: 409,
    errors.NotTestable: 409,
    errors.Locked: 503,
    errors.RunActive: 409,
    errors.TestsBusy: 429,
    errors.StorageError: 503,
    Throttled: 429,
    LastAdministrator: 409,
    OwnUser: 409,
    AccessError: 403,
    CrossSiteRequest: 403,
    JsonBody: 415,
}
TITLES = {
    400: "This request is not complete",
    403: "Not permitted",
    404: "Not found",
    405: "This address takes no such request",
    409: "Not possible as things are",
    410: "Not kept any more",
    412: "Changed meanwhile",
    413: "Too much at once",
    415: "Not in this form",
    422: "To be confirmed",
    428: "Something is missing",
    429: "Busy just now",
    500: "credstore made a mistake",
    503: "Not available just now",
}
_SENTENCES = {
    404: "There is nothing at this address. The credential may have been deleted.",
    405: "Go back and use the page's own buttons.",
    413: TOO_LARGE,
    500: "The mistake is logged, without any secret. Nothing was half-saved.",
}
_API_SENTENCES = {
    404: "There is nothing at this address. {document} says what there is.",
    405: "This address takes other methods: those of the header Allow.",
}
_CSRF = "This form is no longer valid: you signed in after opening it, or cookies changed. Go back, reload, try again."
_HOST = "This host name is not one that credstore answers to. The operator can add it to CREDSTORE_TRUSTED_HOSTS."


def register(bp: Blueprint, *, everywhere: bool) -> None:
    handler = bp.app_errorhandler if everywhere else bp.errorhandler
    handler(errors.CredstoreError)(handle_credstore_error)
    handler(HTTPException)(handle_http_exception)
    for status in default_exceptions if not everywhere else ():
        handler(status)(handle_http_exception)  # else a host's own handler of this status would come first
    handler(Exception)(handle_unexpected)
    bp.after_request(say_when_to_come_back)


def status_of(error: errors.CredstoreError) -> int:
    """The HTTP status of an exception of credstore; 500 when STATUS_OF_ERROR has none of its classes."""
    return next((STATUS_OF_ERROR[base] for base in type(error).__mro__ if base in STATUS_OF_ERROR), 500)


def handle_credstore_error(error: errors.CredstoreError) -> Response:
    status = status_of(error)
    response = error_response(status, error.code, error.sentence)
    if hasattr(error, "retry_after"):
        response.headers["Retry-After"] = str(error.retry_after)
    return say_when_to_come_back(response)


def say_when_to_come_back(response: Response) -> Response:
    """After each request: with "busy" and "not available just now" goes a time, also where a form is shown again."""
    if response.status_code in {429, 503}:
        response.headers.setdefault("Retry-After", str(RETRY_SECONDS))
    return response


def handle_http_exception(error: HTTPException) -> Response:
    if error.response is not None or (error.code or 500) < 400:
        return make_response(error)
    status = error.code or 500
    if isinstance(error, CSRFError):
        return error_response(status, "csrf", _CSRF)
    if isinstance(error, SecurityError):
        if request_context.wants_json():
            return problem_details(status, "host", _HOST)
        # Plain text: the links of a page would contain the host name that is refused.
        return Response(_HOST + "\n", status, mimetype="text/plain")
    response = error_response(status, f"http-{status}", _sentence(status) or error.description or "")
    response.headers.extend((name, value) for name, value in error.get_headers() if name in {"Allow", "Retry-After"})
    return response


def _sentence(status: int) -> str:
    """What a response of this status says; "" where the exception says it."""
    if request_context.asks_api() and status in _API_SENTENCES:
        return _API_SENTENCES[status].format(document=url_for("credstore_api.document"))
    return _SENTENCES.get(status, "")


def handle_unexpected(error: Exception) -> Response:
    """Log the stack and the type, but not the exception's text, in which a library may have quoted a secret."""
    logger.error(
        "%s %s: %s\n%s", request.method, request.endpoint, type(error).__name__, _stack_without_text(sys.exc_info()[2])
    )
    return error_response(500, "crash", _SENTENCES[500])


def error_response(status: int, code: str, sentence: str) -> Response:
    """The error as a page, or as problem details for a program or credstore's script."""
    request_id = request_log.current_request_id() if status >= 500 else ""
    if request_context.wants_json() or request_context.wants_fragment():
        return problem_details(status, code, sentence, **({"request_id": request_id} if request_id else {}))
    title = TITLES.get(status, "Not possible")
    try:
        page = render_template("credstore/error.html", title=title, sentence=sentence, code=code, request_id=request_id)
    except Exception as failure:  # the base template fails too, so no page can be rendered
        logger.error("the error page failed too: %s", type(failure).__name__)
        return Response(f"{title}. {sentence}\n", status, mimetype="text/plain")
    return make_response(page, status)


def problem_details(status: int, code: str, sentence: str, **more: object) -> Response:
    """Problem details (RFC 9457). `more` are further members of the object."""
    title = TITLES.get(status, "Not possible")
    response = jsonify(
        {"type": "about:blank", "title": title, "status": status, "code": code, "detail": sentence} | more
    )
    response.mimetype = "application/problem+json"
    response.status_code = status
    return response


def _stack_without_text(trace: TracebackType | None) -> str:
    return "".join(traceback.format_list(traceback.extract_tb(trace)))
