"""The routes that test credentials and drafts, and read what tests found."""

from typing import Any

from flask import Response, jsonify
from marshmallow import fields

from credstore.credential_types import by_slug
from credstore.errors import InvalidFields
from credstore.web import request_context
from credstore.web.api.key_mismatch import CONFIRM, refuse_mismatch
from credstore.web.api.routes import Route
from credstore.web.api.schemas import Models, VerdictAnswer, Verdicts, confirm_field
from credstore.web.api.serializers import credential_answer
from credstore.web.api.typed_bodies import FieldsBody
from credstore.web.json_output import isoformat, verdict_json

_DRAFT = FieldsBody(
    "Draft",
    {
        "credential": fields.UUID(metadata={"description": "Its stored secrets stand in for those that are not sent."}),
        CONFIRM: confirm_field(),
    },
)


def test(credential: str) -> Response:
    return jsonify(credential_answer(request_context.vault().test(credential))["test"])


def test_draft(body: dict[str, Any]) -> Response:
    vault, stored = request_context.vault(), str(body.get("credential", ""))
    values = body["fields"]
    if stored:
        record = vault.get(stored)
        if record.kind != body["type"]:
            raise InvalidFields({"type": "The stored credential is of another type."})
        values = dict(record.public) | values
    if (kind := by_slug(body["type"])) is not None:
        refuse_mismatch(kind, values, confirmed=body.get(CONFIRM, False))
    return jsonify(verdict_json(vault.test_draft(body["type"], values, public_id=stored)))


def verdicts(credential: str) -> Response:
    vault = request_context.vault()
    vault.get(credential)
    found = vault.history(credential)
    return jsonify(items=[verdict_json(one.verdict) | {"tested_at": isoformat(one.tested_at)} for one in found])


def models(credential: str) -> Response:
    vault = request_context.vault()
    record = vault.get(credential)
    listed, names = record.verdict.models, vault.model_names(record)
    return jsonify(
        items=list(names), count=listed.count if listed else 0, listed_for=listed.listed_for if listed else None
    )


ROUTES = (
    Route(
        method="POST",
        rule="/credentials/<uuid:credential>/test",
        name="test",
        scope="test",
        summary="Test a credential",
        view=test,
        answers={200: VerdictAnswer},
        refusals=(409,),
    ),
    Route(
        method="POST",
        rule="/credentials/test",
        name="test_draft",
        scope="test",
        summary="Test values without storing them",
        view=test_draft,
        body=_DRAFT,
        answers={200: VerdictAnswer},
        refusals=(404, 409, 422),
    ),
    Route(
        method="GET",
        rule="/credentials/<uuid:credential>/verdicts",
        name="verdicts",
        scope="read",
        summary="Read the results of the last tests, newest first",
        view=verdicts,
        answers={200: Verdicts},
    ),
    Route(
        method="GET",
        rule="/credentials/<uuid:credential>/models",
        name="models",
        scope="read",
        summary="Read the models that the last test listed",
        view=models,
        answers={200: Models},
    ),
)
