"""How a route of the API is declared: once, for the check of its token, of what is sent, and for the document."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from flask.typing import ResponseReturnValue
from marshmallow import Schema


class Body(Protocol):
    """A body that is not of one schema: which one, something in it says."""

    def load(self, data: Any) -> dict[str, Any]:
        """What was sent, checked. Raises InvalidFields or marshmallow's ValidationError."""

    def schemas(self) -> Mapping[str, type[Schema]]:
        """The schemas by the value of `type` that says which one holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """The operation `to` can follow an answer. `parameters` and `body` are of its request.

    A parameter is named with its place, like path.credential. A value is a runtime expression of OpenAPI, such as
    $response.body#/id.
    """

    to: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Route:
    """`rule` is Flask's, below /api/v1. `scope` is what the token must have.

    `query` checks the parameters of the URL, `body` what is sent as JSON; the view gets both, checked, by these names,
    and the variables of the rule as texts. `answers` has the schema of each good answer, None for an empty one;
    `refusals` are the statuses of problems that only this route has. `if_match`: the header If-Match is looked at; it
    must be sent where 428 is among the refusals. `links` say what a good answer leads to. `reads_credential`: the
    credential of the address is read together with the token.
    """

    method: str
    rule: str
    name: str
    scope: str
    summary: str
    view: Callable[..., ResponseReturnValue]
    answers: Mapping[int, type[Schema] | None]
    query: type[Schema] | None = None
    body: type[Schema] | Body | None = None
    refusals: tuple[int, ...] = field(default=())
    if_match: bool = False
    links: tuple[Link, ...] = ()
    reads_credential: bool = False
