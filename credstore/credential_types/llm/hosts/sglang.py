"""SGLang: without `--api-key` it takes any key; with it, every path but /health is judged, before it routes.

A wrong key is 401 `{"error": "Unauthorized"}` on any path at all. The listing is signed `"owned_by": "sglang"`.
Source: SGLang's `entrypoints/openai/protocol.py` and its middleware for API keys.
"""

from credstore.credential_types.llm.hosts.base import ServerSoftware, owned_by

SGLANG = ServerSoftware(name="SGLang", recognises=owned_by("sglang"), base_url="http://127.0.0.1:30000/v1")
