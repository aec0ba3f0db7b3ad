"""Parses a JSON file of another program."""

import json
from typing import Any

from credstore.errors import FileRefused


def parse_json(text: str) -> Any:
    """Raises FileRefused with the place of the mistake, which repeats nothing of the file."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as failure:
        raise FileRefused(f"This is not valid JSON (line {failure.lineno}, column {failure.colno}).") from None
    except (ValueError, RecursionError):
        raise FileRefused("This is not valid JSON.") from None


def list_of_objects(found: Any, within: str = "") -> list[dict[str, Any]]:
    """The objects of a list, which may be the value of the key `within`. Raises FileRefused."""
    if isinstance(found, dict):
        found = found.get(within, [found])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise FileRefused("This JSON is not a list of objects, as this format has it.")
    return found
