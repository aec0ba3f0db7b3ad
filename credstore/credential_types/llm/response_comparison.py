"""Compares the responses to two keys: if they are the same, the key made no difference. Pure.

Two responses are the same when status, JSON structure and words are the same. What differs in every response does not
count: the key in a message, numbers, identifiers and times.
"""

import re
from collections.abc import Iterator

from credstore.credential_types.llm.response_meaning import is_listing, listed_items
from credstore.probe import Json, ProbeResponse

_DEEPEST = 40
# A word with a digit, a mask or an ellipsis in it is an identifier, a time, a number or a part of a key.
_VARYING = re.compile(r"\S*[\d*…]\S*|\S*\.{3}\S*|\S{24,}")


def same_answer(first: ProbeResponse, second: ProbeResponse, keys: tuple[str, str]) -> bool:
    """Whether `first`, sent to `keys[0]`, and `second`, sent to `keys[1]`, say the same."""
    if first.status != second.status:
        return False
    if first.json is None or second.json is None:
        return first.json is second.json and _words_of_body(first, keys[0]) == _words_of_body(second, keys[1])
    if is_listing(first.json) and is_listing(second.json):
        return _listed_ids(first.json) == _listed_ids(second.json)
    return list(_outline(first.json, keys[0], _DEEPEST)) == list(_outline(second.json, keys[1], _DEEPEST))


def is_empty_beside(first: Json, second: Json) -> bool:
    """Whether `second` lists nothing where `first` lists something: some servers refuse a key by an empty list."""
    return bool(listed_items(first)) and listed_items(second) == []


def _listed_ids(json: Json) -> set[str]:
    return {str(item["id"]) for item in listed_items(json) or () if isinstance(item, dict)}


def _words_of_body(answer: ProbeResponse, key: str) -> tuple[str, str]:
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind, _steady(answer.body_start.decode("utf-8", "replace"), key)


def _outline(value: Json, key: str, depth: int) -> Iterator[str]:
    """The names, the texts without what varies, and the kinds of all other values, in order."""
    if isinstance(value, str):
        yield _steady(value, key)
    elif depth and isinstance(value, dict):
        for name in sorted(value):
            yield f"{_steady(name, key)}:"
            yield from _outline(value[name], key, depth - 1)
        yield "}"
    elif depth and isinstance(value, list):
        for item in value:
            yield from _outline(item, key, depth - 1)
        yield "]"
    else:
        yield repr(value) if value is None or isinstance(value, bool) else type(value).__name__


def _steady(text: str, key: str) -> str:
    return _VARYING.sub("#", text.replace(key, "#") if key else text)
