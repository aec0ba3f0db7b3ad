"""llama.cpp: recognised by its Server header. Its listing stays public even with `--api-key`."""

from credstore.credential_types.llm.hosts.base import ServerSoftware
from credstore.probe import ProbeResponse


def recognises(answer: ProbeResponse) -> bool:
    return answer.headers.get("server", "").strip().lower().startswith("llama.cpp")


LLAMA_CPP = ServerSoftware(
    name="llama.cpp", recognises=recognises, public_listing=True, base_url="http://127.0.0.1:8080/v1"
)
