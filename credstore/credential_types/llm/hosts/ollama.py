"""Ollama: the cloud's listing is public and its completion endpoint checks keys; a local one ignores every key."""

from credstore.credential_types.llm.hosts.base import Host, ServerSoftware, owned_by

OLLAMA_CLOUD = Host(name="Ollama Cloud", domains=("ollama.com",), bases=("/v1",), public_listing=True)
OLLAMA = ServerSoftware(
    name="Ollama", recognises=owned_by("library"), any_key=True, base_url="http://127.0.0.1:11434/v1"
)
