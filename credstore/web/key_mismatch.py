"""The question about a key that looks like one of another provider: stops a save or a test, and reads the answer.

The answer is a button of the form that is shown again: `use_owner`, the label of the key's owner, changes the fields of
the form; `keep` is the consent to keep the choice, which the form then sends again as `kept`. `stopped` is the button
that was pressed before the question.
"""

from collections.abc import Iterable

from flask import request
from werkzeug.datastructures import ImmutableMultiDict, MultiDict

from credstore.credential_types import CredentialType, Values, by_slug
from credstore.credential_types.paste_detection.key_prefixes import KeyOwner, known_owners
from credstore.credential_types.paste_detection.mismatch import (
    ASKED_TYPES,
    mismatches_to_ask,
    possible_consents,
    values_of_owner,
)
from credstore.errors import KeyMismatch
from credstore.vault.validation import refuse_secret_in_other_fields

TypedFields = MultiDict[str, str] | ImmutableMultiDict[str, str]
_STOPPED = frozenset({"test", "test_draft", "test_new"})


def pressed_button() -> str:
    """The value of `then`: of the button itself, or of the one that was pressed before the question."""
    stopped = request.form.get("stopped", "")
    return request.form.get("then") or (stopped if _is_answer() and stopped in _STOPPED else "")


def _is_answer() -> bool:
    return "use_owner" in request.form or "keep" in request.form


def typed_fields(kind: type[CredentialType] | None = None) -> TypedFields:
    """The posted fields, changed to the key's owner where that was the answer. `kind` is that of an edit form."""
    label = request.form.get("use_owner")
    owner = next((known for known in known_owners() if known.label == label), None) if label else None
    chosen = kind or by_slug(request.form.get("type", ""))
    target = by_slug(owner.kind) if owner else None
    if owner is None or chosen is None or target is None or (kind and target is not kind):
        return request.form
    fields = MultiDict(request.form)
    if target is not chosen:
        _move_secret(fields, chosen, target)
        fields["type"] = target.slug
    values = {field.name: fields.get(f"{target.slug}-{field.name}", "") for field in target.fields}
    for name, value in values_of_owner(owner, values).items():
        fields[f"{target.slug}-{name}"] = value
    return fields


def _move_secret(fields: MultiDict[str, str], chosen: type[CredentialType], target: type[CredentialType]) -> None:
    """Take the key out of the field of one type into that of another."""
    here, there = (next(iter(kind.secret_fields())) for kind in (chosen, target))
    fields[f"{target.slug}-{there.name}"] = fields.pop(f"{chosen.slug}-{here.name}", "")
    typed = {here.name: there.name}
    fields["typed"] = " ".join(typed.get(name, name) for name in fields.get("typed", "").split())


def ask_about_key(kind: type[CredentialType], values: Values, *, editing: bool) -> None:
    """Raises KeyMismatch for a key that looks like one of another provider or type, unless that was agreed to.

    Raises InvalidFields where it would ask about a key that was typed into another field too: a question shows those.
    """
    for found in mismatches_to_ask(kind, values):
        if found.consent not in _given():
            texts = {name: request.form.get(name, "") for name in ("name", "expires")}
            refuse_secret_in_other_fields(kind, values, **texts)
            raise KeyMismatch(
                found.field,
                found.sentence,
                use=found.owner.label if _can_use(found.owner, kind, editing=editing) else "",
                kept=found.kept,
                consent=found.consent,
            )


def _can_use(owner: KeyOwner, kind: type[CredentialType], *, editing: bool) -> bool:
    """Whether one click can change the form to the owner of the key: an edit form keeps its type."""
    return owner.kind in ASKED_TYPES and (owner.kind == kind.slug or not editing)


def consents_to_remember(kind: type[CredentialType], values: Values) -> set[str]:
    """The consents given with this request that the form sends again, so that none is asked for twice."""
    return {*possible_consents(kind, values)} & {*_given()}


def _given() -> Iterable[str]:
    return [*request.form.getlist("kept"), *request.form.getlist("keep")]
