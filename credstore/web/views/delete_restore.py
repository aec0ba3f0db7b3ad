"""The views of deletion: the confirmation that names the credentials and who uses them, the deletion, and Undo."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from flask import Blueprint, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from credstore.credential_types.paste_detection.secret_words import looks_like_a_secret
from credstore.errors import InUse, InvalidFields, NotFound
from credstore.public_ids import is_public_id
from credstore.vault import Deletion
from credstore.web import request_context
from credstore.web.error_handlers import problem_details
from credstore.web.flash_messages import Tone, done_to, flash_message
from credstore.web.formatting import with_noun
from credstore.web.list_urls import list_arguments, list_url
from credstore.web.rendering import render_template

NAMES_SHOWN = 10  # names in a confirmation; the rest is counted
AGREE_FIRST = "Check this box to delete anyway. Nothing was deleted."
OTHERS_USE_IT = "Other workflows use it by now. Look at the list again. Nothing was deleted."


def register(bp: Blueprint) -> None:
    add = bp.add_url_rule
    add("/credentials/<uuid:public_id>/delete", view_func=confirm_one, methods=["GET"])
    add("/credentials/<uuid:public_id>/delete", view_func=delete_one, methods=["POST"])
    add("/credentials/delete", view_func=confirm_many, methods=["GET"])
    add("/credentials/delete", view_func=delete_many, methods=["POST"])
    add("/credentials/restore", view_func=restore, methods=["POST"])


def confirm_one(public_id: UUID) -> ResponseReturnValue:
    return _confirmation([str(public_id)])


def confirm_many() -> ResponseReturnValue:
    ids = parse_ids(request.args.getlist("ids"))
    if not ids:
        flash_message("Nothing was selected, so nothing would be deleted.", tone="warning")
        return redirect(list_url(), 303)
    return _confirmation(ids)


def _confirmation(ids: list[str], *, to: str = "", wrong: Mapping[str, str] | None = None) -> str:
    """The page that names what goes and who uses it. `wrong` has the sentence beside each control; `to` was typed."""
    vault = request_context.vault()
    found = vault.summaries(ids)
    if not found:
        raise NotFound
    dependents = vault.dependents(ids)
    return render_template(
        "credstore/delete.html",
        found=found,
        named=NAMES_SHOWN,
        days=vault.store.keep_deleted_days,
        list_arguments=list_arguments(),
        dependents=dependents,
        names_by_id={summary.public_id: summary.name for summary in found},
        targets=vault.move_targets(found[0].public_id) if dependents and len(found) == 1 else (),
        to=to,
        wrong=wrong or {},
    )


def delete_one(public_id: UUID) -> ResponseReturnValue:
    return _delete([str(public_id)])


def delete_many() -> ResponseReturnValue:
    ids = parse_ids(request.form.getlist("ids"))
    return _move(ids) if request.form.get("then") == "move" else _delete(ids)


def _delete(ids: list[str]) -> ResponseReturnValue:
    """Delete them. Where workflows use them: only with the consent to just those workflows that the page has named."""
    vault, agreed = request_context.vault(), request.form.get("agreed", "")
    try:
        return _after_delete(vault.delete(ids, request_context.username(), agreed=agreed))
    except InUse as refusal:
        if request_context.wants_json():
            used_by = {"consumers": refusal.consumers, "names": list(refusal.names)}
            return problem_details(409, refusal.code, refusal.sentence, **used_by)
        if not vault.summaries(ids):  # deleted by somebody else meanwhile
            raise
        return _confirmation(ids, wrong={"agreed": OTHERS_USE_IT if agreed else AGREE_FIRST}), 409


def _move(ids: list[str]) -> ResponseReturnValue:
    """Move the workflows of one credential to another one, then ask again, for the one that nobody uses any more."""
    if len(ids) != 1:
        raise NotFound
    vault, to = request_context.vault(), request.form.get("to", "")
    try:
        moved, name = vault.move_references_to(ids[0], to)
    except InvalidFields as refusal:
        if request_context.wants_json():
            raise
        return _confirmation(ids, to="" if looks_like_a_secret(to) else to, wrong=refusal.fields), 400
    if request_context.wants_json():
        return jsonify(moved=moved)
    flash_message(f"Moved {with_noun(moved, 'workflow')} to {name}.")
    return redirect(url_for("credstore.confirm_one", public_id=ids[0], **list_arguments()), 303)


def _after_delete(deletion: Deletion) -> ResponseReturnValue:
    if request_context.wants_json():
        return jsonify(deleted=deletion.deleted, missing=deletion.missing, batch=deletion.batch)
    text = f"{done_to('Deleted', deletion.deleted, deletion.name)}." if deletion.deleted else "Nothing was deleted."
    if deletion.missing:
        text += f" {with_noun(deletion.missing, 'id was', 'ids were')} not there any more."
    undo = deletion.batch if deletion.deleted and request_context.vault().store.keep_deleted_days else ""
    tone: Tone = "warning" if deletion.missing or not deletion.deleted else "success"
    flash_message(text, undo, tone=tone, focused=True)
    return redirect(list_url(), 303)


def restore() -> ResponseReturnValue:
    vault = request_context.vault()
    restored = vault.restore_batch(request.form.get("batch", "")[:36])
    if request_context.wants_json():
        return jsonify(restored=len(restored))
    one = vault.summaries(restored)[:1] if len(restored) == 1 else []
    text = done_to("Restored", len(restored), one[0].name if one else "")
    text = f"{text}." if restored else "There was nothing to restore any more."
    flash_message(text, tone="success" if restored else "warning", focused=not one)
    return redirect(list_url(one[0].public_id if one else None), 303)


def parse_ids(texts: Iterable[str]) -> list[str]:
    """The ids in repeated or space-separated values. A word that is no id stays, and is counted as missing."""
    return [_canonical(word) for text in texts for word in text.split()]


def _canonical(word: str) -> str:
    if is_public_id(word):  # as the page sends them: to make a UUID of each takes ten times as long
        return word
    try:
        return str(UUID(word))
    except ValueError:
        return word[:36]
