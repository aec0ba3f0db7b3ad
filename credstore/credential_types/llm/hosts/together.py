"""Together: the general protocol; its listing is a bare array; a model not served is no fault of the key."""

from credstore.credential_types.llm.hosts.base import Host

TOGETHER = Host(name="Together", domains=("api.together.xyz", "api.together.ai"), bases=("/v1",))
