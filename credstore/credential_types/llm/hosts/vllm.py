"""vLLM: without `--api-key` it takes any key; with it, every path under /v1 is checked. The general check finds out."""

from credstore.credential_types.llm.hosts.base import ServerSoftware, owned_by

VLLM = ServerSoftware(name="vLLM", recognises=owned_by("vllm"), base_url="http://127.0.0.1:8000/v1")
