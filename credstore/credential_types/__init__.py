"""The credential types, in the order of the form. A new type is one class and one entry here."""

from credstore.credential_types.base import Choice, ConfigKey, Field, Kind, Values
from credstore.credential_types.git.declaration import Git
from credstore.credential_types.llm.declaration import Llm
from credstore.credential_types.telegram.declaration import Telegram
from credstore.credential_types.tool.declaration import Tool

KINDS: tuple[type[Kind], ...] = (Llm, Telegram, Git, Tool)

__all__ = ["KINDS", "Choice", "ConfigKey", "Field", "Kind", "Values", "by_slug"]


def by_slug(slug: str) -> type[Kind] | None:
    """The type named `slug`, or None."""
    return next((kind for kind in KINDS if kind.slug == slug), None)
