"""Mistral: the general protocol; its errors are `{"detail": …}`."""

from credstore.credential_types.llm.hosts.base import Host

MISTRAL = Host(name="Mistral", domains=("api.mistral.ai",), bases=("/v1",))
