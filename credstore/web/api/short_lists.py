"""A list whose length is checked before its items: a long one costs no time, and gives one sentence."""

from typing import Any

from marshmallow import ValidationError, fields, validate


class ShortList(fields.List[Any]):
    """At least `least` and at most `most` items."""

    def __init__(self, item: Any, *, most: int, least: int = 0, **more: Any) -> None:
        # The validator is for the document, and for a list that is too short.
        super().__init__(item, validate=validate.Length(least or None, most), **more)
        self._most = most

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> list[Any]:
        if isinstance(value, list) and len(value) > self._most:
            raise ValidationError(f"Send at most {self._most:,} at once.")
        return super()._deserialize(value, attr, data, **more)
