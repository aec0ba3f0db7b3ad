"""The state of a secret, which the API answers in its place, must never be taken for its value."""

from collections.abc import Collection, Mapping
from typing import Any

from credstore.errors import InvalidFields

_NO_VALUE = "This is the state of a secret, not a value."
_MEMBERS = {"set", "updated_at"}


def without_states(given: Mapping[str, Any], secrets: Collection[str]) -> dict[str, Any]:
    """The fields as sent, without secrets of which only the state was sent back: those stay as they are."""
    return {name: value for name, value in given.items() if not (name in secrets and _is_state(value))}


def refuse_states(given: object, secrets: Collection[str]) -> None:
    """Raises InvalidFields for each secret of which the state was sent, where there is no stored value to keep."""
    if isinstance(given, dict):
        wrong = {name: _NO_VALUE for name in secrets if _is_state(given.get(name))}
        if wrong:
            raise InvalidFields(wrong)


def _is_state(value: object) -> bool:
    return isinstance(value, dict) and set(value) <= _MEMBERS and isinstance(value.get("set"), bool)
