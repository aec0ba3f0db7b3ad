"""The view behind the Test button."""

from uuid import UUID

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from credstore.web import current
from credstore.web.api import as_json
from credstore.web.listing import back
from credstore.web.messages import tell


def register(bp: Blueprint) -> None:
    bp.add_url_rule("/credentials/<uuid:public_id>/test", view_func=test, methods=["POST"])


def test(public_id: UUID) -> ResponseReturnValue:
    """Takes an id and nothing else. Our script gets the row's new result, a program JSON, a browser the page again."""
    record = current.vault().test(str(public_id))
    if current.wants_json():
        return jsonify(as_json(record))
    if current.wants_fragment():
        return render_template("credstore/_verdict.html", record=record)
    tell(f"{record.name}: {record.verdict.outcome.word}. {record.verdict.reason}")
    if request.args.get("from") == "show":
        return redirect(url_for("credstore.show", public_id=record.public_id), 303)
    return redirect(f"{back()}#c-{record.public_id}", 303)


test.__test__ = False  # type: ignore[attr-defined]  # a view, not a test function
