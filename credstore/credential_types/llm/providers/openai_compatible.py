"""Any server that speaks OpenAI's dialect: local models, gateways, other vendors. The key is optional."""

from typing import ClassVar

from credstore.credential_types.llm.providers.openai import OpenAI


class OpenAICompatible(OpenAI):
    slug: ClassVar[str] = "openai_compatible"
    label: ClassVar[str] = "OpenAI Compatible"
    about: ClassVar[str] = "For any provider with an OpenAI-compatible API (e.g., local models, Venice.ai, Together AI)"
    base_url: ClassVar[str | None] = None
    key_required: ClassVar[bool] = False
    offers_organization: ClassVar[bool] = False
