"""The views of the page Recently deleted: what can be restored, restoring and erasing one or many."""

from collections.abc import Collection, Mapping, Sequence

from flask import Blueprint, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from credstore.errors import NotFound
from credstore.vault import DeletedRecord, Restoration
from credstore.web import request_context
from credstore.web.error_handlers import problem_details
from credstore.web.flash_messages import done_to, flash_message
from credstore.web.formatting import with_noun
from credstore.web.json_output import deleted_page_json
from credstore.web.list_urls import list_arguments
from credstore.web.rendering import render_template
from credstore.web.views.credential_list import page_start
from credstore.web.views.delete_restore import NAMES_SHOWN, parse_ids

_GONE = "There is no such deleted credential. It may have been restored or erased."
_NAMES_IN_USE = "Nothing was restored: some names are in use. Give each of these a new name."


def register(bp: Blueprint) -> None:
    add = bp.add_url_rule
    add("/credentials/deleted", view_func=deleted)
    add("/credentials/deleted/restore", view_func=confirm_restore, methods=["GET"])
    add("/credentials/deleted/restore", view_func=restore_chosen, methods=["POST"])
    add("/credentials/deleted/erase", view_func=confirm_erase, methods=["GET"])
    add("/credentials/deleted/erase", view_func=erase_chosen, methods=["POST"])


def deleted() -> ResponseReturnValue:
    """What can be restored. Page and search are in the URL."""
    vault, args = request_context.vault(), request.args
    page = vault.deleted.page(args.get("q", ""), args.get("page", 1, type=int), page_start())
    if request_context.wants_json():
        return jsonify(deleted_page_json(page))
    return render_template("credstore/deleted.html", page=page, days=vault.store.keep_deleted_days)


def deleted_url() -> str:
    """The URL of the page, with the page and search of this request."""
    return url_for("credstore.deleted", **list_arguments())


def confirm_restore() -> ResponseReturnValue:
    found = _chosen(parse_ids(request.args.getlist("ids")))
    if isinstance(found, str):
        return redirect(found, 303)
    return _render_restore(found, {}, request_context.vault().deleted.problems(found))


def _chosen(ids: list[str]) -> tuple[DeletedRecord, ...] | str:
    """What a confirmation is about; the URL to go back to where nothing was selected. Raises NotFound."""
    if not ids:
        flash_message("Nothing was selected, so nothing would change.", tone="warning")
        return deleted_url()
    if found := request_context.vault().deleted.records(ids):
        return found
    raise NotFound(_GONE)


def _render_restore(
    found: Sequence[DeletedRecord],
    typed: dict[str, str],
    problems: Mapping[str, str],
    *,
    refused: bool = False,
    left: Collection[str] = (),
) -> str:
    """The confirmation. It asks for a new name where there is a problem, or where one was `typed`.

    `refused`: the problems are about what was typed. `left` are the ids of those to be left deleted.
    """
    asked = [record for record in found if record.public_id in problems or record.public_id in typed]
    free = request_context.vault().deleted.new_names([record.name for record in asked])
    offered = {record.public_id: name for record, name in zip(asked, free, strict=True)}
    return render_template(
        "credstore/deleted_restore.html",
        found=found,
        asked=asked,
        as_they_are=[record for record in found if record not in asked],
        names=offered | typed,
        problems=problems,
        refused=refused,
        left=left,
        named=NAMES_SHOWN,
    )


def restore_chosen() -> ResponseReturnValue:
    """Restore what `ids` names, all or nothing, but for those in `leave`. `name-<id>` is a new name."""
    form, vault = request.form, request_context.vault()
    ids, left = parse_ids(form.getlist("ids")), set(parse_ids(form.getlist("leave")))
    typed = {public_id: form[f"name-{public_id}"] for public_id in ids if f"name-{public_id}" in form}
    done = vault.deleted.restore(set(ids) - left, typed)
    if done.refused and request_context.wants_json():
        return problem_details(400, "name-in-use", _NAMES_IN_USE, names=done.refused)
    if done.refused:
        page = _render_restore(vault.deleted.records(ids), typed, done.refused, refused=bool(typed), left=left)
        return page, 400
    if request_context.wants_json():
        return jsonify(restored=len(done.names), missing=done.missing)
    flash_message(_restored(done, len(left & set(ids))), tone="success" if done.names else "warning", focused=True)
    return redirect(deleted_url(), 303)


def _restored(done: Restoration, left: int) -> str:
    """What a message says of a restoring. `left` counts those that stay deleted."""
    number = len(done.names)
    text = f"{done_to('Restored', number, done.names[0])}." if number else "Nothing was restored."
    if left:
        text += f" {with_noun(left, 'stays', 'stay')} deleted."
    return text + _missing(done.missing)


def _missing(missing: int) -> str:
    return f" {with_noun(missing, 'id was', 'ids were')} not there any more." if missing else ""


def confirm_erase() -> ResponseReturnValue:
    found = _chosen(parse_ids(request.args.getlist("ids")))
    if isinstance(found, str):
        return redirect(found, 303)
    return render_template("credstore/deleted_erase.html", found=found, named=NAMES_SHOWN)


def erase_chosen() -> ResponseReturnValue:
    """Erase what `ids` names for good."""
    ids = set(parse_ids(request.form.getlist("ids")))
    one = request_context.vault().deleted.records(ids) if len(ids) == 1 else ()
    erased = request_context.vault().deleted.erase(ids)
    if request_context.wants_json():
        return jsonify(erased=erased, missing=len(ids) - erased)
    name = one[0].name if one else ""
    text = f"{done_to('Deleted', erased, name)} for good." if erased else "Nothing was deleted for good."
    flash_message(text + _missing(len(ids) - erased), tone="success" if erased == len(ids) else "warning", focused=True)
    return redirect(deleted_url(), 303)
