"""Problem details (RFC 9457) of the API: `errors` says what is wrong where, by a JSON pointer. Repeats nothing sent."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from flask import Blueprint, Response, g
from marshmallow import ValidationError

from credstore.access_errors import ScopeMissing, TokenRefused
from credstore.errors import InUse, InvalidFields, KeyMismatch
from credstore.web.api.schemas import UNKNOWN
from credstore.web.error_handlers import problem_details

INVALID = "Some fields need attention."
_MOST_ERRORS = 100
_HOW_TO_CONFIRM = "Nothing was done. If it is meant so, send confirm_key_mismatch: true."


def register(bp: Blueprint) -> None:
    bp.errorhandler(ValidationError)(handle_validation_error)
    bp.errorhandler(InvalidFields)(handle_invalid_fields)
    bp.errorhandler(KeyMismatch)(handle_key_mismatch)
    bp.errorhandler(TokenRefused)(handle_token_refused)
    bp.errorhandler(ScopeMissing)(handle_scope_missing)
    bp.errorhandler(InUse)(handle_in_use)


def handle_validation_error(error: ValidationError) -> Response:
    return _invalid(INVALID, _pointed(error.messages_dict))


def handle_invalid_fields(error: InvalidFields) -> Response:
    fields = error.fields.items()
    told = ({"pointer": pointer_of(name), "code": "invalid", "detail": sentence} for name, sentence in fields)
    return _invalid(error.sentence, told)


def handle_key_mismatch(error: KeyMismatch) -> Response:
    """It names both: whose key it looks like, and what was chosen."""
    told = [{"pointer": pointer_of(error.field), "code": error.code, "detail": error.sentence}]
    sentence = f"{error.sentence} {_HOW_TO_CONFIRM}"
    return problem_details(422, error.code, sentence, looks_like=error.use, chosen=error.kept, errors=told)


def _invalid(sentence: str, told: Iterator[dict[str, str]]) -> Response:
    errors = list(islice(told, _MOST_ERRORS))
    more = f" Only the first {_MOST_ERRORS} are listed." if next(told, None) else ""
    return problem_details(400, InvalidFields.code, sentence + more, errors=errors)


def handle_token_refused(error: TokenRefused) -> Response:
    response = problem_details(401, error.code, error.sentence)
    response.headers["WWW-Authenticate"] = 'Bearer realm="credstore"'
    return response


def handle_scope_missing(error: ScopeMissing) -> Response:
    response = problem_details(403, error.code, error.sentence)
    response.headers["WWW-Authenticate"] = 'Bearer realm="credstore", error="insufficient_scope"'
    return response


def handle_in_use(error: InUse) -> Response:
    return problem_details(409, error.code, error.sentence, consumers=error.consumers, names=list(error.names))


def note_typed_fields() -> None:
    """From now on a sentence about a field that is no member of the body is about one of `fields`."""
    g.credstore_typed_fields = True


def pointer_of(name: str) -> str:
    """Where a field of InvalidFields stands in what was sent: `references.3.link` is at /references/3/link."""
    if g.get("credstore_typed_fields") and name not in {"name", "type", "expires"}:
        return f"/fields/{name}".rstrip("/")
    return "/" + name.replace(".", "/")


def _pointed(messages: Any, at: str = "") -> Iterator[dict[str, str]]:
    """Marshmallow's sentences with their places. The name of an unknown member is not repeated: it may be a secret."""
    if isinstance(messages, list):
        for sentence in messages:
            yield {"pointer": at, "code": "invalid", "detail": str(sentence)}
        return
    for name, inner in messages.items():
        if isinstance(inner, list) and str(inner[0]).startswith(UNKNOWN):
            yield {"pointer": at, "code": "unknown", "detail": inner[0]}
        elif name == "_schema" or (name in {"key", "value"} and isinstance(inner, list) and at.startswith("/fields/")):
            yield from _pointed(inner, at)
        else:
            yield from _pointed(inner, f"{at}/{name}")
