"""Flash messages: a sentence on the next page, with an Undo button after a deletion."""

from collections.abc import Mapping, Sequence

from flask import flash

from credstore.credential_types import by_slug
from credstore.credential_types.paste_detection import suggestions
from credstore.vault import MAX_SAME_SECRET, Record
from credstore.web import request_context

NAMES_SHOWN = 3  # of the credentials that hold the same secret


def flash_message(text: str, undo: str = "") -> None:
    """Show `text` on the next page. `undo` is the batch of a deletion, for an Undo button; "" for none."""
    flash({"text": text, "undo": undo})  # type: ignore[arg-type]  # Flask stores any JSON value, but is typed for str


def notes_after_save(record: Record, values: Mapping[str, str]) -> list[str]:
    """Sentences after a save: what was removed from the input, what looks wrong, where the same secret is stored."""
    kind = by_slug(record.kind)
    found: list[str] = []
    if kind:
        found += [sentence for notes in suggestions.unwrap_notes(kind, values).values() for sentence in notes]
        found += suggestions.mismatch_warnings(kind, values).values()
    same_secret = request_context.vault().names_with_same_secret(record.public_id)
    if same_secret:
        found.append(f"The same secret is also stored as {_some_names(same_secret)}.")
    return found


def _some_names(names: Sequence[str]) -> str:
    """The first three names and how many more there are; a list as long as the vault gives may be cut off."""
    named, more = ", ".join(f"“{name}”" for name in names[:NAMES_SHOWN]), len(names) - NAMES_SHOWN
    if more <= 0:
        return named
    return f"{named} and more" if len(names) >= MAX_SAME_SECRET else f"{named} and {more} more"
