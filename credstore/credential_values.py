"""The values of one credential in clear, in the hands of who uses them: nothing that prints an object shows them."""

import json
from collections.abc import Iterator, KeysView, Mapping, Sequence
from typing import Any, NoReturn


class CredentialValues:
    """What `resolve` and the client give: `values["api_key"]`, `dict(values)` or `reveal()` are in clear.

    Everything that turns the object itself into text shows the id and the names of the fields: `repr`, `str`, `format`,
    a log line, a traceback with local variables. It cannot be pickled, and `json` does not take it. It has the methods
    of a mapping and yet is none: collectors of errors print each item of what is a `Mapping`.
    """

    __slots__ = ("_values", "id", "kind", "name", "secret_fields", "version")
    __hash__ = None  # type: ignore[assignment]  # equal by value, as a dict is

    def __init__(
        self,
        values: Mapping[str, Any],
        *,
        id: str,
        name: str,
        kind: str,
        version: int,
        secret_fields: Sequence[str] = (),
    ) -> None:
        """`secret_fields` are the names of the secrets, the main one first."""
        self._values = dict(values)
        self.id, self.name, self.kind, self.version = id, name, kind, version
        self.secret_fields = tuple(secret_fields)

    def reveal(self) -> dict[str, Any]:
        """All values in clear, as a new dict."""
        return dict(self._values)

    def text(self, field: str = "") -> str:
        """The value of a field as text; "" is the main secret: the API key, the bot token, the Extra Config.

        Where no field has this name, it is the value of a key in the Extra Config. Raises KeyError.
        """
        if not field:
            field = self.secret_fields[0] if self.secret_fields else ""
        if field in self._values:
            return str(self._values[field])
        found = json_object(self._values.get("extra_config")).get(field)
        if found is None:
            raise KeyError(field)
        return found if isinstance(found, str) else json.dumps(found)

    def __getitem__(self, field: str) -> Any:
        return self._values[field]

    def get(self, field: str, default: Any = None) -> Any:
        return self._values.get(field, default)

    def keys(self) -> KeysView[str]:
        """The names of the fields. With `[]` it is what `dict(…)` and `**` need."""
        return dict.fromkeys(self._values).keys()

    def values(self) -> Iterator[Any]:
        """The values alone. As an iterator, which prints none of them."""
        return iter(self._values.values())

    def items(self) -> Iterator[tuple[str, Any]]:
        """The names with the values. As an iterator, which prints none of them."""
        return iter(self._values.items())

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, field: object) -> bool:
        return field in self._values

    def __eq__(self, other: object) -> bool:
        if isinstance(other, CredentialValues):
            return self._values == other._values
        return self._values == other if isinstance(other, dict) else NotImplemented

    def __repr__(self) -> str:
        return f"CredentialValues(id={self.id!r}, kind={self.kind!r}, fields={sorted(self._values)})"

    def __copy__(self) -> "CredentialValues":
        return self

    def __deepcopy__(self, memo: object) -> "CredentialValues":
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("The values of a credential are not written anywhere. Store the credential's id.")


def json_object(text: object) -> dict[str, Any]:
    """The object of a text of JSON, {} for anything else."""
    try:
        found = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
