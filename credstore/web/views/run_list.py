"""The views of all runs of many tests, and of the piece of the list that shows the one that is under way."""

from uuid import UUID

from flask import Blueprint, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from credstore.web import request_context
from credstore.web.json_output import run_json
from credstore.web.rendering import render_template
from credstore.web.run_banner import render_banner
from credstore.web.run_words import RunWords


def register(bp: Blueprint, *, at_root: bool) -> None:
    """`at_root`: the list of runs is at /runs. In a host application that address may be the host's own."""
    bp.add_url_rule("/runs" if at_root else "/credentials/runs", view_func=runs)
    bp.add_url_rule("/credentials/runs/<uuid:run_id>/banner", view_func=banner)
    if at_root:
        bp.add_url_rule("/credentials/runs", "runs_moved", lambda: redirect(url_for("credstore.runs"), 303))
        bp.add_url_rule("/runs/<uuid:run_id>", view_func=run_moved)


def runs() -> ResponseReturnValue:
    number = max(1, request.args.get("page", 1, type=int))
    found, more = request_context.vault().runs(number)
    if request_context.wants_json():
        return jsonify(items=[run_json(run) for run in found], page=number, more=more)
    return render_template("credstore/runs.html", runs=[RunWords(run) for run in found], number=number, more=more)


def run_moved(run_id: UUID) -> ResponseReturnValue:
    return redirect(url_for("credstore.run", run_id=run_id), 303)


def banner(run_id: UUID) -> ResponseReturnValue:
    """What the list shows of a run, for its script; anybody else is led to the run. Raises NotFound."""
    found = request_context.vault().run(str(run_id))
    return render_banner(found) if request_context.wants_fragment() else run_moved(run_id)
