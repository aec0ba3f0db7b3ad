"""vLLM: without `--api-key` it takes any key; with it, everything under /v1 is judged. The general protocol tells."""

from credstore.credential_types.llm.hosts.base import Server, owned_by

VLLM = Server(name="vLLM", shows=owned_by("vllm"))
