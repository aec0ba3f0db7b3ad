"""The views of deletion: the confirmation that names the credentials, the deletion, and Undo."""

from collections.abc import Iterable
from uuid import UUID

from flask import Blueprint, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue

from credstore.errors import NotFound
from credstore.vault import Deletion
from credstore.web import request_context
from credstore.web.flash_messages import flash_message
from credstore.web.formatting import with_noun
from credstore.web.views.credential_list import list_arguments, list_url

NAMES_SHOWN = 10  # names in a confirmation; the rest is counted


def register(bp: Blueprint) -> None:
    add = bp.add_url_rule
    add("/credentials/<uuid:public_id>/delete", view_func=confirm_one, methods=["GET"])
    add("/credentials/<uuid:public_id>/delete", view_func=delete_one, methods=["POST"])
    add("/credentials/delete", view_func=confirm_many, methods=["GET"])
    add("/credentials/delete", view_func=delete_many, methods=["POST"])
    add("/credentials/restore", view_func=restore, methods=["POST"])


def confirm_one(public_id: UUID) -> ResponseReturnValue:
    return _confirm([str(public_id)])


def confirm_many() -> ResponseReturnValue:
    ids = parse_ids(request.args.getlist("ids"))
    if not ids:
        flash_message("Nothing was selected, so nothing would be deleted.")
        return redirect(list_url(), 303)
    return _confirm(ids)


def _confirm(ids: list[str]) -> ResponseReturnValue:
    found = request_context.vault().summaries(ids)
    if not found:
        raise NotFound
    days = request_context.vault().store.keep_deleted_days
    return render_template(
        "credstore/delete.html", found=found, named=NAMES_SHOWN, days=days, list_arguments=list_arguments()
    )


def delete_one(public_id: UUID) -> ResponseReturnValue:
    return _after_delete(request_context.vault().delete([str(public_id)]))


def delete_many() -> ResponseReturnValue:
    return _after_delete(request_context.vault().delete(parse_ids(request.form.getlist("ids"))))


def _after_delete(deletion: Deletion) -> ResponseReturnValue:
    if request_context.wants_json():
        return jsonify(deleted=deletion.deleted, missing=deletion.missing, batch=deletion.batch)
    text = f"Deleted {with_noun(deletion.deleted, 'credential')}." if deletion.deleted else "Nothing was deleted."
    if deletion.missing:
        text += f" {with_noun(deletion.missing, 'id was', 'ids were')} not there any more."
    undo = deletion.batch if deletion.deleted and request_context.vault().store.keep_deleted_days else ""
    flash_message(text, undo)
    return redirect(list_url(), 303)


def restore() -> ResponseReturnValue:
    restored = request_context.vault().restore(request.form.get("batch", "")[:36])
    if request_context.wants_json():
        return jsonify(restored=restored)
    text = f"Restored {with_noun(restored, 'credential')}." if restored else "There was nothing to restore any more."
    flash_message(text)
    return redirect(list_url(), 303)


def parse_ids(texts: Iterable[str]) -> list[str]:
    """The ids in repeated or space-separated values. A word that is no id stays, and is counted as missing."""
    return [_canonical(word) for text in texts for word in text.split()]


def _canonical(word: str) -> str:
    try:
        return str(UUID(word))
    except ValueError:
        return word[:36]
