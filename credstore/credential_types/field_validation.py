"""Validates and normalizes typed values. Each function returns the value as it is stored, or raises Refused.

The sentence of a Refused never repeats the value: it may be a secret.
"""

import json
import re
import unicodedata
from collections.abc import Collection, Mapping
from typing import Any

from credstore.credential_types.paste_detection.extra_config import repair_extra_config
from credstore.errors import Refused
from credstore.urls import canonical_url

# Characters of Unicode's category C are refused, since direction overrides make one name look like another. These
# joiners are allowed: some scripts need them.
_JOINERS = {"\u200c", "\u200d"}
_MASK = re.compile(r"[*•●∙·]{3,}|…|\.{3}")
MAX_MASK_LENGTH = 100  # characters; the pattern is slow on long texts, and no mask is that long
_SECRET_PART = re.compile(r"(?=.*\d).{8,}|.{16,}")
_ONLY_MASK = re.compile(r"[*•●∙·….]{3,}|[<\[][^<>\[\]]*(?:hidden|redacted|masked)[^<>\[\]]*[>\]]", re.I)


def _is_mask(value: str) -> bool:
    return len(value) <= MAX_MASK_LENGTH and _ONLY_MASK.fullmatch(value) is not None


def clean_text(value: str) -> str:
    """One line of ordinary text."""
    value = unicodedata.normalize("NFC", value)
    if any(unicodedata.category(char)[0] == "C" and char not in _JOINERS for char in value):
        raise Refused("Leave out control characters and invisible formatting characters.")
    return value


def clean_secret(value: str, label: str) -> str:
    """A key or token that a header can have: printable ASCII without spaces, and not a masked key ("sk-***")."""
    if _MASK.search(value) or _is_mask(value):
        raise Refused(f"This looks like a masked {label}. Paste the whole {label}.")
    if not re.fullmatch(r"[\x21-\x7e]+", value):
        raise Refused(f"This {label} has a space, a line break or a character outside plain ASCII. Copy it again.")
    return value


def clean_url(value: str) -> str:
    return canonical_url(value)


def clean_choice(value: str, known: Collection[str]) -> str:
    if value not in known:
        raise Refused("Choose one of the listed options.")
    return value


def clean_json_object(value: str, kinds: Mapping[str, str]) -> str:
    """A JSON object, serialized again. `kinds` has the type of value ("text", "url", …) of each known key.

    What is recognised as something else, like a URL alone, is written as the object that it means.
    """
    value = repair_extra_config(value, kinds).text
    try:
        found = json.loads(value, object_pairs_hook=_reject_duplicate_keys, parse_constant=_reject_constant)
        leaves = _leaf_values(found)
        written = json.dumps(found, ensure_ascii=False, allow_nan=False)
        written.encode()
    except json.JSONDecodeError as failure:
        raise Refused(f"This is not valid JSON (line {failure.lineno}, column {failure.colno}).") from None
    except RecursionError:
        raise Refused("This JSON is nested too deeply.") from None
    except ValueError:  # a number that is too large (1e999), or half of a surrogate pair
        raise Refused("This JSON holds a number or a character that cannot be stored.") from None
    if not isinstance(found, dict) or not found:
        raise Refused('Extra Config is a JSON object with at least one key, like {"url": "https://…"}.')
    for key, kind in kinds.items():
        if key in found:
            _check_key(key, kind, found[key])
    if any(isinstance(item, str) and _is_mask(item) for item in leaves):
        raise Refused("One of the values looks like a mask, not a secret. Enter the real value.")
    return written


def secret_texts(value: str, public_keys: Collection[str] = ()) -> set[str]:
    """The texts in a stored JSON object, without those of its top-level `public_keys`.

    Long words of a text count too: a server may repeat the token without the "Bearer" before it.
    """
    whole = {leaf for name, item in json.loads(value).items() if name not in public_keys for leaf in _leaf_values(item)}
    whole = {str(leaf) for leaf in whole if isinstance(leaf, str | int | float) and not isinstance(leaf, bool)}
    return whole | {part for text in whole for part in text.split() if _SECRET_PART.fullmatch(part)}


def _reject_duplicate_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise Refused("A key appears twice in one object.")
    return dict(pairs)


def _reject_constant(_name: str) -> None:
    raise Refused("NaN and Infinity are not JSON.")


def _check_key(key: str, kind: str, value: Any) -> None:
    wanted: type = {"text": str, "url": str, "object": dict, "number": int}[kind]
    if not isinstance(value, wanted) or isinstance(value, bool):
        words = {"text": "a text", "url": "a URL", "object": "a JSON object", "number": "a whole number"}[kind]
        raise Refused(f"“{key}” must be {words}.")
    if kind == "url" and not re.match(r"(?:https?://|ssh://|[\w.-]+@[\w.-]+:)\S+\Z", str(value)):
        raise Refused(f"“{key}” must be a URL, like https://example.com/….")


def _leaf_values(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in _leaf_values(item)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in _leaf_values(item)]
    return [value]
