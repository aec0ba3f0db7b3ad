"""Groq: the general protocol; its base URL has `/openai` before `/v1`."""

from credstore.providers.hosts.base import Host

GROQ = Host(name="Groq", domains=("api.groq.com",), bases=("/openai/v1",))
