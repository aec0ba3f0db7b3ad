"""Reads one answer: what does this status and this JSON say of the key? Pure; the table of vendors' error shapes.

Nothing of an answer's text is passed on: a provider may echo the key.
"""

from collections.abc import Iterator
from enum import Enum, auto
from urllib.parse import urlsplit

from credstore.providers.probe import Answer, Json

_NO_CREDIT = ("insufficient_quota", "credit_balance", "credit balance", "billing_error", "insufficient balance")
_LIMITED = ("missing scopes", "insufficient permissions", "permission_error", "insufficient_scope")


class Reading(Enum):
    LISTED = auto()  # 2xx and JSON in the shape of a model listing
    FOREIGN = auto()  # 2xx, but not this API
    REFUSED = auto()  # 401
    LIMITED = auto()  # 401/403 whose words say: known key, not for this
    FORBIDDEN = auto()  # 403 without such words
    ABSENT = auto()  # 404, 405, 501: no such endpoint
    INVALID = auto()  # 400, 422: the request was read and found wanting
    NO_CREDIT = auto()
    BUSY = auto()  # 429
    DOWN = auto()  # 5xx
    MOVED = auto()  # 3xx
    ODD = auto()


_BY_STATUS = {
    400: Reading.INVALID,
    401: Reading.REFUSED,
    402: Reading.NO_CREDIT,
    403: Reading.FORBIDDEN,
    404: Reading.ABSENT,
    405: Reading.ABSENT,
    422: Reading.INVALID,
    429: Reading.BUSY,
    501: Reading.ABSENT,
}


def read(answer: Answer) -> Reading:
    """What the answer says, whichever vendor's error shape it has."""
    status = answer.status
    if 200 <= status < 300:
        return Reading.LISTED if _is_listing(answer.json) else Reading.FOREIGN
    if 300 <= status < 400:
        return Reading.MOVED
    words = " ".join(_words(answer.json)).lower()
    if status in {400, 402, 403, 429} and any(mark in words for mark in _NO_CREDIT):
        return Reading.NO_CREDIT
    if status in {401, 403} and any(mark in words for mark in _LIMITED):
        return Reading.LIMITED
    return _BY_STATUS.get(status, Reading.DOWN if status >= 500 else Reading.ODD)


def moved_to(answer: Answer) -> str:
    """The host a redirect points to, for words only; never followed."""
    try:
        return urlsplit(answer.headers.get("location", "")).hostname or "another page of the same host"
    except ValueError:
        return "an address that is not valid"


def _is_listing(json: Json) -> bool:
    items = json.get("data") if isinstance(json, dict) else json
    return isinstance(items, list) and all(isinstance(item, dict) and isinstance(item.get("id"), str) for item in items)


def _words(json: Json) -> Iterator[str]:
    """The texts of `error` (a text or an object), `code`, `type`, `detail` and `message`, wherever vendors put them."""
    if not isinstance(json, dict):
        return
    for name in ("error", "code", "type", "detail", "message"):
        value = json.get(name)
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            yield from (text for key in ("code", "type", "message") if isinstance(text := value.get(key), str))
