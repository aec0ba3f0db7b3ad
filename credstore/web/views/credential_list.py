"""Views that show: the list at /credentials and one credential."""

from typing import Any
from uuid import UUID

from flask import Blueprint, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue

from credstore.credential_types import CREDENTIAL_TYPES
from credstore.web import request_context
from credstore.web.json_output import credential_json, page_json


def register(bp: Blueprint) -> None:
    bp.add_url_rule("/credentials", view_func=index)
    bp.add_url_rule("/credentials/<uuid:public_id>", view_func=show)


def list_arguments() -> dict[str, Any]:
    """Where in the list the person is: page, search and filter, to come back to after an act."""
    return {name: request.args[name] for name in ("page", "q", "type", "expiring", "sort") if request.args.get(name)}


def list_url() -> str:
    return url_for("credstore.index", **list_arguments())


def index() -> ResponseReturnValue:
    """The table. Page, search, filters and sort are in the URL; whatever does not make sense there is ignored."""
    args = request.args
    page = request_context.vault().page(
        args.get("page", 1, type=int),
        query=args.get("q", ""),
        kind=args.get("type", ""),
        expiring=args.get("expiring", None, type=int),
        sort=args.get("sort", ""),
    )
    if request_context.wants_json():
        return jsonify(page_json(page))
    state = request_context.vault().key_state()
    return render_template(
        "credstore/index.html", page=page, kinds=CREDENTIAL_TYPES, state=state, list_arguments=list_arguments()
    )


def show(public_id: UUID) -> ResponseReturnValue:
    record = request_context.vault().get(str(public_id))
    if request_context.wants_json():
        return jsonify(credential_json(record))
    return render_template(
        "credstore/show.html", record=record, history=request_context.vault().history(record.public_id)
    )
