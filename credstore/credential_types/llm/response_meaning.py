"""Reads one answer: what does its status and its JSON say of the key, and in which words? Pure; the table of vendors'
error shapes. Must never cut a text: cutting comes after scrubbing, or half a key would slip through.
"""

import re
from collections.abc import Callable, Iterator
from enum import Enum, auto
from urllib.parse import urlsplit

from credstore.errors import Refused
from credstore.probe import Json, ProbeResponse
from credstore.redaction import foreign_text_redactor
from credstore.urls import canonical_url

_NO_CREDIT = (
    "insufficient_quota",
    "credit_balance",
    "credit balance",
    "billing_error",
    "insufficient balance",
    "insufficient credit",
    "insufficient funds",
    "exceeded your current quota",
    "out of credits",
)
_LIMITED = (
    "missing scopes",
    "missing required scope",
    "insufficient permissions",
    "permission_error",
    "insufficient_scope",
    "insufficient scope",
)
# Some vendors (Google, xAI) answer a bad key with 400, some with 403.
_BAD_KEY = ("api key not valid", "invalid api key", "incorrect api key", "invalid_api_key", "api_key_invalid")
_WRONG_ORGANIZATION = ("mismatched_organization", "invalid_organization", "no such organization", "openai-organization")
# A vendor may answer a key that it knows, and took back, otherwise than one that it never saw.
_ENDED = re.compile(
    r"\b(?:key|token)\b.{0,60}\b(?:revoked|disabled|deactivated|suspended|expired|deleted|leaked|compromised)\b"
)
_TEXTS = ("message", "msg", "detail", "title", "error_description")


class Meaning(Enum):
    LISTED = auto()  # 2xx and JSON in the shape of a model listing
    NOT_THIS_API = auto()  # 2xx, but not this API
    REFUSED = auto()  # 401
    WRONG_ORGANIZATION = auto()  # a refusal whose words name the organization, not the key
    LIMITED = auto()  # 401/403 whose words say: known key, not for this
    FORBIDDEN = auto()  # 403 with JSON that tells of an error, but without such words
    NOT_AN_API_ERROR = auto()  # 403/400 without such JSON: perhaps of a firewall or bot guard, that never asked the API
    NOT_FOUND = auto()  # 404, 405, 501: no such endpoint
    BAD_REQUEST = auto()  # 400 with JSON that tells of an error: the request was read and found wanting
    UNPROCESSABLE = auto()  # 422: the same, but nobody refuses a key so
    NO_CREDIT = auto()
    RATE_LIMITED = auto()  # 429
    MODEL_LOADING = auto()  # 503 of a server that is up and loads its model
    SERVER_ERROR = auto()  # 5xx
    REDIRECT = auto()  # 3xx
    UNKNOWN = auto()


NO_API_HERE = {Meaning.NOT_FOUND, Meaning.NOT_THIS_API}  # so the API may be next door
REQUEST_INVALID = {Meaning.BAD_REQUEST, Meaning.UNPROCESSABLE}

MEANING_OF_STATUS = {
    400: Meaning.BAD_REQUEST,
    401: Meaning.REFUSED,
    402: Meaning.NO_CREDIT,
    403: Meaning.FORBIDDEN,
    404: Meaning.NOT_FOUND,
    405: Meaning.NOT_FOUND,
    422: Meaning.UNPROCESSABLE,
    429: Meaning.RATE_LIMITED,
    501: Meaning.NOT_FOUND,
}


def is_listing(json: Json) -> bool:
    """Whether this is a model listing: an array of objects with an `id`, bare or under `data`."""
    items = json.get("data") if isinstance(json, dict) else json
    return isinstance(items, list) and all(isinstance(item, dict) and isinstance(item.get("id"), str) for item in items)


def classify(answer: ProbeResponse, wanted: Callable[[Json], bool] = is_listing) -> Meaning:
    """What the answer says, whichever vendor's error shape it has; LISTED when a 2xx is what was `wanted`."""
    status = answer.status
    if 200 <= status < 300:
        status = _status_in_error(answer.json)
        if not status:
            return Meaning.LISTED if wanted(answer.json) else Meaning.NOT_THIS_API
    if 300 <= status < 400:
        return Meaning.REDIRECT
    words = " ".join(_error_texts(answer.json)).lower()
    for marks, statuses, reading in (
        (_NO_CREDIT, {400, 402, 403, 429}, Meaning.NO_CREDIT),
        (_LIMITED, {401, 403}, Meaning.LIMITED),
        (_BAD_KEY, {400, 401, 403}, Meaning.REFUSED),
        (_WRONG_ORGANIZATION, {400, 401, 403}, Meaning.WRONG_ORGANIZATION),
        (("organization",), {401}, Meaning.WRONG_ORGANIZATION),
        (("loading",), {503}, Meaning.MODEL_LOADING),
    ):
        if status in statuses and any(mark in words for mark in marks):
            return reading
    if status in {401, 403} and _ENDED.search(words):
        return Meaning.REFUSED
    if status in {400, 403} and not _is_api_error(answer.json):
        return Meaning.NOT_AN_API_ERROR
    return MEANING_OF_STATUS.get(status, Meaning.SERVER_ERROR if status >= 500 else Meaning.UNKNOWN)


def provider_message(answer: ProbeResponse) -> str:
    """The provider's own message, whole: it may echo the key, so only `tester` may show it, scrubbed and cut."""
    json = answer.json
    if not isinstance(json, dict) or (answer.status < 400 and not _status_in_error(json)):
        return ""
    inner = json.get("error")
    for holder in (inner, json):
        if isinstance(holder, dict):
            texts = [text for name in _TEXTS for text in _message_texts(holder.get(name))]
            if texts:
                return texts[0]
        elif isinstance(holder, str) and holder.strip():
            return holder
    return ""


def redirect_host(answer: ProbeResponse, key: str = "") -> str:
    """The host a redirect points to, for words only; never followed. It may be hostile, and built of the key."""
    try:
        host = urlsplit(answer.headers.get("location", "")).hostname
        if not host:
            return "another page of the same host"
        host = urlsplit(canonical_url(f"https://[{host}]" if ":" in host else f"https://{host}")).hostname or ""
    except (ValueError, Refused):
        return "an address that is not valid"
    return host if foreign_text_redactor([key])(host, len(host)) == host else "an address with a part of the key in it"


def _is_api_error(json: Json) -> bool:
    """Whether this is JSON in the shape of some API's error."""
    if not isinstance(json, dict):
        return False
    return any(word.strip() for word in _error_texts(json)) or (
        isinstance(json.get("error"), dict) and bool(json["error"])
    )


def _status_in_error(json: Json) -> int:
    """The status that a gateway put inside of a 200: `{"error": {"code": 401}}`; 0 without one."""
    error = json.get("error") if isinstance(json, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, int) and not isinstance(code, bool) and 400 <= code < 600 else 0


def _message_texts(value: Json) -> Iterator[str]:
    """The texts of a message: a text, or as FastAPI's `detail` a list of objects with a `msg` each."""
    if isinstance(value, str) and value.strip():
        yield value
    elif isinstance(value, list):
        found = [item.get("msg") if isinstance(item, dict) else item for item in value]
        if joined := "; ".join(text for text in found if isinstance(text, str)):
            yield joined
    elif isinstance(value, dict):
        yield from (
            text for name in _TEXTS for text in _message_texts(value.get(name)) if not isinstance(value.get(name), dict)
        )


def _error_texts(json: Json) -> Iterator[str]:
    """Every text that may name the fault: of `error`, `code`, `type`, `status`, `detail` and `message`."""
    if not isinstance(json, dict):
        return
    for holder in (json, json.get("error"), json.get("detail")):
        if isinstance(holder, str):
            yield holder
        elif isinstance(holder, dict):
            yield from (text for name in ("code", "type", "status") if isinstance(text := holder.get(name), str))
            yield from (text for name in _TEXTS for text in _message_texts(holder.get(name)))
