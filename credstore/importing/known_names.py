"""Which type of credential a named secret is: by the shape of its value, then by the words of its name. Pure."""

import json
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from credstore.credential_types.llm import providers
from credstore.credential_types.llm.hosts import base_url_presets
from credstore.credential_types.paste_detection.key_prefixes import ANTHROPIC, COMPATIBLE, OPENAI, owner_of_key

# The words of names of variables, with the name of the host in `base_url_presets`.
_HOSTS = {
    "CEREBRAS": "Cerebras",
    "COHERE": "Cohere",
    "DASHSCOPE": "Qwen (DashScope)",
    "DEEPSEEK": "DeepSeek",
    "FIREWORKS": "Fireworks",
    "GEMINI": "Gemini",
    "GROQ": "Groq",
    "HF": "Hugging Face",
    "HUGGINGFACE": "Hugging Face",
    "HUGGINGFACEHUB": "Hugging Face",
    "MISTRAL": "Mistral",
    "MISTRALAI": "Mistral",
    "MOONSHOT": "Moonshot (Kimi)",
    "NVIDIA": "NVIDIA NIM",
    "OLLAMA": "Ollama Cloud",
    "OPENROUTER": "OpenRouter",
    "PERPLEXITY": "Perplexity",
    "TOGETHER": "Together",
    "TOGETHERAI": "Together",
    "VENICE": "Venice",
    "XAI": "xAI",
    "ZAI": "Z.ai (GLM)",
    "ZHIPUAI": "Z.ai (GLM)",
}
_GIT = {"GITHUB": "https://github.com", "GH": "https://github.com", "GITLAB": "https://gitlab.com"}
_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASS|PWD|CREDENTIAL|AUTH|DSN|PRIVATE", re.IGNORECASE)
_PASSWORD_IN_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/?#@]*:[^\s/?#@]+@", re.IGNORECASE)
KindAndValues = tuple[str, dict[str, str]]


def looks_secret(name: str, value: str) -> bool:
    """Whether the name is that of a secret, or the value that of a key or a URL with a password."""
    return bool(_SECRET_NAME.search(name) or owner_of_key(value) or _PASSWORD_IN_URL.match(value))


def recognise(name: str, secret: str, url: str = "", organization: str = "") -> KindAndValues | None:
    """The type and its values for a secret of a known service; None for any other."""
    words = re.split(r"[^A-Z0-9]+", name.upper())
    owner = owner_of_key(secret)
    if owner and owner.kind == "telegram":
        return "telegram", {"bot_token": secret}
    git = next((_GIT[word] for word in words if word in _GIT), "")
    if (owner and owner.kind == "git") or (git and owner is None):
        return git_values(url or (owner.base_url if owner else git), secret)
    vendor = llm_of_words(words)
    if owner and (owner.sure or vendor is None):
        vendor = owner.provider_slug, "" if owner.provider_slug in {OPENAI, ANTHROPIC} else owner.base_url
    if vendor is None and re.search(r"/v1/?\Z", url):
        vendor = COMPATIBLE, url
    return None if vendor is None else llm_values(vendor, secret, url, organization)


def llm_of_words(words: list[str]) -> tuple[str, str] | None:
    """Provider type and base URL of the vendor that one of these words names."""
    for word in words:
        if word in {"OPENAI", "ANTHROPIC", "CLAUDE"}:
            return (OPENAI if word == "OPENAI" else ANTHROPIC), ""
        if word in _HOSTS:
            return COMPATIBLE, next(preset for preset, host in base_url_presets() if host == _HOSTS[word])
    return None


def llm_values(vendor: tuple[str, str], secret: str, url: str = "", organization: str = "") -> KindAndValues:
    """The values of an LLM credential. A URL of somebody else than the provider is that of a compatible server."""
    provider_type, base_url = vendor
    if url and not _own_url(provider_type, url) and not _host_alone_of(base_url, url):
        provider_type, base_url = COMPATIBLE if provider_type == OPENAI else provider_type, url
    values = {"provider_type": provider_type, "api_key": secret, "base_url": base_url}
    return "llm", values | ({"organization_id": organization} if provider_type == OPENAI and organization else {})


def git_values(url: str, token: str, username: str = "") -> KindAndValues:
    return "git", extra_config({"url": url, "username": username, "token": token})


def extra_config(found: Mapping[str, object]) -> dict[str, str]:
    """The values of a Git or Tool credential, without what is empty."""
    kept = {name: value for name, value in found.items() if value not in ("", None, {}, [])}
    return {"extra_config": json.dumps(kept, ensure_ascii=False, default=str)}


def _host_alone_of(base_url: str, url: str) -> bool:
    """Whether this is the base URL's host without its path, as programs with an API of their own store it."""
    return base_url.startswith(f"{url.rstrip('/')}/")


def _own_url(provider_type: str, url: str) -> bool:
    provider = providers.by_slug(provider_type)
    try:
        return bool(provider and provider.base_url and urlsplit(provider.base_url).hostname == urlsplit(url).hostname)
    except ValueError:
        return False
