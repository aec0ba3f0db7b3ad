"""The view behind a pasted key: what it says of the other fields. Keeps nothing, and never sends the key back."""

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from credstore.credential_types import by_slug
from credstore.credential_types.paste_detection import suggestions
from credstore.errors import InvalidFields


def register(bp: Blueprint) -> None:
    bp.add_url_rule("/credentials/detect-paste", view_func=detect_paste, methods=["POST"])


def detect_paste() -> ResponseReturnValue:
    """`type` and that type's fields as typed; fields nobody touched yet are left out. Answers by the form's names."""
    kind = by_slug(request.form.get("type", ""))
    if kind is None:
        raise InvalidFields({"type": "Choose a type."})
    values = {field.name: request.form.get(f"{kind.slug}-{field.name}", "") for field in kind.fields}
    offered = suggestions.proposed_values(kind, values)
    words = {name: list(said) for name, said in suggestions.unwrap_notes(kind, values).items()}
    for name, warning in suggestions.mismatch_warnings(kind, values | offered).items():
        words.setdefault(name, []).append(warning)
    return jsonify(
        fields={f"{kind.slug}-{name}": value for name, value in offered.items()},
        words={f"{kind.slug}-{name}": " ".join(said) for name, said in words.items()},
    )
