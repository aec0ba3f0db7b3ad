"""The known hosts and servers. A new one is one small file and one entry here; all others get the general protocol."""

from urllib.parse import urlsplit

from credstore.providers.hosts.azure import AZURE
from credstore.providers.hosts.base import Host, Server, Told
from credstore.providers.hosts.deepseek import DEEPSEEK
from credstore.providers.hosts.groq import GROQ
from credstore.providers.hosts.llama_cpp import LLAMA_CPP
from credstore.providers.hosts.lm_studio import LM_STUDIO
from credstore.providers.hosts.mistral import MISTRAL
from credstore.providers.hosts.ollama import OLLAMA, OLLAMA_CLOUD
from credstore.providers.hosts.openrouter import OPENROUTER
from credstore.providers.hosts.together import TOGETHER
from credstore.providers.hosts.venice import VENICE
from credstore.providers.hosts.vllm import VLLM
from credstore.providers.probe import Answer

HOSTS: tuple[Host, ...] = (OPENROUTER, VENICE, DEEPSEEK, GROQ, MISTRAL, TOGETHER, OLLAMA_CLOUD, AZURE)
SERVERS: tuple[Server, ...] = (LLAMA_CPP, OLLAMA, VLLM, LM_STUDIO)

__all__ = ["HOSTS", "SERVERS", "Host", "Server", "Told", "host_of", "server_shown_by"]


def host_of(base_url: str) -> Host | None:
    """The known host that this canonical URL leads to: by https and the usual port only, as its vendor runs it."""
    parts = urlsplit(base_url)
    if parts.scheme != "https" or parts.port is not None:
        return None
    return next((host for host in HOSTS if host.owns(parts.hostname or "")), None)


def server_shown_by(answer: Answer) -> Server | None:
    return next((server for server in SERVERS if server.shows(answer)), None)
