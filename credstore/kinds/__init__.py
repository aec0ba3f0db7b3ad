"""The credential types, in the order of the form. A new type is one class and one entry here."""

from credstore.kinds.base import Choice, ConfigKey, Field, Kind, Values
from credstore.kinds.git import Git
from credstore.kinds.llm import Llm
from credstore.kinds.telegram import Telegram
from credstore.kinds.tool import Tool

KINDS: tuple[type[Kind], ...] = (Llm, Telegram, Git, Tool)

__all__ = ["KINDS", "Choice", "ConfigKey", "Field", "Kind", "Values", "by_slug"]


def by_slug(slug: str) -> type[Kind] | None:
    """The type named `slug`, or None."""
    return next((kind for kind in KINDS if kind.slug == slug), None)
