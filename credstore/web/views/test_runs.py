"""The views of a run of many tests: confirmation, start, progress, cancel. Without JavaScript the page reloads."""

from typing import Any
from uuid import UUID

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from credstore.errors import RunActive
from credstore.vault import Progress
from credstore.web import request_context
from credstore.web.flash_messages import flash_message
from credstore.web.views.credential_list import list_arguments, list_filters
from credstore.web.views.delete_restore import parse_ids


def register(bp: Blueprint) -> None:
    add = bp.add_url_rule
    add("/credentials/test", view_func=confirm_run, methods=["GET"])
    add("/credentials/test", view_func=start_run, methods=["POST"])
    add("/credentials/runs/<uuid:run_id>", view_func=run, methods=["GET"])
    add("/credentials/runs/<uuid:run_id>/cancel", view_func=cancel_run, methods=["POST"])


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
    ids = parse_ids(request.form.getlist("ids"))
    try:
        run_id = request_context.vault().start_run(ids or None, list_filters())
    except RunActive as active:
        if request_context.wants_json():
            raise
        flash_message(active.sentence)
        run_id = request_context.vault().latest_run() or ""
    else:
        request_context.services().runner.start(run_id)
    if request_context.wants_json():
        return jsonify(id=run_id), 202
    return redirect(url_for("credstore.run", run_id=run_id), 303)


def run(run_id: UUID) -> ResponseReturnValue:
    progress = request_context.vault().progress(str(run_id))
    if request_context.wants_json():
        return jsonify(_as_json(progress))
    template = "credstore/_run.html" if request_context.wants_fragment() else "credstore/run.html"
    return render_template(template, progress=progress)


def cancel_run(run_id: UUID) -> ResponseReturnValue:
    request_context.vault().cancel_run(str(run_id))
    if request_context.wants_json():
        return jsonify(_as_json(request_context.vault().progress(str(run_id))))
    return redirect(url_for("credstore.run", run_id=run_id), 303)


def _as_json(progress: Progress) -> dict[str, Any]:
    items = [
        {"id": item.public_id, "name": item.name, "outcome": item.outcome, "reason": item.reason}
        for item in progress.items
    ]
    return {"id": progress.run_id, "state": progress.state, "done": progress.done, "items": items}
