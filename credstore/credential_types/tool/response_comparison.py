"""Compares two responses of a tool, without the values that differ in every response. Pure."""

from credstore.probe import Json, ProbeResponse

_ERROR_NAMES = {"error", "errors", "fault", "exception"}
MAX_DEPTH = 12  # levels of JSON that are compared; an answer that is nested deeper is cut there


def same_answer(one: ProbeResponse, other: ProbeResponse) -> bool:
    """Whether two responses have the same status, content type and JSON structure: names, types, and empty lists.

    Values are not compared, because times and request ids differ in every response; but the texts of an error are.
    """
    if one.status != other.status or _content_type(one) != _content_type(other):
        return False
    if one.json is None and other.json is None:
        return bool(one.body_start) == bool(other.body_start)
    return _shape(one.json) == _shape(other.json)


def _content_type(answer: ProbeResponse) -> str:
    return answer.headers.get("content-type", "").partition(";")[0].strip().lower()


def _shape(json: Json, depth: int = 0) -> object:
    if depth > MAX_DEPTH:
        return "deeper"
    if isinstance(json, dict):
        return {
            name: value if name.lower() in _ERROR_NAMES else _shape(value, depth + 1) for name, value in json.items()
        }
    if isinstance(json, list):
        shapes = [_shape(item, depth + 1) for item in json[:50]]
        # Each shape once, in order of appearance: how many there are says nothing.
        return [shape for at, shape in enumerate(shapes) if shape not in shapes[:at]]
    if isinstance(json, bool) or json is None:
        return json
    return "number" if isinstance(json, int | float) else "text"
