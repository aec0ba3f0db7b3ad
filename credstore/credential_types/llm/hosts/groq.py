"""Groq: the general protocol; its base URL has `/openai` before `/v1`."""

from credstore.credential_types.llm.hosts.base import Host

GROQ = Host(name="Groq", domains=("api.groq.com",), bases=("/openai/v1",))
