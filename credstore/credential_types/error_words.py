"""Reads the texts in an error response, in the JSON forms of all vendors. Pure.

Known forms: an `error` or `detail` that is a text or an object, `errors[]`, `details[].reason`, the first object of an
array, FastAPI's list of objects with `msg`, and names in upper or lower case. A text that is shown is never shortened
here: the tester redacts it first and shortens it then, or half a key could be shown.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from urllib.parse import unquote_plus

from credstore.probe import Json

_DEEPEST, _MOST_ITEMS, _LONGEST_READ = 6, 10, 2000
# Names under which a message stands, the likeliest first.
_MESSAGE_NAMES: tuple[str, ...] = ("error", "errors", "message", "msg", "errormessage", "error_message", "detail")
_MESSAGE_NAMES += ("details", "title", "error_description", "description", "reason", "fault", "faultstring", "err")
_CODE_NAMES = ("code", "type", "status", "errorcode", "error_code", "error_type")
_NAMES = frozenset((*_MESSAGE_NAMES, *_CODE_NAMES))
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_GAPS = re.compile(r"[\s_+-]+")


def error_message(json: Json) -> str:
    """The one text that says what is wrong, as the provider wrote it; "" when there is none."""
    holder = error_object(json)
    return "" if holder is None else _message(holder, _DEEPEST)


def error_words(json: Json) -> str:
    """Every text that may name the fault, as words in lower case.

    Percent-encoding is undone, and `_`, `-`, `+` and capital letters inside a word count as gaps: "API_KEY_INVALID",
    "ApiKeyInvalid" and "api%20key%20invalid" read the same.
    """
    holder = error_object(json)
    if holder is None:
        return ""
    return " | ".join(_plain(text) for text in _texts(holder, _DEEPEST))


def is_api_error(json: Json) -> bool:
    """Whether this is JSON in the shape of some API's error."""
    holder = error_object(json)
    if holder is None:
        return False
    error = holder.get("error")
    return any(text.strip() for text in _texts(holder, _DEEPEST)) or (isinstance(error, Mapping) and bool(error))


def status_in_error(json: Json) -> int:
    """The status that a gateway put inside of a 200, as in `{"error": {"code": 401}}`; 0 without one."""
    holder = error_object(json)
    if holder is None or isinstance(holder.get("data"), list):
        return 0
    error = holder.get("error")
    for place in (error if isinstance(error, Mapping) else {}, holder):
        for name in ("code", "status", "statuscode"):
            code = _lowered(place).get(name)
            if isinstance(code, int) and not isinstance(code, bool) and 400 <= code < 600:
                return code
    return 0


def error_object(json: Json) -> Mapping[str, Json] | None:
    """The object that tells of the error, its names in lower case: the answer itself, or its first item."""
    first = json[0] if isinstance(json, list) and json else json
    return _lowered(first) if isinstance(first, dict) else None


def _lowered(holder: Mapping[str, Json]) -> Mapping[str, Json]:
    return {name.lower(): value for name, value in holder.items()}


def _message(value: Json | Mapping[str, Json], depth: int) -> str:
    if isinstance(value, str):
        return value if value.strip() else ""
    if not depth:
        return ""
    if isinstance(value, list):
        found = (_message(item, depth - 1) for item in value[:_MOST_ITEMS])
        return "; ".join(text for text in found if text)
    if isinstance(value, Mapping):
        holder = _lowered(value)
        return next(filter(None, (_message(holder.get(name), depth - 1) for name in _MESSAGE_NAMES)), "")
    return ""


def _texts(value: Json | Mapping[str, Json], depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value[:_LONGEST_READ]
    elif depth and isinstance(value, list):
        for item in islice(value, _MOST_ITEMS):
            yield from _texts(item, depth - 1)
    elif depth and isinstance(value, Mapping):
        for name, inner in value.items():
            if name.lower() in _NAMES:
                yield from _texts(inner, depth - 1)


def _plain(text: str) -> str:
    decoded = unquote_plus(text) if "%" in text else text
    return _GAPS.sub(" ", _CAMEL.sub(" ", decoded)).lower()
