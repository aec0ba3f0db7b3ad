"""Azure OpenAI: the key in `api-key`; one address for each resource, whose listing needs an API version."""

from credstore.credential_types.llm.hosts.base import Host

AZURE = Host(
    name="Azure OpenAI",
    domains=(".openai.azure.com",),
    bases=("/openai/v1", "/openai", ""),
    check="/openai/models?api-version=2024-10-21",
    completion="/openai/v1/chat/completions",
    key_header="api-key",
    base_urls=("https://<resource-name>.openai.azure.com/openai/v1",),
)
