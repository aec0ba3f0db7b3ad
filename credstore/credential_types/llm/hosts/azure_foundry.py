"""Azure AI Foundry: the key in `api-key`, one address for each resource, the same API as Azure OpenAI.

A wrong key is 401 `{"error": {"code": "401", "message": "Access denied due to invalid subscription key or wrong API
endpoint. ..."}}`. Source: Microsoft's "Endpoints for Foundry Models"; answer quoted in microsoft/semantic-kernel#10337.
That its listing needs the API version as Azure OpenAI's does is assumed.
"""

from credstore.credential_types.llm.hosts.azure import AZURE
from credstore.credential_types.llm.hosts.base import Host

AZURE_FOUNDRY = Host(
    name="Azure AI Foundry",
    domains=(".services.ai.azure.com", ".cognitiveservices.azure.com"),
    bases=AZURE.bases,
    check=AZURE.check,
    completion=AZURE.completion,
    key_header=AZURE.key_header,
    base_urls=("https://<resource-name>.services.ai.azure.com/openai/v1",),
)
