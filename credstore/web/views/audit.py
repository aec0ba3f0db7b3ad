"""The page of the audit log: who did what with which credential. Shows no value of a secret."""

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from credstore.audit import Act, AuditPage
from credstore.credential_types import CREDENTIAL_TYPES
from credstore.probe import Outcome
from credstore.web import request_context
from credstore.web.audit_form import AuditForm
from credstore.web.rendering import render_template


def register(bp: Blueprint) -> None:
    bp.add_url_rule("/audit", view_func=audit, methods=["GET"])


def audit() -> ResponseReturnValue:
    form, services = AuditForm.read(request.args), request_context.services()
    page = services.audit.page(form.filters(), before=form.before, after=form.after)
    status = 400 if form.wrong.keys() - {"credential"} else 200  # a name that nobody has is no mistake
    if request_context.wants_json():
        return jsonify(_as_json(page) | {"wrong": form.wrong}), status
    words = {
        "names": services.vault.names.named([entry.credential_id for entry in page.entries]),
        "kinds": {kind.slug: kind.label for kind in CREDENTIAL_TYPES},
        "outcomes": {outcome.value: outcome.label for outcome in Outcome},
        "acts": list(Act),
        "days": services.config.keep_audit_days,
    }
    return render_template("credstore/audit.html", page=page, form=form, **words), status


def _as_json(page: AuditPage) -> dict[str, object]:
    entries = [
        {"seq": entry.seq, "at": entry.at.isoformat(), "actor": entry.actor, "act": entry.act, "type": entry.kind}
        | {"credential": entry.credential_id, "count": entry.count, "result": entry.result, "address": entry.address}
        for entry in page.entries
    ]
    return {"entries": entries, "newer": page.newer, "older": page.older}
