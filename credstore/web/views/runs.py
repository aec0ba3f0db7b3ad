"""The views of a run of many tests: confirmation, start, progress, cancel, and a new run of what failed.

Without JavaScript the page reloads.
"""

import re
from collections.abc import Sequence
from uuid import UUID

from flask import Blueprint, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from credstore.errors import RunActive
from credstore.vault import Group, ItemKey, ListFilters, RunPage
from credstore.web import request_context
from credstore.web.flash_messages import flash_message
from credstore.web.json_output import run_page_json
from credstore.web.list_urls import list_arguments
from credstore.web.rendering import render_template
from credstore.web.run_words import RunWords
from credstore.web.views.credential_list import list_filters
from credstore.web.views.delete_restore import parse_ids

JSON_ITEMS = 1000  # items of a run in one response to a program
_KEY = re.compile(r"([0-3])-([0-9]{1,9})")
_GROUPS = {group.slug: group for group in Group}


def register(bp: Blueprint) -> None:
    add = bp.add_url_rule
    add("/credentials/test", view_func=confirm_run, methods=["GET"])
    add("/credentials/test", view_func=start_run, methods=["POST"])
    add("/credentials/runs/<uuid:run_id>", view_func=run, methods=["GET"])
    add("/credentials/runs/<uuid:run_id>/cancel", view_func=cancel_run, methods=["POST"])
    add("/credentials/runs/<uuid:run_id>/again", view_func=test_again, methods=["POST"])


def confirm_run() -> ResponseReturnValue:
    """Say how many credentials would be tested: those of `ids`, or without any, all that match the list's filters."""
    ids = parse_ids(request.args.getlist("ids"))
    vault = request_context.vault()
    chosen = [public_id for public_id, _ in vault.list_testable(ids)] if ids else []
    number, more = (len(chosen), False) if ids else vault.count_testable(list_filters())
    return render_template(
        "credstore/run_new.html", number=number, more=more, chosen=chosen, ids=ids, list_arguments=list_arguments()
    )


def start_run() -> ResponseReturnValue:
    return _start(parse_ids(request.form.getlist("ids")) or None)


def test_again(run_id: UUID) -> ResponseReturnValue:
    """Start a run of what had one kind of result in this one; without a valid `group`, of what failed."""
    group = _GROUPS.get(request.form.get("group", ""), Group.FAILED)
    earlier = request_context.vault().run(str(run_id))
    return _start(
        request_context.vault().run_ids_in(earlier.run_id, [group]),
        scope=f"{RunWords(earlier).name_of(group).capitalize()} in an earlier run",
    )


def _start(ids: Sequence[str] | None, scope: str = "") -> ResponseReturnValue:
    vault = request_context.vault()
    filters = (
        list_filters() if ids is None else ListFilters()
    )  # chosen ones are tested, whatever their status is by now
    try:
        run_id = vault.start_run(ids, filters, started_by=request_context.username(), scope=scope)
    except RunActive as active:
        if request_context.wants_json():
            raise
        flash_message(active.sentence, tone="warning")
        run_id = vault.latest_run() or ""
    else:
        request_context.services().runner.start(run_id)
    if request_context.wants_json():
        return jsonify(id=run_id), 202
    return redirect(url_for("credstore.run", run_id=run_id), 303)


def run(run_id: UUID) -> ResponseReturnValue:
    """A page of the run's items, failures first; `show` is the only group shown."""
    if request_context.wants_json():
        return jsonify(run_page_json(_page(run_id, JSON_ITEMS)))
    page = _page(run_id)
    template = "credstore/_run.html" if request_context.wants_fragment() else "credstore/run.html"
    place = {name: request.args[name] for name in ("show", "after", "before") if name in request.args}
    return render_template(template, page=page, run=page.run, words=RunWords(page.run), place=place)


def cancel_run(run_id: UUID) -> ResponseReturnValue:
    request_context.vault().cancel_run(str(run_id))
    if request_context.wants_json():
        return jsonify(run_page_json(_page(run_id, JSON_ITEMS)))
    return redirect(url_for("credstore.run", run_id=run_id), 303)


def _page(run_id: UUID, limit: int | None = None) -> RunPage:
    group = _GROUPS.get(request.args.get("show", ""))
    limits = {"limit": limit} if limit else {}
    return request_context.vault().run_page(str(run_id), group, _start_key(), **limits)


def _start_key() -> ItemKey | None:
    """Where the page begins; a value that is not a key is ignored."""
    for name, forward in (("after", True), ("before", False)):
        if found := _KEY.fullmatch(request.args.get(name, "")):
            return ItemKey(Group(int(found[1])), int(found[2]), forward)
    return None
