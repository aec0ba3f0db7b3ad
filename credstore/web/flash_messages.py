"""What a page tells after an act, once: a sentence, and where there is one the way to undo it."""

from collections.abc import Mapping

from flask import flash

from credstore.credential_types import by_slug
from credstore.credential_types.paste_detection import suggestions
from credstore.vault import Record
from credstore.web import request_context


def flash_message(text: str, undo: str = "") -> None:
    """Show `text` on the next page. `undo` is the batch of a deletion."""
    flash({"text": text, "undo": undo})  # type: ignore[arg-type]  # Flask keeps any JSON value, but is typed for str


def notes_after_save(record: Record, values: Mapping[str, str]) -> list[str]:
    """What was changed in what was typed, what looks wrong with it, and who else holds the same secret."""
    kind = by_slug(record.kind)
    found: list[str] = []
    if kind:
        found += [sentence for said in suggestions.unwrap_notes(kind, values).values() for sentence in said]
        found += suggestions.mismatch_warnings(kind, values).values()
    twins = request_context.vault().names_with_same_secret(record.public_id)
    if twins:
        found.append(f"The same secret is also stored as {', '.join(f'“{name}”' for name in twins[:3])}.")
    return found
