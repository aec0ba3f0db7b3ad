"""Flash messages: a sentence on the next page, with its tone, and with an Undo button after a deletion."""

import json
from collections.abc import Mapping, Sequence
from typing import Literal

from flask import flash, session

from credstore.credential_types import by_slug
from credstore.credential_types.paste_detection import suggestions
from credstore.credential_types.paste_detection.mismatch import ASKED_TYPES
from credstore.probe import Outcome
from credstore.vault import MAX_SAME_SECRET, Record
from credstore.web import request_context
from credstore.web.formatting import with_noun

Tone = Literal["success", "warning", "error"]
TONES: tuple[Tone, ...] = ("success", "warning", "error")  # the worst last

_TONES: dict[str, Tone] = {"pass": "success", "unsure": "warning", "fail": "error"}  # by the mark of a result
MOST_BYTES = 2_500  # of the messages that wait for the next page, as JSON
NAMES_SHOWN = 3  # of the credentials that hold the same secret


def flash_message(text: str, undo: str = "", *, tone: Tone = "success", focused: bool = False) -> None:
    """Show `text` on the next page. `undo` is the batch of a deletion, for an Undo button; "" for none.

    `focused`: the message takes the focus there, since what had it is gone.

    Only the last messages are kept: a browser drops a cookie that grows past 4 kB, and with it the session.
    """
    flash({"text": text, "undo": undo, "tone": tone, "focused": focused})  # type: ignore[arg-type]  # Flask stores any JSON value, but is typed for str
    waiting = session["_flashes"]
    while len(waiting) > 1 and len(json.dumps(waiting)) > MOST_BYTES:
        waiting = waiting[1:]
    session["_flashes"] = waiting


def take_messages() -> list[object]:
    """The messages that wait, which nobody shows again: Flask's function would give them to a host's layout too."""
    return [message for _category, message in session.pop("_flashes", [])]


def done_to(verb: str, number: int, name: str) -> str:
    """What was done to credentials: "Deleted “Bot”" for one whose name is known, else "Deleted 2 credentials"."""
    return f"{verb} “{name}”" if number == 1 and name else f"{verb} {with_noun(number, 'credential')}"


def tone_of(outcome: Outcome) -> Tone:
    """The tone of a message about the result of a test."""
    return _TONES.get(outcome.mark, "warning")


def notes_after_save(record: Record, values: Mapping[str, str]) -> list[str]:
    """Sentences after a save: what was removed from the input, what looks wrong, where the same secret is stored."""
    kind = by_slug(record.kind)
    found: list[str] = []
    if kind:
        found += [sentence for notes in suggestions.unwrap_notes(kind, values).values() for sentence in notes]
        if kind.slug not in ASKED_TYPES:  # where a person has not been asked
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
