"""The view of “Use the other key instead” on a credential's page."""

from uuid import UUID

from flask import Blueprint, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from credstore.errors import Conflict, Unreadable
from credstore.web import request_context
from credstore.web.error_handlers import status_of
from credstore.web.flash_messages import flash_message
from credstore.web.forms import parse_version
from credstore.web.json_output import credential_json
from credstore.web.views.credential_list import render_credential, secret_word


def register(bp: Blueprint) -> None:
    bp.add_url_rule("/credentials/<uuid:public_id>/put-back", view_func=put_back, methods=["POST"])


def put_back(public_id: UUID) -> ResponseReturnValue:
    """Swap a credential's secret with the replaced one. `version` is that of the row when the page was opened."""
    vault = request_context.vault()
    try:
        record = vault.put_back(str(public_id), version=parse_version(request.form.get("version")))
    except (Conflict, Unreadable) as refusal:
        if request_context.wants_json() or request_context.wants_fragment():
            raise
        # The page as it is now, so that one can decide anew.
        return render_credential(vault.get(str(public_id)), not_put_back=refusal.sentence), status_of(refusal)
    if request_context.wants_json():
        return jsonify(credential_json(record))
    flash_message(f"{record.name}: the other {secret_word(record)} is in use now.")
    return redirect(url_for("credstore.show", public_id=record.public_id), 303)
