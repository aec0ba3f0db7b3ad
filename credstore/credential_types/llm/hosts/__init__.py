"""The known hosts and servers. A new one is one small file and one entry here; all others get the general protocol."""

from urllib.parse import urlsplit

from credstore.credential_types.llm.hosts.azure import AZURE
from credstore.credential_types.llm.hosts.base import Host, KeyFacts, ServerSoftware
from credstore.credential_types.llm.hosts.deepseek import DEEPSEEK
from credstore.credential_types.llm.hosts.groq import GROQ
from credstore.credential_types.llm.hosts.llama_cpp import LLAMA_CPP
from credstore.credential_types.llm.hosts.lm_studio import LM_STUDIO
from credstore.credential_types.llm.hosts.mistral import MISTRAL
from credstore.credential_types.llm.hosts.ollama import OLLAMA, OLLAMA_CLOUD
from credstore.credential_types.llm.hosts.openrouter import OPENROUTER
from credstore.credential_types.llm.hosts.together import TOGETHER
from credstore.credential_types.llm.hosts.venice import VENICE
from credstore.credential_types.llm.hosts.vllm import VLLM
from credstore.probe import ProbeResponse

HOSTS: tuple[Host, ...] = (OPENROUTER, VENICE, DEEPSEEK, GROQ, MISTRAL, TOGETHER, OLLAMA_CLOUD, AZURE)
SERVERS: tuple[ServerSoftware, ...] = (LLAMA_CPP, OLLAMA, VLLM, LM_STUDIO)

__all__ = ["HOSTS", "SERVERS", "Host", "KeyFacts", "ServerSoftware", "host_of", "server_of"]


def host_of(base_url: str) -> Host | None:
    """The known host that this canonical URL leads to: by https and the usual port only, as its vendor runs it."""
    parts = urlsplit(base_url)
    if parts.scheme != "https" or parts.port is not None:
        return None
    return next((host for host in HOSTS if host.owns(parts.hostname or "")), None)


def server_of(answer: ProbeResponse) -> ServerSoftware | None:
    return next((server for server in SERVERS if server.recognises(answer)), None)
