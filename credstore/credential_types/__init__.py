"""The credential types, in the order of the form. A new type is one folder, and one entry in CREDENTIAL_TYPES."""

from credstore.credential_types.base import Choice, ConfigKey, CredentialType, Field, Values
from credstore.credential_types.git.declaration import Git
from credstore.credential_types.llm.declaration import Llm
from credstore.credential_types.telegram.declaration import Telegram
from credstore.credential_types.tool.declaration import Tool

CREDENTIAL_TYPES: tuple[type[CredentialType], ...] = (Llm, Telegram, Git, Tool)

__all__ = ["CREDENTIAL_TYPES", "Choice", "ConfigKey", "CredentialType", "Field", "Values", "by_slug"]


def by_slug(slug: str) -> type[CredentialType] | None:
    """The credential type with this slug, or None."""
    for kind in CREDENTIAL_TYPES:
        if kind.slug == slug:
            return kind
    return None
