"""Keeps credstore's references and the nodes of a workflow the same, in both directions.

credstore shows the references before somebody deletes a credential. Where a person moves them to another credential
there, the nodes follow.
"""

from flask import current_app, url_for

from credstore.errors import NotFound
from credstore.vault import Vault
from examples.workflow_runner.models import Workflow, db


def vault() -> Vault:
    found: Vault = current_app.extensions["credstore"].vault
    return found


def register(workflow: Workflow) -> None:
    """After a workflow was saved. Raises InvalidFields where a credential was deleted meanwhile."""
    link = url_for("workflow_pages.show", workflow_id=workflow.id, _external=True)
    used = [(node.credential_id, node.kind, workflow.name, link) for node in workflow.nodes if node.credential_id]
    vault().replace_references(workflow.consumer, used)


def follow_moves(workflow: Workflow) -> None:
    """Before a workflow is shown or run: a node that was moved to another credential uses that one from now on."""
    moved_to = {each.node: each.public_id for each in vault().references_of_consumer(workflow.consumer)}
    for node in workflow.nodes:
        found = moved_to.get(node.kind, node.credential_id)
        if found != node.credential_id:
            node.credential_id, node.credential_name = found, name_of(found) or node.credential_name
    db.session.commit()


def name_of(credential_id: str) -> str:
    """The name of a credential; "" where it is not there, or is deleted."""
    try:
        return vault().get(credential_id).name
    except NotFound:
        return ""
