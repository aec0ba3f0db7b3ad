"""The pages of the workflows: their list, and one workflow with its form and its results."""

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from credstore.errors import InvalidFields
from credstore.vault import ListFilters
from examples.workflow_runner import references
from examples.workflow_runner.models import Node, Workflow, db
from examples.workflow_runner.nodes import KINDS, Result, run

bp = Blueprint("workflow_pages", __name__)


@bp.get("/")
@login_required
def index() -> str:
    return render_template("host/workflows.html", workflows=db.session.scalars(db.select(Workflow)).all())


@bp.post("/workflows")
@login_required
def create() -> ResponseReturnValue:
    name = request.form.get("name", "").strip() or "New workflow"
    workflow = Workflow(name=name[:100], nodes=[Node(kind=kind) for kind in KINDS])
    db.session.add(workflow)
    db.session.commit()
    return redirect(url_for("workflow_pages.show", workflow_id=workflow.id), 303)


@bp.get("/workflows/<int:workflow_id>")
@login_required
def show(workflow_id: int) -> str:
    return page(db.get_or_404(Workflow, workflow_id))


@bp.post("/workflows/<int:workflow_id>")
@login_required
def save(workflow_id: int) -> ResponseReturnValue:
    workflow = db.get_or_404(Workflow, workflow_id)
    for node in workflow.nodes:
        node.credential_id = request.form.get(f"{node.kind}-credential", "")
        node.credential_name = references.name_of(node.credential_id) or node.credential_name
        node.text = request.form.get(f"{node.kind}-text", "").strip()
    try:
        references.register(workflow)
    except InvalidFields:
        db.session.rollback()
        flash("A credential was deleted meanwhile, so nothing was saved. Choose another one.")
    else:
        db.session.commit()
        flash("Saved.")
    return redirect(url_for("workflow_pages.show", workflow_id=workflow_id), 303)


@bp.post("/workflows/<int:workflow_id>/run")
@login_required
def run_now(workflow_id: int) -> str:
    workflow = db.get_or_404(Workflow, workflow_id)
    references.follow_moves(workflow)
    return page(workflow, run(workflow))


def page(workflow: Workflow, results: Mapping[str, Result] | None = None) -> str:
    """The page of a workflow, with the results of a run that has just ended."""
    references.follow_moves(workflow)
    # The newest credentials of each type: enough for an example.
    choices = {
        kind: references.vault().page(ListFilters.clean(kind=about.credential_type)).records
        for kind, about in KINDS.items()
    }
    return render_template("host/workflow.html", workflow=workflow, kinds=KINDS, choices=choices, results=results or {})
