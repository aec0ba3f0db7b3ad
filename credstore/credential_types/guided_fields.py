"""Writes the fields that a form asks for one by one into the JSON object of another field, such as Extra Config. Pure.

The JSON has the rest. What both have must be the same. While a stored object is edited, a blank field keeps what is
stored, but no secret ever follows a changed URL. No sentence repeats a value.
"""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from credstore.credential_types.paste_detection.extra_config import repair_extra_config
from credstore.credential_types.paste_detection.secret_words import looks_like_a_secret
from credstore.credential_types.paste_detection.unwrap import unwrap
from credstore.errors import InvalidFields, Refused

_WHOLE_URL = re.compile(r"(?:https?://|ssh://|[\w.-]+@[\w.-]+:|(?:\$\s*)?git\s+clone\s)")
_MAY_HOLD_A_SECRET = re.compile(r"://[^/]*@|[?#{}\"]|\A[^\s/.:]{16,}\Z")

Config = dict[str, Any]


class Part(Protocol):
    """A field that is written to `key` of the object, or as name or value of the first entry of the object there."""

    @property
    def name(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def part(self) -> str: ...
    @property
    def form(self) -> str: ...
    @property
    def required(self) -> bool: ...
    @property
    def secret(self) -> bool: ...


def may_hold_a_secret(url: str) -> bool:
    """Whether this text, typed as a URL, is not shown again: it has a name, a query, or is no URL at all."""
    return _MAY_HOLD_A_SECRET.search(url.strip()) is not None


def typed_parts(parts: Sequence[Part], values: Mapping[str, str]) -> dict[str, str]:
    """What was typed, by the names of the parts, without blank ones."""
    return {part.name: text for part in parts if (text := (values.get(part.name) or "").strip())}


def place_of_sentence(name: str, parts: Sequence[Part], values: Mapping[str, str], sentence: str) -> str:
    """The field that a sentence on the JSON field `name` stands beside: the typed part whose key it names first.

    Where no JSON was typed that is the first part at least.
    """
    typed = typed_parts(parts, values)
    places = [(sentence.find(f"“{part.key}”"), part.name) for part in parts if part.name in typed]
    named = sorted(place for place in places if place[0] >= 0)
    if named:
        return named[0][1]
    return name if (values.get(name) or "").strip() else parts[0].name


def write_object(parts: Sequence[Part], values: Mapping[str, str], json_text: str, keys: Collection[str]) -> str:
    """The JSON text with the typed parts in it; unchanged where none is. Raises InvalidFields.

    `json_text` is a valid object or "". Without it, every required part must be there.
    """
    typed = typed_parts(parts, values)
    if not typed:
        return json_text
    given = _by_key(parts, typed, keys)
    wrong: dict[str, str] = {}
    config: Config = json.loads(json_text) if json_text else {}
    for part in parts:
        if part.name not in given:
            if (part.required and not json_text) or _other_half(parts, part, given):
                wrong[part.name] = f"{part.label} is required."
        elif _differs(parts, part, given, config):
            wrong[part.name] = f"The JSON has another “{part.key}”. Keep one of them."
    if wrong:
        raise InvalidFields(wrong)
    return _dump(_written(parts, given, config))


def write_over_stored(
    parts: Sequence[Part], values: Mapping[str, str], stored: str, keys: Collection[str], public_keys: Collection[str]
) -> str:
    """The stored JSON text with the typed parts in place of its own. Raises InvalidFields.

    A blank part keeps what is stored, unless the URL changes: then every secret must be typed again. `public_keys` are
    the keys whose values are no secrets.
    """
    given = _by_key(parts, typed_parts(parts, values), keys)
    config: Config = json.loads(stored)
    old = _read(parts, config)
    rest = _without(parts, config)
    for url in parts:
        if url.form == "url" and url.name in given and given[url.name] != old.get(url.name):
            _refuse_secrets_elsewhere(parts, url, given, old, {key for key in rest if key not in public_keys})
    wrong = {
        part.name: f"{part.label} is required."
        for part in parts
        if part.part and part.name not in given | old and _other_half(parts, part, given | old)
    }
    if wrong:
        raise InvalidFields(wrong)
    return _dump(_written(parts, old | given, rest))


def _refuse_secrets_elsewhere(
    parts: Sequence[Part], url: Part, given: Mapping[str, str], old: Mapping[str, str], rest: Collection[str]
) -> None:
    if rest:
        named = ", ".join(f"“{key}”" for key in sorted(rest) if not looks_like_a_secret(key)) or "other keys"
        sentence = f"Extra Config also has {named}. To change the {url.label}, enter all of it as JSON."
        raise InvalidFields({url.name: sentence})
    sentence = f"{url.label} changed. A stored secret is sent only where it was saved for, so enter it again."
    wrong = {part.name: sentence for part in parts if part.secret and part.name in old and part.name not in given}
    if wrong:
        raise InvalidFields(wrong)


def _by_key(parts: Sequence[Part], typed: Mapping[str, str], keys: Collection[str]) -> dict[str, str]:
    """The values to write, by the names of the parts. A URL with a login in it fills in the name and the token too."""
    given: dict[str, str] = {}
    for part in parts:
        text = typed.get(part.name, "")
        if part.secret and not part.part:
            text = unwrap(text).value
        if text and part.form == "url":
            for key, value in _url_parts(part, text, keys).items():
                target = next(other for other in parts if other.key == key)
                if target is not part and typed.get(target.name, value) != value:
                    raise InvalidFields({part.name: f"The {part.label} has another “{key}” in it. Keep one of them."})
                given[target.name] = value
        elif text:
            given[part.name] = text
    return given


def _url_parts(part: Part, text: str, keys: Collection[str]) -> dict[str, str]:
    if not _WHOLE_URL.match(text):
        raise InvalidFields({part.name: f"Write the whole {part.label}, with https:// before it."})
    try:
        found = repair_extra_config(text, keys).text
        return dict(json.loads(found))
    except Refused as refusal:
        raise InvalidFields({part.name: re.sub(r":? \{.*", ".", refusal.sentence)}) from None  # no example of JSON
    except ValueError:
        raise InvalidFields({part.name: f"This is not a valid {part.label}."}) from None


def _other_half(parts: Sequence[Part], part: Part, given: Mapping[str, str]) -> str:
    """The typed value for a name, or the name for a value."""
    return next((given.get(other.name, "") for other in parts if other.key == part.key and other is not part), "")


def _entry(config: Config, key: str, name: str) -> str | None:
    """The name in the object at `key` that is this one but for its case."""
    entries = config.get(key)
    known = entries if isinstance(entries, dict) else {}
    return next((other for other in known if other.lower() == name.lower()), None)


def _differs(parts: Sequence[Part], part: Part, given: Mapping[str, str], config: Config) -> bool:
    """Whether the JSON has another value for this part."""
    if not part.part:
        return part.key in config and config[part.key] != given[part.name]
    if part.part == "name":
        return False
    name = _entry(config, part.key, _other_half(parts, part, given))
    return name is not None and config[part.key][name] != given[part.name]


def _written(parts: Sequence[Part], given: Mapping[str, str], rest: Config) -> Config:
    """The object: what the parts say first, then the rest of it."""
    config: Config = {}
    for part in parts:
        if part.name not in given or part.part == "name":
            continue
        if part.part == "value":
            name = _other_half(parts, part, given)
            entries = rest.get(part.key)
            others = dict(entries) if isinstance(entries, dict) else {}
            others = {other: value for other, value in others.items() if other.lower() != name.lower()}
            config[part.key] = {name: given[part.name]} | others
        else:
            config[part.key] = given[part.name]
    return config | {key: value for key, value in rest.items() if key not in config}


def _read(parts: Sequence[Part], config: Config) -> dict[str, str]:
    """What an object has for each part: texts only, and of an object its first entry."""
    found: dict[str, str] = {}
    for part in parts:
        value = config.get(part.key)
        if part.part:
            name, text = next(iter(value.items()), ("", None)) if isinstance(value, dict) else ("", None)
            value = text if part.part == "value" or not isinstance(text, str) else name
        if isinstance(value, str):
            found[part.name] = value
    return found


def _without(parts: Sequence[Part], config: Config) -> Config:
    """What an object has besides that."""
    rest = dict(config)
    read = _read(parts, config)
    for part in parts:
        if part.name not in read or part.part == "name":
            continue
        value = rest.pop(part.key)
        if part.part and len(value) > 1:
            rest[part.key] = dict(list(value.items())[1:])
    return rest


def _dump(config: Config) -> str:
    return json.dumps(config, ensure_ascii=False)
