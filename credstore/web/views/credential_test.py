"""The view of the Test button."""

from uuid import UUID

from flask import Blueprint, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from credstore.web import request_context
from credstore.web.flash_messages import flash_message, tone_of
from credstore.web.json_output import credential_json
from credstore.web.list_urls import list_url
from credstore.web.rendering import render_template


def register(bp: Blueprint) -> None:
    bp.add_url_rule("/credentials/<uuid:public_id>/test", view_func=test, methods=["POST"])


def test(public_id: UUID) -> ResponseReturnValue:
    """Test a stored credential. Returns the row's result for credstore's script, JSON for programs, or a redirect."""
    record = request_context.vault().test(str(public_id))
    if request_context.wants_json():
        return jsonify(credential_json(record))
    if request_context.wants_fragment():
        return render_template("credstore/_verdict.html", record=record)
    verdict = record.verdict
    flash_message(f"{record.name}: {verdict.outcome.label}. {verdict.reason}", tone=tone_of(verdict.outcome))
    if request.args.get("from") == "show":
        return redirect(url_for("credstore.show", public_id=record.public_id), 303)
    return redirect(list_url(changed=record.public_id), 303)


test.__test__ = False  # type: ignore[attr-defined]  # a view, not a test function
