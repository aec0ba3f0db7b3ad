"""The route of the feed of changes: what became of credentials, for those that use them."""

from typing import Any

from flask import Response, jsonify
from marshmallow import fields, validate

from credstore.web import request_context
from credstore.web.api.routes import Link, Route
from credstore.web.api.schemas import CURSOR, Answer, Given
from credstore.web.json_output import isoformat


class ChangesQuery(Given):
    cursor = fields.String(
        validate=CURSOR,
        metadata={"description": "The cursor of an earlier answer. Without it: the newest cursor, and no changes."},
    )
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 1000))


class ChangeAnswer(Answer):
    action = fields.String(required=True, metadata={"description": "created, edited, deleted, restored or moved"})
    credential = fields.UUID(required=True)
    moved_to = fields.UUID(required=True, allow_none=True)
    changed_at = fields.AwareDateTime(required=True)


class ChangesAnswer(Answer):
    items = fields.List(fields.Nested(ChangeAnswer), required=True)
    cursor = fields.String(required=True)
    more = fields.Boolean(required=True)


def changes(query: dict[str, Any]) -> Response:
    vault = request_context.vault()
    if "cursor" not in query:
        return jsonify(items=[], cursor=str(vault.newest_cursor()), more=False)
    found = vault.changes(int(query["cursor"]), query["limit"])
    items = [
        {
            "action": one.action,
            "credential": one.public_id,
            "moved_to": one.moved_to,
            "changed_at": isoformat(one.changed_at),
        }
        for one in found.changes
    ]
    return jsonify(items=items, cursor=str(found.cursor), more=found.more)


ROUTES = (
    Route(
        method="GET",
        rule="/changes",
        name="changes",
        scope="read",
        summary="Read what became of credentials since a cursor",
        view=changes,
        query=ChangesQuery,
        answers={200: ChangesAnswer},
        refusals=(410,),
        links=(Link(to="changes", parameters={"query.cursor": "$response.body#/cursor"}),),
    ),
)
