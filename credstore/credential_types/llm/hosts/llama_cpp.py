"""llama.cpp: signs with its Server header; its listing stays public even with `--api-key`."""

from credstore.credential_types.llm.hosts.base import Server
from credstore.probe import Answer


def shows(answer: Answer) -> bool:
    return answer.headers.get("server", "").strip().lower().startswith("llama.cpp")


LLAMA_CPP = Server(name="llama.cpp", shows=shows, public_listing=True)
