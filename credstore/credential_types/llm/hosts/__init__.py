"""The known hosts and servers. A new one is one small file and one entry here; all others get the general protocol."""

from functools import lru_cache
from urllib.parse import urlsplit

from credstore.credential_types.llm.hosts.azure import AZURE
from credstore.credential_types.llm.hosts.azure_foundry import AZURE_FOUNDRY
from credstore.credential_types.llm.hosts.base import Host, KeyFacts, ServerSoftware
from credstore.credential_types.llm.hosts.bedrock import BEDROCK, BEDROCK_MANTLE
from credstore.credential_types.llm.hosts.cerebras import CEREBRAS
from credstore.credential_types.llm.hosts.cloudflare import AI_GATEWAY, WORKERS_AI
from credstore.credential_types.llm.hosts.cohere import COHERE
from credstore.credential_types.llm.hosts.dashscope import DASHSCOPE
from credstore.credential_types.llm.hosts.deepseek import DEEPSEEK
from credstore.credential_types.llm.hosts.fireworks import FIREWORKS
from credstore.credential_types.llm.hosts.gemini import GEMINI
from credstore.credential_types.llm.hosts.github_models import GITHUB_MODELS
from credstore.credential_types.llm.hosts.groq import GROQ
from credstore.credential_types.llm.hosts.huggingface import HUGGING_FACE
from credstore.credential_types.llm.hosts.litellm import LITELLM
from credstore.credential_types.llm.hosts.llama_cpp import LLAMA_CPP
from credstore.credential_types.llm.hosts.lm_studio import LM_STUDIO
from credstore.credential_types.llm.hosts.mistral import MISTRAL
from credstore.credential_types.llm.hosts.moonshot import MOONSHOT
from credstore.credential_types.llm.hosts.nvidia import NVIDIA
from credstore.credential_types.llm.hosts.ollama import OLLAMA, OLLAMA_CLOUD
from credstore.credential_types.llm.hosts.openrouter import OPENROUTER
from credstore.credential_types.llm.hosts.perplexity import PERPLEXITY
from credstore.credential_types.llm.hosts.sglang import SGLANG
from credstore.credential_types.llm.hosts.together import TOGETHER
from credstore.credential_types.llm.hosts.venice import VENICE
from credstore.credential_types.llm.hosts.vllm import VLLM
from credstore.credential_types.llm.hosts.xai import XAI
from credstore.credential_types.llm.hosts.zai import ZAI
from credstore.probe import ProbeResponse

HOSTS: tuple[Host, ...] = (
    *(BEDROCK, BEDROCK_MANTLE, AZURE_FOUNDRY, AZURE, CEREBRAS, AI_GATEWAY, WORKERS_AI, COHERE, DEEPSEEK, FIREWORKS),
    *(GEMINI, GITHUB_MODELS, GROQ, HUGGING_FACE, MISTRAL, MOONSHOT, NVIDIA, OLLAMA_CLOUD, OPENROUTER, PERPLEXITY),
    *(DASHSCOPE, TOGETHER, VENICE, XAI, ZAI),
)
SERVERS: tuple[ServerSoftware, ...] = (LITELLM, LLAMA_CPP, LM_STUDIO, OLLAMA, SGLANG, VLLM)

__all__ = ["HOSTS", "SERVERS", "Host", "KeyFacts", "ServerSoftware", "base_url_presets", "host_of", "server_of"]


def host_of(base_url: str) -> Host | None:
    """The known host that this canonical URL leads to: by https and the usual port only, as its vendor runs it."""
    parts = urlsplit(base_url)
    if parts.scheme != "https" or parts.port is not None:
        return None
    return _owner_of(parts.hostname or "")


@lru_cache(maxsize=256)
def _owner_of(name: str) -> Host | None:
    return next((host for host in HOSTS if host.owns(name)), None)


def server_of(answer: ProbeResponse) -> ServerSoftware | None:
    return next((server for server in SERVERS if server.recognises(answer)), None)


def base_url_presets() -> tuple[tuple[str, str], ...]:
    """Base URLs to choose from, each with the name of who answers there: the hosts by name, then local servers."""
    hosted = ((url, host.name) for host in sorted(HOSTS, key=lambda host: host.name.lower()) for url in host.presets)
    return (*hosted, *((server.base_url, f"{server.name} on this machine") for server in SERVERS))
