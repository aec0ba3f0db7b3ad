"""What a page tells after an act, once: a sentence, and where there is one the way to undo it."""

from flask import flash


def tell(text: str, undo: str = "") -> None:
    """Show `text` on the next page. `undo` is the batch of a deletion."""
    flash({"text": text, "undo": undo})  # type: ignore[arg-type]  # Flask keeps any JSON value, but is typed for str
