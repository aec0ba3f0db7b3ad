"""Mistral: the general protocol; its errors are `{"detail": …}`."""

from credstore.providers.hosts.base import Host

MISTRAL = Host(name="Mistral", domains=("api.mistral.ai",), bases=("/v1",))
