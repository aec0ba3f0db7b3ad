"""The views of the list at /credentials and of one credential."""

from typing import Any
from uuid import UUID

from flask import Blueprint, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue

from credstore.credential_types import CREDENTIAL_TYPES, by_slug
from credstore.vault import ListFilters, Record, Start
from credstore.vault.list_sql import MAX_ID
from credstore.web import request_context
from credstore.web.json_output import credential_json, page_json, replaced_json
from credstore.web.list_rows import render_rows


def register(bp: Blueprint) -> None:
    bp.add_url_rule("/credentials", view_func=index)
    bp.add_url_rule("/credentials/<uuid:public_id>", view_func=show)


def list_arguments() -> dict[str, Any]:
    """The page, search, filters and sort of the request's URL, to return to the same part of the list."""
    return {
        name: request.args[name]
        for name in ("page", "after", "before", "q", "type", "expiring", "status", "sort")
        if request.args.get(name)
    }


def list_filters() -> ListFilters:
    """The search, filters and sort of the URL; invalid ones are ignored."""
    args = request.args
    return ListFilters.clean(
        query=args.get("q", ""),
        kind=args.get("type", ""),
        expiring=args.get("expiring", None, type=int),
        status=args.get("status", ""),
        sort=args.get("sort", ""),
    )


def _start() -> Start | None:
    """Where a page of more than a thousand matches begins."""
    keys = {forward: request.args.get(name, None, type=int) for name, forward in (("after", True), ("before", False))}
    return next((Start(key, forward) for forward, key in keys.items() if key is not None and 0 < key <= MAX_ID), None)


def list_url(tested: str | None = None) -> str:
    """The URL of the list, with the arguments of this request; at the row of the credential `tested`, if given."""
    return url_for("credstore.index", **list_arguments(), tested=tested, _anchor="tested" if tested else None)


def index() -> ResponseReturnValue:
    """The table. Page, search, filters and sort are in the URL; invalid ones are ignored."""
    vault, args, filters = request_context.vault(), request.args, list_filters()
    number, start = args.get("page", 1, type=int), _start()
    if request_context.wants_json():
        return jsonify(page_json(vault.page(filters, number, start)))
    page = vault.list_page(filters, number, start)
    state = vault.key_state()
    return render_template(
        "credstore/index.html",
        page=page,
        kinds=CREDENTIAL_TYPES,
        state=state,
        tested=args.get("tested", ""),
        render_rows=render_rows,
    )


def show(public_id: UUID) -> ResponseReturnValue:
    record = request_context.vault().get(str(public_id))
    if request_context.wants_json():
        vault = request_context.vault()
        shown = credential_json(record, vault.model_names(record))
        return jsonify(shown | replaced_json(vault.replaced(record.public_id)))
    if request_context.wants_fragment():  # what the list shows of it when somebody points at its result
        return render_template("credstore/_verdict.html", record=record)
    return render_credential(record)


def render_credential(record: Record, **more: Any) -> str:
    """The page of one credential. `more` is what a refused form on it says."""
    vault = request_context.vault()
    return render_template(
        "credstore/show.html",
        record=record,
        history=vault.history(record.public_id),
        model_names=vault.model_names(record),
        replaced=vault.replaced(record.public_id),
        secret_word=secret_word(record),
        **more,
    )


def secret_word(record: Record) -> str:
    """What a sentence calls the secret of a credential."""
    kind = by_slug(record.kind)
    return kind.secret_word() if kind else "secret"
