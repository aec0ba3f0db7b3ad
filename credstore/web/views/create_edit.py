"""The views of the create form and the edit form. Each can test the typed values, or test right after saving."""

from collections.abc import Callable, Collection
from functools import cache
from typing import Any
from uuid import UUID

from flask import Blueprint, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from credstore.credential_types import CREDENTIAL_TYPES, CredentialType, by_slug
from credstore.errors import Conflict, CredstoreError, KeyMismatch, NotFound
from credstore.vault import Record
from credstore.web import forms, request_context
from credstore.web.error_handlers import problem_details, status_of
from credstore.web.flash_messages import TONES, Tone, flash_message, notes_after_save, tone_of
from credstore.web.following_fields import choice_of
from credstore.web.json_output import credential_json, draft_json
from credstore.web.key_mismatch import ask_about_key, consents_to_remember, pressed_button, typed_fields
from credstore.web.list_urls import list_url, list_url_of_new
from credstore.web.rendering import render_template
from credstore.web.typed_secrets import ask_for_secrets, require_new_secret, require_typed_again, show_other_errors
from credstore.web.views.credential_list import list_filters


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
    return _render_new(_create_form()(formdata=None, data={"type": wanted.slug, **_chosen_last()}))


def _chosen_last() -> dict[str, dict[str, str]]:
    """The data for the first choice of each type, like the provider: what the newest credential of the type has."""
    found: dict[str, dict[str, str]] = {}
    for kind in CREDENTIAL_TYPES:
        if choice := choice_of(kind):
            newest = request_context.vault().newest_public(kind.slug).get(choice.name)
            if newest in {option.value for option in choice.choices()}:
                found[kind.slug] = {choice.name: newest}
    return found


def create() -> ResponseReturnValue:
    fields = typed_fields()  # form fields only, no JSON and no files
    chosen = by_slug(fields.get("type", ""))  # by_slug, since the form has fields whose names are no type
    slug = chosen.slug if chosen else ""
    values = forms.typed_values(chosen, fields) if chosen else {}
    if request.form.get("insert_example"):
        return _with_example(_create_form()(fields), request.form["insert_example"])
    try:
        if chosen:
            require_typed_again(values, chosen)
            ask_about_key(chosen, values, editing=False)
        if pressed_button() == "test_draft":
            draft_verdict = request_context.vault().test_draft(slug, values)
            return (
                jsonify(draft_json(draft_verdict))
                if request_context.wants_json()
                else _render_new(_create_form()(fields), draft_verdict=draft_verdict)
            )
        name, expires = fields.get("name", ""), fields.get("expires", "")
        record = request_context.vault().create(slug, name, values, expires=expires)
    except CredstoreError as refusal:
        form = _create_form()(fields)  # here alone: the fields of all types take a tenth of the time of a create
        return _show_errors(form, slug, refusal) or _render_new(form, status_of(refusal))
    messages = [f"{record.name} is encrypted and stored.", *notes_after_save(record, values)]
    return _saved(record, messages, lambda stored: list_url_of_new(stored, list_filters()), 201)


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
    form = _edit_form(kind.slug)(typed_fields(kind))
    values, remove = form.values(kind.slug), request.form.getlist("remove")
    try:
        ask_about_key(kind, values, editing=True)
        if pressed_button() in {"test_draft", "test_new"}:
            if pressed_button() == "test_new":
                require_new_secret(form, kind)
            draft_verdict = request_context.vault().test_draft(
                kind.slug, values, public_id=record.public_id, remove=remove
            )
            return (
                jsonify(draft_json(draft_verdict))
                if request_context.wants_json()
                else _render_edit(form, record, kind, draft_verdict=draft_verdict)
            )
        require_typed_again(values, kind, remove, editing=True)
        record = request_context.vault().edit(record.public_id, remove=remove, **form.edit_arguments(kind.slug))
    except Conflict as refusal:
        return _edit_conflict(form, record, kind, refusal)
    except CredstoreError as refusal:
        return _show_errors(form, kind.slug, refusal) or _render_edit(form, record, kind, status_of(refusal))
    messages = [f"{record.name} is saved.", *notes_after_save(record, values)]
    return _saved(record, messages, _url_after_edit, 200)


def _url_after_edit(record: Record) -> str:
    if _from_show():
        return url_for("credstore.show", public_id=record.public_id)
    return list_url(record.public_id)


def _from_show() -> bool:
    """Whether the edit began on the credential's own page, and leads back there."""
    return request.args.get("from") == "show"


def _saved(record: Record, messages: list[str], url_after: Callable[[Record], str], status: int) -> ResponseReturnValue:
    """After a save: test if the user asked for it, then redirect. `messages` are sentences to show.

    A test that cannot run does not undo the save.
    """
    tone: Tone = "warning" if messages[1:] else "success"
    if pressed_button() == "test":
        try:
            record = request_context.vault().test(record.public_id)
            messages.append(f"{record.verdict.outcome.label}: {record.verdict.reason}")
            tone = max(tone, tone_of(record.verdict.outcome), key=TONES.index)
        except CredstoreError as refusal:
            messages.append(refusal.sentence)
            tone = "warning"
    if request_context.wants_json():
        return jsonify(credential_json(record) | ({"notes": messages[1:]} if messages[1:] else {})), status
    flash_message(" ".join(messages), tone=tone)
    return redirect(url_after(record), 303)


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
        more = {"keep": refusal.consent} if isinstance(refusal, KeyMismatch) else {}
        return problem_details(
            status_of(refusal), refusal.code, refusal.sentence, fields=getattr(refusal, "fields", {}), **more
        )
    form.show_errors(slug, refusal)
    if isinstance(refusal, KeyMismatch):
        show_other_errors(form, slug, refusal.field)
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
    more |= _sent_again(form, CREDENTIAL_TYPES)
    return render_template("credstore/new.html", form=form, kinds=CREDENTIAL_TYPES, **more), status


def _render_edit(
    form: Any, record: Record, kind: type[CredentialType], status: int = 200, **more: Any
) -> ResponseReturnValue:
    more["keep_hours"] = request_context.vault().store.keep_replaced_hours
    more["from_show"] = _from_show()
    more |= _sent_again(form, (kind,))
    return render_template("credstore/edit.html", form=form, record=record, kind=kind, **more), status


def show_again(
    public_id: str, fields: MultiDict[str, str], secrets: Collection[str], sentence: str, status: int = 200
) -> ResponseReturnValue:
    """The create form, or the edit form of `public_id`, filled with `fields`; `secrets` have to be entered again.

    `secrets` are the names of form fields. Raises NotFound.
    """
    if not public_id:
        form = _create_form()(fields)
        ask_for_secrets(form, by_slug(fields.get("type", "")), secrets, sentence)
        return _render_new(form, status)
    record, kind = _editable(UUID(public_id))
    form = _edit_form(kind.slug)(fields)
    ask_for_secrets(form, kind, secrets, sentence)
    return _render_edit(form, record, kind, status)


def _sent_again(form: Any, kinds: Collection[type[CredentialType]]) -> dict[str, Any]:
    """The hidden fields of a form that is shown again: which secrets were typed, and what was agreed to about them."""
    typed = {name for kind in kinds for name in form.typed_secrets(kind)}
    kept = {consent for kind in kinds for consent in consents_to_remember(kind, form.values(kind.slug))}
    return {"typed": " ".join(sorted(typed)), "kept": sorted(kept), "stopped": pressed_button()}
