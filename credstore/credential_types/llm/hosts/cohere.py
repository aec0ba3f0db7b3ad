"""Cohere by its Compatibility API: `Authorization: Bearer`, a listing that checks keys.

A wrong key is 401 `{"id": "...", "message": "invalid api token"}`; a trial key that is used up is 429. That a good key
without credit is 402 is assumed. Source: Cohere's guide to its Compatibility API and its error list; public registries
that asked `/compatibility/v1/models` without a key and got 401.
"""

from credstore.credential_types.llm.hosts.base import Host

COHERE = Host(name="Cohere", domains=("api.cohere.ai", "api.cohere.com"), bases=("/compatibility/v1",))
