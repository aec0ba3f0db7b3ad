"""Any server that speaks OpenAI's dialect: local models, gateways, other vendors. The key is optional."""

from typing import ClassVar

from credstore.credential_types.llm.providers.openai import OpenAI


class OpenAICompatible(OpenAI):
    slug: ClassVar[str] = "openai_compatible"
    label: ClassVar[str] = "OpenAI Compatible"
    base_url: ClassVar[str | None] = None
    key_required: ClassVar[bool] = False
