"""What the client gives and takes besides values: nothing of it is secret."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from credstore.client_errors import ServerRefused


def items_of(page: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The objects of an answer. Raises ServerRefused where it is of another form."""
    items = page.get("items", [])
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise unexpected_answer()
    return items


def unexpected_answer() -> ServerRefused:
    """For an answer that is not of the form that the API promises."""
    return ServerRefused("The answer is not of the form that this client expects.", status=200, problem="form")


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialSummary:
    """A credential as the API lists it. `data` is the whole JSON object; no secret is part of it."""

    id: str
    name: str
    type: str
    data: Mapping[str, Any] = field(repr=False)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "CredentialSummary":
        return cls(id=str(data.get("id")), name=str(data.get("name")), type=str(data.get("type")), data=data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """That a node of a consumer uses a credential: "workflow:42", "node-7". `link` leads a person to it.

    `credential` is an id. `data` is the whole JSON object where the API gave it.
    """

    credential: str
    consumer: str = ""
    node: str = ""
    label: str = ""
    link: str = ""
    data: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Reference":
        texts = {name: str(data.get(name) or "") for name in ("credential", "consumer", "node", "label", "link")}
        return cls(**texts, data=data)
