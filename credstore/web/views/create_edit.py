"""The views of the create form and the edit form. Each can test the typed values, or test right after saving."""

from collections.abc import Collection
from functools import cache
from typing import Any
from uuid import UUID

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from credstore.credential_types import CREDENTIAL_TYPES, CredentialType, by_slug
from credstore.errors import Conflict, CredstoreError, InvalidFields, NotFound
from credstore.vault import Record
from credstore.web import forms, request_context
from credstore.web.error_handlers import problem_details, status_of
from credstore.web.flash_messages import flash_message, notes_after_save
from credstore.web.json_output import credential_json, draft_json


def register(bp: Blueprint) -> None:
    add = bp.add_url_rule
    add("/credentials/new", view_func=new, methods=["GET"])
    add("/credentials/new", view_func=create, methods=["POST"])
    add("/credentials/<uuid:public_id>/edit", view_func=edit, methods=["GET"])
    add("/credentials/<uuid:public_id>/edit", view_func=save, methods=["POST"])


@cache
def _create_form() -> type[Any]:
    return forms.create_form(CREDENTIAL_TYPES)


@cache
def _edit_form(slug: str) -> type[Any]:
    return forms.edit_form(next(kind for kind in CREDENTIAL_TYPES if kind.slug == slug))


def new() -> ResponseReturnValue:
    wanted = by_slug(request.args.get("type", "")) or CREDENTIAL_TYPES[0]
    return _render_new(_create_form()(formdata=None, data={"type": wanted.slug}))


def create() -> ResponseReturnValue:
    form = _create_form()(request.form)  # form fields only, no JSON and no files
    chosen = by_slug(form.type.data or "")  # by_slug, since the form has fields whose names are no type
    slug = chosen.slug if chosen else ""
    values = form.values(slug) if slug else {}
    if request.form.get("insert_example"):
        return _with_example(form, request.form["insert_example"])
    try:
        if request.form.get("then") == "test_draft":
            draft_verdict = request_context.vault().test_draft(slug, values)
            return (
                jsonify(draft_json(draft_verdict))
                if request_context.wants_json()
                else _render_new(form, draft_verdict=draft_verdict)
            )
        record = request_context.vault().create(slug, form.name.data or "", values, expires=form.expires.data or "")
    except CredstoreError as refusal:
        return _show_errors(form, slug, refusal) or _render_new(form, status_of(refusal))
    messages = [f"{record.name} is encrypted and stored.", *notes_after_save(record, values)]
    return _saved(record, messages, url_for("credstore.index"), 201)


def _with_example(form: Any, slug: str) -> ResponseReturnValue:
    """The form with the example of a type in its JSON field, for browsers without JavaScript."""
    kind = by_slug(slug)
    for field in kind.fields if kind else ():
        if field.form == "json":
            form[slug].form[field.name].shown = field.example
    return _render_new(form)


def edit(public_id: UUID) -> ResponseReturnValue:
    record, kind = _editable(public_id)
    return _render_edit(_edit_form(kind.slug)(formdata=None, data=forms.stored_data(kind, record)), record, kind)


def save(public_id: UUID) -> ResponseReturnValue:
    record, kind = _editable(public_id)
    form = _edit_form(kind.slug)(request.form)
    values, remove = form.values(kind.slug), request.form.getlist("remove")
    try:
        if request.form.get("then") in {"test_draft", "test_new"}:
            if request.form["then"] == "test_new":
                _require_new_secret(form, kind)
            draft_verdict = request_context.vault().test_draft(
                kind.slug, values, public_id=record.public_id, remove=remove
            )
            return (
                jsonify(draft_json(draft_verdict))
                if request_context.wants_json()
                else _render_edit(form, record, kind, draft_verdict=draft_verdict)
            )
        _require_typed_again(form, kind, remove)
        record = request_context.vault().edit(record.public_id, remove=remove, **form.edit_arguments(kind.slug))
    except Conflict as refusal:
        return _edit_conflict(form, record, kind, refusal)
    except CredstoreError as refusal:
        return _show_errors(form, kind.slug, refusal) or _render_edit(form, record, kind, status_of(refusal))
    messages = [f"{record.name} is saved.", *notes_after_save(record, values)]
    return _saved(record, messages, url_for("credstore.show", public_id=record.public_id), 200)


def _require_new_secret(form: Any, kind: type[CredentialType]) -> None:
    """Raises InvalidFields where “Test new key” is pressed and there is no new one."""
    if not form.typed_secrets(kind):
        sentence = "Enter the new {0} here to test it. The stored one is tested by Test on the credential's page."
        raise InvalidFields({field.name: sentence.format(field.label) for field in kind.secret_fields()})


def _require_typed_again(form: Any, kind: type[CredentialType], remove: Collection[str]) -> None:
    """Raises InvalidFields where a secret was typed, came back blank as every secret does, and is blank on saving.

    Without JavaScript the old secret would silently stay after a test of the new one. Asked once: the form that comes
    back does not name the field any more, so that one may decide to keep the old one.
    """
    asked = set(request.form.get("typed", "").split()) - form.typed_secrets(kind) - set(remove)
    sentence = "Enter the new {0} again, or save once more to keep the stored one."
    missing = {field.name: sentence.format(field.label) for field in kind.secret_fields() if field.name in asked}
    if missing:
        raise InvalidFields(missing)


def _saved(record: Record, messages: list[str], url: str, status: int) -> ResponseReturnValue:
    """After a save: test if the user asked for it, then redirect to `url`. `messages` are sentences to show.

    A test that cannot run does not undo the save.
    """
    if request.form.get("then") == "test":
        try:
            record = request_context.vault().test(record.public_id)
            messages.append(f"{record.verdict.outcome.label}: {record.verdict.reason}")
        except CredstoreError as refusal:
            messages.append(refusal.sentence)
    if request_context.wants_json():
        return jsonify(credential_json(record) | ({"notes": messages[1:]} if messages[1:] else {})), status
    flash_message(" ".join(messages))
    return redirect(url, 303)


def _edit_conflict(form: Any, record: Record, kind: type[CredentialType], refusal: Conflict) -> ResponseReturnValue:
    """After a concurrent edit (409): show what is stored now beside what was typed, with the new version."""
    if request_context.wants_json():
        return problem_details(409, refusal.code, refusal.sentence)
    record, _ = _editable(UUID(record.public_id))
    form.version.data = str(record.version)
    return _render_edit(form, record, kind, 409, conflict=refusal.sentence)


def _show_errors(form: Any, slug: str, refusal: CredstoreError) -> ResponseReturnValue | None:
    """Problem details for a program. For a browser None; the sentences are added to the form, which keeps its input."""
    if request_context.wants_json():
        return problem_details(
            status_of(refusal), refusal.code, refusal.sentence, fields=getattr(refusal, "fields", {})
        )
    form.show_errors(slug, refusal)
    return None


def _editable(public_id: UUID) -> tuple[Record, type[CredentialType]]:
    record = request_context.vault().get(str(public_id))
    kind = by_slug(record.kind)
    if kind is None:
        raise NotFound("This version of credstore does not know the type of this credential, so it cannot edit it.")
    return record, kind


def _render_new(form: Any, status: int = 200, **more: Any) -> ResponseReturnValue:
    if by_slug(form.type.data or "") is None:
        form.type.data = CREDENTIAL_TYPES[0].slug
    return render_template("credstore/new.html", form=form, kinds=CREDENTIAL_TYPES, **more), status


def _render_edit(
    form: Any, record: Record, kind: type[CredentialType], status: int = 200, **more: Any
) -> ResponseReturnValue:
    more["keep_hours"] = request_context.vault().store.keep_replaced_hours
    more["typed"] = " ".join(sorted(form.typed_secrets(kind)))
    return render_template("credstore/edit.html", form=form, record=record, kind=kind, **more), status
