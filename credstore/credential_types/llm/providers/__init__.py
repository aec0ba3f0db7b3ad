"""The LLM vendors, in the order of the form. A new vendor is one class and one entry here."""

from credstore.credential_types.llm.providers.anthropic import Anthropic
from credstore.credential_types.llm.providers.base import Access, Provider
from credstore.credential_types.llm.providers.openai import OpenAI
from credstore.credential_types.llm.providers.openai_compatible import OpenAICompatible

PROVIDERS: tuple[type[Provider], ...] = (OpenAI, Anthropic, OpenAICompatible)

__all__ = ["PROVIDERS", "Access", "Provider", "by_slug"]


def by_slug(slug: str) -> type[Provider] | None:
    """The vendor named `slug`, or None."""
    return next((provider for provider in PROVIDERS if provider.slug == slug), None)
