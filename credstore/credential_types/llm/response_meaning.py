"""Classifies one response: what do its status and its JSON say about the key? Pure. Holds the table of vendors' words.

`provider_message` never shortens a text: a text is redacted first and shortened then, or half a key could be shown.
"""

import re
from collections.abc import Callable
from enum import Enum, auto

from credstore.credential_types.caller_address_words import ADDRESS_REFUSED
from credstore.credential_types.error_words import error_message, error_words, is_api_error, status_in_error
from credstore.credential_types.refusal_words import BAD_KEY
from credstore.probe import Json, ProbeResponse


class Meaning(Enum):
    LISTED = auto()  # 2xx and JSON in the shape of a model listing
    NOT_THIS_API = auto()  # 2xx, but not this API
    REFUSED = auto()  # 401, or words that call the key wrong
    WRONG_ORGANIZATION = auto()  # a refusal whose words name the organization, not the key
    OTHER_LOGIN = auto()  # 401 of something that wants another kind of login, and never looked at the key
    ADDRESS_REFUSED = auto()  # a refusal whose words name the caller's IP address, not the key
    LIMITED = auto()  # 401/403 whose words say: known key, not for this
    FORBIDDEN = auto()  # 403 with JSON that tells of an error, but without such words
    NOT_AN_API_ERROR = auto()  # 400/403 without JSON: perhaps of a firewall or bot guard, that never asked the API
    UNKNOWN_JSON = auto()  # 400/403 with JSON in which no error was found
    NOT_FOUND = auto()  # 404, 405, 501: no such endpoint
    BAD_REQUEST = auto()  # 400 with JSON that tells of an error: the request was read and found wanting
    UNPROCESSABLE = auto()  # 422: the same, but nobody refuses a key so
    NO_CREDIT = auto()
    RATE_LIMITED = auto()  # 429, or words that say: too many, too fast, twice the same
    MODEL_LOADING = auto()  # 503 of a server that is up and loads its model
    SERVER_ERROR = auto()  # 5xx
    REDIRECT = auto()  # 3xx
    GONE = auto()  # 410: switched off
    OTHER_ERROR = auto()  # an API's error in JSON, with a status that says nothing of a key
    UNKNOWN = auto()


NO_API_HERE = {Meaning.NOT_FOUND, Meaning.NOT_THIS_API}  # so the API may be next door
REQUEST_INVALID = {Meaning.BAD_REQUEST, Meaning.UNPROCESSABLE}
REFUSES_KEY = {Meaning.REFUSED, Meaning.WRONG_ORGANIZATION, Meaning.FORBIDDEN, Meaning.LIMITED}  # of a made-up one

MEANING_OF_STATUS = {
    400: Meaning.BAD_REQUEST,
    401: Meaning.REFUSED,
    402: Meaning.NO_CREDIT,
    403: Meaning.FORBIDDEN,
    404: Meaning.NOT_FOUND,
    405: Meaning.NOT_FOUND,
    410: Meaning.GONE,
    422: Meaning.UNPROCESSABLE,
    429: Meaning.RATE_LIMITED,
    501: Meaning.NOT_FOUND,
}

_NO_CREDIT = (
    r"\b(?:insufficient quota|credit balance|billing error|billing (?:is )?not active|billing hard limit"
    r"|insufficient (?:balance|credits?|funds)|exceeded (?:your )?current quota|out of credits?|not enough credits?"
    r"|have any credits|depleted your .{0,30}credits|arrearage|budget (?:has been )?exceeded)\b|余额不足"
)
_BUSY = r"\b(?:too many|rate limit\w*|duplicate[sd]? request|slow down|temporarily (?:banned|blocked|locked))\b"
_LIMITED = (
    r"\b(?:missing (?:required )?scopes?|insufficient (?:permissions?|scope)|permission error|sufficient permissions?"
    r"|permission is required|not authorized (?:to perform|for this)|not allowed to access|access to model denied"
    r"|key service blocked)\b"
)
_WRONG_ORGANIZATION = r"\b(?:mismatched organization|invalid organization|no such organization|openai organization)\b"
# A vendor may answer a key that it knows, and took back, otherwise than one that it never saw.
_ENDED = r"\b(?:key|token)\b.{0,60}\b(?:revoked|disabled|deactivated|suspended|expired|deleted|leaked|compromised)\b"
_WORDS: tuple[tuple[re.Pattern[str], frozenset[int], Meaning], ...] = tuple(
    (re.compile(words), frozenset(statuses), meaning)
    for words, statuses, meaning in (
        (_NO_CREDIT, {400, 401, 402, 403, 429}, Meaning.NO_CREDIT),
        (_BUSY, {400, 401, 403, 409}, Meaning.RATE_LIMITED),
        (ADDRESS_REFUSED, {401, 403}, Meaning.ADDRESS_REFUSED),
        (_LIMITED, {401, 403}, Meaning.LIMITED),
        (BAD_KEY, {400, 401, 403}, Meaning.REFUSED),
        (_WRONG_ORGANIZATION, {400, 401, 403}, Meaning.WRONG_ORGANIZATION),
        (r"organization", {401}, Meaning.WRONG_ORGANIZATION),
        (_ENDED, {401, 403}, Meaning.REFUSED),
        (r"loading", {503}, Meaning.MODEL_LOADING),
    )
)


def is_listing(json: Json) -> bool:
    """Whether this is a model listing: an array of objects with an `id`, bare or under `data`."""
    items = listed_items(json)
    return items is not None and all(isinstance(item, dict) and isinstance(item.get("id"), str) for item in items)


def is_completion(json: Json) -> bool:
    """Whether this is a completion in the form of OpenAI (`choices`) or of Anthropic (`content` of a message)."""
    if not isinstance(json, dict):
        return False
    if json.get("type") == "message":
        return isinstance(json.get("content"), list)
    return isinstance(json.get("choices"), list) and bool(json["choices"])


def listed_items(json: Json) -> list[Json] | None:
    """The array of a listing, bare or under `data`; None when there is no array."""
    items = json.get("data") if isinstance(json, dict) else json
    return items if isinstance(items, list) else None


def classify(answer: ProbeResponse, wanted: Callable[[Json], bool] = is_listing) -> Meaning:
    """What the response means, in any vendor's form of an error; LISTED for a 2xx whose JSON passes `wanted`."""
    status = answer.status
    if 200 <= status < 300:
        status = status_in_error(answer.json)
        if not status:
            return _of_success(answer.json, wanted)
    if 300 <= status < 400:
        return Meaning.REDIRECT
    words = error_words(answer.json)
    for pattern, statuses, meaning in _WORDS:
        if status in statuses and pattern.search(words):
            return meaning
    if status in {400, 403} and not is_api_error(answer.json):
        return Meaning.NOT_AN_API_ERROR if answer.json is None else Meaning.UNKNOWN_JSON
    if status in MEANING_OF_STATUS:
        return MEANING_OF_STATUS[status]
    if status >= 500:
        return Meaning.SERVER_ERROR
    return Meaning.OTHER_ERROR if status >= 400 and is_api_error(answer.json) else Meaning.UNKNOWN


def provider_message(answer: ProbeResponse) -> str:
    """The provider's own message, whole. It may repeat the key: only the tester shows it, redacted and shortened."""
    has_message = answer.status >= 400 or status_in_error(answer.json) or _names_bad_key(answer.json)
    return error_message(answer.json) if has_message else ""


def _of_success(json: Json, wanted: Callable[[Json], bool]) -> Meaning:
    if wanted(json):
        return Meaning.LISTED
    return Meaning.REFUSED if _names_bad_key(json) else Meaning.NOT_THIS_API


def _names_bad_key(json: Json) -> bool:
    """Whether a 2xx that is no listing calls the key wrong, as gateways do that answer every error with 200."""
    return not is_listing(json) and bool(re.search(BAD_KEY, error_words(json)))
