"""The view of "Try a completion": one request that costs something, sent only when a person presses its button."""

from uuid import UUID

from flask import Blueprint, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from credstore.errors import InvalidFields, TestsBusy
from credstore.web import request_context
from credstore.web.error_handlers import status_of
from credstore.web.flash_messages import flash_message, tone_of
from credstore.web.json_output import credential_json
from credstore.web.views.credential_list import render_credential


def register(bp: Blueprint) -> None:
    bp.add_url_rule("/credentials/<uuid:public_id>/completion", view_func=try_completion, methods=["POST"])


def try_completion(public_id: UUID) -> ResponseReturnValue:
    """Try a completion of the posted `model`; `other_limit` sends its limit under the other name."""
    vault, model = request_context.vault(), request.form.get("model", "")
    other_limit = bool(request.form.get("other_limit"))
    try:
        record, completion = vault.try_completion(str(public_id), model, other_limit=other_limit)
    except (InvalidFields, TestsBusy) as refusal:  # the typed model stays in its field
        if request_context.wants_json():
            raise
        # A text that may be a secret is not sent back.
        typed = "" if isinstance(refusal, InvalidFields) else model
        sentence = refusal.fields["model"] if isinstance(refusal, InvalidFields) else refusal.sentence
        return render_credential(vault.get(str(public_id)), wrong_model=sentence, typed_model=typed), status_of(refusal)
    if request_context.wants_json():
        return jsonify(credential_json(record, vault.model_names(record)))
    verdict = completion.verdict
    flash_message(f"{record.name}: {verdict.reason} {verdict.advice}".strip(), tone=tone_of(verdict.outcome))
    return redirect(url_for("credstore.show", public_id=record.public_id, _anchor="completion"), 303)
