"""The views of the list at /credentials and of one credential."""

from typing import Any
from uuid import UUID

from flask import Blueprint, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from credstore.credential_types import by_slug
from credstore.vault import ListFilters, Record, Start
from credstore.vault.list_sql import MAX_ID
from credstore.web import request_context
from credstore.web.json_output import credential_json, page_json, replaced_json
from credstore.web.list_page import render_list, render_toolbar
from credstore.web.rendering import render_template


def register(bp: Blueprint) -> None:
    bp.add_url_rule("/credentials", view_func=index)
    bp.add_url_rule("/credentials/", view_func=without_slash)
    bp.add_url_rule("/credentials/<uuid:public_id>", view_func=show)


def list_filters() -> ListFilters:
    """The search, filters and sort of the URL; invalid ones are ignored."""
    args = request.args
    if not args:
        return ListFilters()
    return ListFilters.clean(
        query=args.get("q", ""),
        kind=args.get("type", ""),
        expiring=args.get("expiring", None, type=int),
        status=args.get("status", ""),
        unused=args.get("unused", "") == "1",
        sort=args.get("sort", ""),
    )


def page_start() -> Start | None:
    """Where a page of more than a thousand matches begins."""
    keys = {forward: request.args.get(name, None, type=int) for name, forward in (("after", True), ("before", False))}
    return next((Start(key, forward) for forward, key in keys.items() if key is not None and 0 < key <= MAX_ID), None)


def index() -> ResponseReturnValue:
    """The table. Page, search, filters and sort are in the URL; invalid ones are ignored."""
    vault, args, filters = request_context.vault(), request.args, list_filters()
    number, start = args.get("page", 1, type=int), page_start()
    if request_context.wants_json():
        return jsonify(page_json(vault.page(filters, number, start)))
    state = vault.key_state()  # before the page, which counts by status only where no key is missing
    page = vault.list_page(filters, number, start)
    if request_context.wants_fragment():  # what the list shows anew when a test in one of its rows has ended
        return render_toolbar(page)
    return render_list(page, state, args.get("changed", ""))


def without_slash() -> ResponseReturnValue:
    """Redirect /credentials/ to the list, with its query."""
    query = request.query_string.decode("ascii", "replace")
    return redirect(url_for("credstore.index") + (f"?{query}" if query else ""), 308)


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
        uses=vault.references_of(record.public_id, request.args.get("references", 1, type=int)),
        secret_word=secret_word(record),
        **more,
    )


def secret_word(record: Record) -> str:
    """What a sentence calls the secret of a credential."""
    kind = by_slug(record.kind)
    return kind.secret_word() if kind else "secret"
