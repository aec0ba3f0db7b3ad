"""The view behind a pasted key: what it says of the other fields. Keeps nothing, and never sends the key back."""

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from credstore.credential_types import by_slug
from credstore.credential_types.paste_detection import suggestions
from credstore.errors import InvalidFields


def register(bp: Blueprint) -> None:
    bp.add_url_rule("/credentials/guess", view_func=guess, methods=["POST"])


def guess() -> ResponseReturnValue:
    """`type` and that type's fields as typed; fields nobody touched yet are left out. Answers by the form's names."""
    kind = by_slug(request.form.get("type", ""))
    if kind is None:
        raise InvalidFields({"type": "Choose a type."})
    values = {field.name: request.form.get(f"{kind.slug}-{field.name}", "") for field in kind.fields}
    offered = suggestions.proposals(kind, values)
    words = {name: list(said) for name, said in suggestions.notes(kind, values).items()}
    for name, warning in suggestions.warnings(kind, values | offered).items():
        words.setdefault(name, []).append(warning)
    return jsonify(
        fields={f"{kind.slug}-{name}": value for name, value in offered.items()},
        words={f"{kind.slug}-{name}": " ".join(said) for name, said in words.items()},
    )
