"""The routes of references: which nodes of which consumers use a credential."""

from typing import Any

from flask import Response, jsonify
from marshmallow import fields, validate

from credstore.vault import Reference
from credstore.web import request_context
from credstore.web.api.routes import Link, Route
from credstore.web.api.schemas import Answer, Given
from credstore.web.api.short_lists import ShortList
from credstore.web.json_output import isoformat

_SCOPE = "references"
_MOST_PAGES = 1_000_000


class PageQuery(Given):
    page = fields.Integer(load_default=1, validate=validate.Range(1, _MOST_PAGES))


class ConsumerQuery(Given):
    consumer = fields.String(required=True, metadata={"description": "Who uses credentials, such as workflow:42."})


class OneQuery(ConsumerQuery):
    node = fields.String(load_default="")


class OneReference(Given):
    consumer = fields.String(required=True)
    node = fields.String(load_default="")
    label = fields.String(load_default="", metadata={"description": "What people call the consumer."})
    link = fields.String(load_default="", metadata={"description": "Leads a person to it, by https."})


class OwnReference(Given):
    credential = fields.UUID(required=True)
    node = fields.String(load_default="")
    label = fields.String(load_default="")
    link = fields.String(load_default="")


class AllReferences(Given):
    consumer = fields.String(required=True)
    references = ShortList(fields.Nested(OwnReference), most=1000, required=True)


class MoveTarget(Given):
    to = fields.UUID(required=True, metadata={"description": "The id of a credential of the same type."})


class ReferenceAnswer(Answer):
    credential = fields.UUID(required=True)
    consumer = fields.String(required=True)
    node = fields.String(required=True)
    label = fields.String(required=True)
    link = fields.String(required=True)
    registered = fields.Boolean(required=True, metadata={"description": "False where only a use was seen."})
    created_at = fields.AwareDateTime(required=True)
    last_used_at = fields.AwareDateTime(required=True, allow_none=True)


class ReferenceList(Answer):
    items = fields.List(fields.Nested(ReferenceAnswer), required=True)


class ReferencesOfCredential(ReferenceList):
    page = fields.Integer(required=True)
    pages = fields.Integer(required=True)
    total = fields.Integer(required=True)
    consumers = fields.Integer(required=True)


class RemovedAnswer(Answer):
    removed = fields.Boolean(required=True)


class MovedAnswer(Answer):
    consumers = fields.Integer(required=True, metadata={"description": "How many have moved."})


def references_of(credential: str, query: dict[str, Any]) -> Response:
    page = request_context.vault().references_of(credential, query["page"])
    items = [_answer(one) for one in page.references]
    return jsonify(items=items, page=page.page, pages=page.pages, total=page.total, consumers=page.consumers)


def put_reference(credential: str, body: dict[str, Any]) -> Response:
    put = request_context.vault().put_reference(
        credential, body["consumer"], body["node"], label=body["label"], link=body["link"]
    )
    return jsonify(_answer(put))


def remove_reference(credential: str, query: dict[str, Any]) -> Response:
    removed = request_context.vault().remove_reference(credential, query["consumer"], query["node"])
    return jsonify(removed=removed)


def references_of_consumer(query: dict[str, Any]) -> Response:
    found = request_context.vault().references_of_consumer(query["consumer"])
    return jsonify(items=[_answer(one) for one in found])


def replace_references(body: dict[str, Any]) -> Response:
    given = [(str(one["credential"]), one["node"], one["label"], one["link"]) for one in body["references"]]
    found = request_context.vault().replace_references(body["consumer"], given)
    return jsonify(items=[_answer(one) for one in found])


def move_references(credential: str, body: dict[str, Any]) -> Response:
    return jsonify(consumers=request_context.vault().move_references(credential, str(body["to"])))


def _answer(one: Reference) -> dict[str, Any]:
    return {
        "credential": one.public_id,
        "consumer": one.consumer,
        "node": one.node,
        "label": one.label,
        "link": one.link,
        "registered": one.registered,
        "created_at": isoformat(one.created_at),
        "last_used_at": isoformat(one.last_used_at),
    }


_CREDENTIAL = "$response.body#/credential"
_CONSUMER = {"query.consumer": "$response.body#/consumer"}
_NODE = {"query.node": "$response.body#/node"}
_OF_CREDENTIAL = "/credentials/<uuid:credential>/references"
ROUTES = (
    Route(
        method="GET",
        rule=_OF_CREDENTIAL,
        name="references_of",
        scope=_SCOPE,
        summary="List who uses a credential",
        view=references_of,
        query=PageQuery,
        answers={200: ReferencesOfCredential},
    ),
    Route(
        method="PUT",
        rule=_OF_CREDENTIAL,
        name="put_reference",
        scope=_SCOPE,
        summary="Register that a node of a consumer uses a credential",
        view=put_reference,
        body=OneReference,
        answers={200: ReferenceAnswer},
        links=(
            Link(to="remove_reference", parameters={"path.credential": _CREDENTIAL} | _CONSUMER | _NODE),
            Link(to="references_of", parameters={"path.credential": _CREDENTIAL}),
            Link(to="references_of_consumer", parameters=_CONSUMER),
        ),
    ),
    Route(
        method="DELETE",
        rule=_OF_CREDENTIAL,
        name="remove_reference",
        scope=_SCOPE,
        summary="Remove one reference; to remove it twice is no error",
        view=remove_reference,
        query=OneQuery,
        answers={200: RemovedAnswer},
    ),
    Route(
        method="POST",
        rule=f"{_OF_CREDENTIAL}/move",
        name="move_references",
        scope="write",
        summary="Give all references of a credential to another one of the same type",
        view=move_references,
        body=MoveTarget,
        answers={200: MovedAnswer},
    ),
    Route(
        method="GET",
        rule="/references",
        name="references_of_consumer",
        scope=_SCOPE,
        summary="List what a consumer uses",
        view=references_of_consumer,
        query=ConsumerQuery,
        answers={200: ReferenceList},
    ),
    Route(
        method="PUT",
        rule="/references",
        name="replace_references",
        scope=_SCOPE,
        summary="Make these all references of a consumer",
        view=replace_references,
        body=AllReferences,
        answers={200: ReferenceList},
    ),
)
