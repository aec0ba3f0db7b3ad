"""The routes that delete credentials, and restore them."""

from collections.abc import Callable
from typing import Any

from flask import Response, jsonify
from werkzeug.exceptions import PreconditionFailed

from credstore.errors import Conflict, NotFound
from credstore.vault import Deletion
from credstore.web import request_context
from credstore.web.api.if_match import CHANGED, version_matcher
from credstore.web.api.routes import Link, Route
from credstore.web.api.schemas import Batch, CredentialAnswer, DeleteQuery, DeletionAnswer, Ids, RestoredAnswer
from credstore.web.api.serializers import credential_response


def delete(credential: str, query: dict[str, Any]) -> Response:
    try:
        done = _delete([credential], force=query.get("force") == "true", may_be=version_matcher())
    except Conflict:
        raise PreconditionFailed(CHANGED) from None
    if not done.deleted:
        raise NotFound
    return _answer(done)


def delete_many(body: dict[str, Any]) -> Response:
    return _answer(_delete([str(one) for one in body["ids"]], force=body["force"]))


def restore_batch(body: dict[str, Any]) -> Response:
    restored = request_context.vault().restore(str(body["batch"]))
    if not restored:
        raise NotFound("There is no such deletion, or what it took is restored or erased.")
    return jsonify(restored=restored)


def restore(credential: str) -> Response:
    vault = request_context.vault()
    done = vault.deleted.restore([credential])
    if done.refused:
        raise Conflict("Another credential has this name now. Rename that one first.")
    if not done.names:
        raise NotFound("There is no such deleted credential. It may be erased.")
    return credential_response(vault.get(credential))


def _delete(ids: list[str], *, force: bool, may_be: Callable[[int], bool] | None = None) -> Deletion:
    return request_context.vault().delete(ids, request_context.username(), force=force, may_be=may_be)


def _answer(done: Deletion) -> Response:
    return jsonify(batch=done.batch, deleted=done.deleted, missing=done.missing)


_TO_RESTORE_BATCH = Link(to="restore_batch", body={"batch": "$response.body#/batch"})
ROUTES = (
    Route(
        method="DELETE",
        rule="/credentials/<uuid:credential>",
        name="delete",
        scope="write",
        summary="Delete a credential; one that is used only with force=true",
        view=delete,
        query=DeleteQuery,
        answers={200: DeletionAnswer},
        refusals=(409, 412),
        if_match=True,
        links=(
            Link(to="restore", parameters={"path.credential": "$request.path.credential"}),
            _TO_RESTORE_BATCH,
        ),
    ),
    Route(
        method="POST",
        rule="/credentials/delete",
        name="delete_many",
        scope="write",
        summary="Delete several credentials, all or none",
        view=delete_many,
        body=Ids,
        answers={200: DeletionAnswer},
        refusals=(409,),
        links=(_TO_RESTORE_BATCH,),
    ),
    Route(
        method="POST",
        rule="/credentials/restore",
        name="restore_batch",
        scope="write",
        summary="Restore what one deletion took",
        view=restore_batch,
        body=Batch,
        answers={200: RestoredAnswer},
        refusals=(404,),
    ),
    Route(
        method="POST",
        rule="/credentials/<uuid:credential>/restore",
        name="restore",
        scope="write",
        summary="Restore a deleted credential",
        view=restore,
        answers={200: CredentialAnswer},
        refusals=(409,),
    ),
)
