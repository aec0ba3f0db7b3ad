"""SGLang: without `--api-key` it takes any key; with it, it checks the key on every path but /health, before it routes.

A wrong key is 401 `{"error": "Unauthorized"}` on any path at all. Each model of the listing has `"owned_by": "sglang"`.
Source: SGLang's `entrypoints/openai/protocol.py` and its middleware for API keys.
"""

from credstore.credential_types.llm.hosts.base import ServerSoftware, owned_by

SGLANG = ServerSoftware(name="SGLang", recognises=owned_by("sglang"), base_url="http://127.0.0.1:30000/v1")
