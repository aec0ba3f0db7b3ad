"""The header If-Match: a change is made only to the version that was read."""

from flask import request
from werkzeug.exceptions import PreconditionFailed, PreconditionRequired

from credstore.vault import Record

CHANGED = "The credential has changed since: read it again, and send its new ETag."
_MISSING = "Send the ETag of the credential as If-Match, so that nobody's change is lost."


def has_if_match() -> bool:
    """Whether the header was sent."""
    return "If-Match" in request.headers


def require_match(record: Record) -> None:
    """Raises PreconditionRequired without the header, PreconditionFailed where it names another version."""
    if not has_if_match():
        raise PreconditionRequired(_MISSING)
    if str(record.version) not in request.if_match:
        raise PreconditionFailed(CHANGED)
