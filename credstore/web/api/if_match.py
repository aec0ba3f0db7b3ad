"""The header If-Match: a change is made only to the version that was read."""

from collections.abc import Callable

from flask import request
from werkzeug.exceptions import PreconditionFailed, PreconditionRequired

from credstore.vault import Record

CHANGED = "The credential has changed since: read it again, and send its new ETag."
_MISSING = "Send the ETag of the credential as If-Match, so that nobody's change is lost."


def version_matcher() -> Callable[[int], bool] | None:
    """Says of a version whether the header names it. None where the header was not sent."""
    named = request.if_match
    return (lambda version: str(version) in named) if "If-Match" in request.headers else None


def require_match(record: Record) -> None:
    """Raises PreconditionRequired without the header, PreconditionFailed where it names another version."""
    matches = version_matcher()
    if matches is None:
        raise PreconditionRequired(_MISSING)
    if not matches(record.version):
        raise PreconditionFailed(CHANGED)
