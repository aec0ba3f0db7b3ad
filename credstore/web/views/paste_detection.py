"""The view of a pasted key: values for the other fields. Stores nothing, and never returns the key."""

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from credstore.credential_types import by_slug
from credstore.credential_types.paste_detection import suggestions
from credstore.errors import InvalidFields


def register(bp: Blueprint) -> None:
    bp.add_url_rule("/credentials/detect-paste", view_func=detect_paste, methods=["POST"])


def detect_paste() -> ResponseReturnValue:
    """Suggest values and notes for the fields of the create form, by their names in the form.

    The request has `type` and the typed values of that type's fields. Raises InvalidFields for an unknown type.
    """
    kind = by_slug(request.form.get("type", ""))
    if kind is None:
        raise InvalidFields({"type": "Choose a type."})
    values = {field.name: request.form.get(f"{kind.slug}-{field.name}", "") for field in kind.fields}
    proposed = suggestions.proposed_values(kind, values)
    sentences = {name: list(notes) for name, notes in suggestions.unwrap_notes(kind, values).items()}
    about = suggestions.recognised(kind, values, proposed) | suggestions.mismatch_warnings(kind, values | proposed)
    for name, sentence in about.items():
        sentences.setdefault(name, []).append(sentence)
    return jsonify(
        fields={f"{kind.slug}-{name}": value for name, value in proposed.items()},
        words={f"{kind.slug}-{name}": " ".join(found) for name, found in sentences.items()},
    )
