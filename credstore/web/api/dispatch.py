"""Calls the view of a route with what was sent, checked by the route's declaration."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from marshmallow import Schema
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from credstore.web.api.routes import Body, Route

_NOT_JSON = "The body is not valid JSON, or holds text that is not valid Unicode."
_NOT_ENCODED = "Send the body as it is, without Content-Encoding."
_JSON_ONLY = "Send the body as application/json."


def dispatched(route: Route) -> Callable[..., ResponseReturnValue]:
    """The Flask view of a route. It raises marshmallow's ValidationError for what does not fit the declaration."""

    @cache  # made once, at the first request: a schema keeps nothing of what it loads
    def declared() -> tuple[Schema | None, Schema | Body | None]:
        return route.query() if route.query else None, route.body() if isinstance(route.body, type) else route.body

    def view(**variables: Any) -> ResponseReturnValue:
        given: dict[str, Any] = {name: str(value) for name, value in variables.items()}
        query, body = declared()
        if query is not None:
            given["query"] = query.load(request.args.to_dict())
        if body is not None:
            given["body"] = body.load(json_body())
        return route.view(**given)

    return view


def json_body() -> Any:
    """What was sent. Raises UnsupportedMediaType, BadRequest, or RequestEntityTooLarge."""
    if not request.is_json:
        raise UnsupportedMediaType(_JSON_ONLY)
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise UnsupportedMediaType(_NOT_ENCODED)
    try:
        data = request.get_data(cache=False)
        sent = json.loads(data)
        if b"\\" in data or not data.isascii():  # else there is none, in any encoding of JSON
            # A lone surrogate is no text: it can be stored nowhere.
            json.dumps(sent, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise BadRequest(_NOT_JSON) from None
    return sent


def is_schema(body: object) -> bool:
    """Whether a body is of one schema."""
    return isinstance(body, type) and issubclass(body, Schema)
