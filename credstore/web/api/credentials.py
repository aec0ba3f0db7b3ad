"""The routes of credentials: list, create, read, change."""

from typing import Any

from flask import Response, url_for
from marshmallow import fields, validate
from werkzeug.exceptions import PreconditionFailed

from credstore.credential_types import by_slug
from credstore.errors import Conflict, Unreadable
from credstore.vault import ListFilters
from credstore.web import request_context
from credstore.web.api.if_match import CHANGED, require_match
from credstore.web.api.kept_texts import page_text
from credstore.web.api.key_mismatch import CONFIRM, refuse_mismatch
from credstore.web.api.problems import note_typed_fields
from credstore.web.api.routes import Link, Route
from credstore.web.api.schemas import DAY, CredentialAnswer, CredentialPage, ListQuery, Patch, confirm_field
from credstore.web.api.secret_states import without_states
from credstore.web.api.serializers import credential_response
from credstore.web.api.typed_bodies import FieldsBody, texts_of

_BODY = FieldsBody(
    "New",
    {
        "name": fields.String(required=True),
        "expires": fields.String(
            allow_none=True,
            validate=validate.Regexp(DAY, error="Write the day as YYYY-MM-DD."),
            metadata={"format": "date"},
        ),
        CONFIRM: confirm_field(),
    },
)


def list_credentials(query: dict[str, Any]) -> Response:
    filters = ListFilters.clean(
        query=query.get("q", ""),
        kind=query.get("type", ""),
        expiring=query.get("expiring"),
        status=query.get("status", ""),
        sort=query.get("sort", ""),
    )
    page = request_context.vault().list_by_key(filters, after=int(query.get("cursor", 0)), limit=query["limit"])
    next_cursor = str(page.next_key) if page.next_key else None
    text = page_text(page.records, next_cursor=next_cursor, beginnings_only=page.beginnings_only)
    return Response(text, mimetype="application/json")


def create(body: dict[str, Any]) -> Response:
    vault, kind, name = request_context.vault(), by_slug(body["type"]), body.get("name", "")
    if kind is not None:
        refuse_mismatch(kind, body["fields"], confirmed=body.get(CONFIRM, False), name=name)
    record = vault.create(body["type"], name, body["fields"], expires=body.get("expires") or "")
    response = credential_response(record, 201)
    response.headers["Location"] = url_for("credstore_api.read", credential=record.public_id)
    return response


def read(credential: str) -> Response:
    return credential_response(request_context.vault().get(credential))


def change(credential: str, body: dict[str, Any]) -> Response:
    vault = request_context.vault()
    record = vault.get(credential)
    require_match(record)
    kind = by_slug(record.kind)
    if kind is None:
        raise Unreadable("This version of credstore does not know the type of this credential.")
    note_typed_fields()
    secrets = {field.name for field in kind.secret_fields()}
    given = without_states(body.get("fields_", {}), secrets | record.secret_names)
    values = dict(record.public) | texts_of(kind, given)
    refuse_mismatch(kind, values, confirmed=body[CONFIRM], name=body.get("name", ""))
    remove = {name for name in secrets if name in given and given[name] is None}
    expires = body["expires"] or "" if "expires" in body else None
    try:
        changed = vault.edit(
            credential,
            version=record.version,
            name=body.get("name", record.name),
            values=values,
            remove=remove,
            expires=expires,
        )
    except Conflict:
        raise PreconditionFailed(CHANGED) from None
    return credential_response(changed)


ROUTES = (
    Route(
        method="GET",
        rule="/credentials",
        name="list_credentials",
        scope="read",
        summary="List credentials, page after page",
        view=list_credentials,
        query=ListQuery,
        answers={200: CredentialPage},
        refusals=(410,),
        links=(
            Link(to="list_credentials", parameters={"query.cursor": "$response.body#/next_cursor"}),
            Link(to="read", parameters={"path.credential": "$response.body#/items/0/id"}),
        ),
    ),
    Route(
        method="POST",
        rule="/credentials",
        name="create",
        scope="write",
        summary="Create a credential",
        view=create,
        body=_BODY,
        answers={201: CredentialAnswer},
        refusals=(422,),
        links=(Link(to="delete_many", body={"ids": ["$response.body#/id"]}),),
    ),
    Route(
        method="GET",
        rule="/credentials/<uuid:credential>",
        name="read",
        scope="read",
        summary="Read a credential",
        view=read,
        answers={200: CredentialAnswer},
    ),
    Route(
        method="PATCH",
        rule="/credentials/<uuid:credential>",
        name="change",
        scope="write",
        summary="Change a credential",
        view=change,
        body=Patch,
        answers={200: CredentialAnswer},
        refusals=(409, 412, 422, 428),
        if_match=True,
    ),
)
