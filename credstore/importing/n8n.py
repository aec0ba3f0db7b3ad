"""Reads `n8n export:credentials --all --decrypted`: a JSON list of credentials, each with its type and its data.

Source: https://docs.n8n.io/hosting/cli-commands/#export-credentials and the credential types of n8n-nodes-base.
"""

import re
from collections.abc import Mapping
from typing import Any

from credstore.importing.candidate import Candidate
from credstore.importing.json_files import list_of_objects, parse_json
from credstore.importing.known_names import (
    KindAndValues,
    extra_config,
    git_values,
    llm_of_words,
    llm_values,
    recognise,
)

_ENCRYPTED = "It is encrypted. Export it with: n8n export:credentials --all --decrypted"
_SECRETS = ("apiKey", "accessToken", "token", "password")
_GIT_TYPES = {"githubApi": "https://github.com", "gitlabApi": "https://gitlab.com", "gitPassword": ""}
_N8N_APIS = {"https://api.github.com": "https://github.com"}
# What the names of n8n's types do not spell as the other tables do.
_WORDS = {
    "mistralcloud": "MISTRAL",
    "openrouter": "OPENROUTER",
    "deepseek": "DEEPSEEK",
    "xai": "XAI",
    "openai": "OPENAI",
}
_GEMINI = "googlePalmApi"


def read(text: str) -> list[Candidate]:
    """Raises FileRefused."""
    return [_candidate(one, number) for number, one in enumerate(list_of_objects(parse_json(text)), 1)]


def _candidate(one: Mapping[str, Any], number: int) -> Candidate:
    origin = f"item {number}"
    name, n8n_type, data = str(one.get("name") or ""), str(one.get("type") or ""), one.get("data")
    if isinstance(data, str):
        return Candidate(origin=origin, name=name, skipped=_ENCRYPTED)
    if not isinstance(data, dict) or not any(data.values()):
        return Candidate(origin=origin, name=name, skipped="It has no data.")
    kind, values = _kind_and_values(n8n_type, data)
    note = "Its sign-in by OAuth has to be done again in the new place." if "oauthTokenData" in data else ""
    return Candidate(origin=origin, name=name, kind=kind, values=values, note=note)


def _kind_and_values(n8n_type: str, data: Mapping[str, Any]) -> KindAndValues:
    secret = next((str(data[name]) for name in _SECRETS if data.get(name)), "")
    url = next((str(data[name]) for name in ("url", "baseUrl", "server", "host") if data.get(name)), "")
    if n8n_type in _GIT_TYPES and secret:
        username = str(data.get("user") or data.get("username") or "")
        return git_values(_N8N_APIS.get(url.rstrip("/"), url) or _GIT_TYPES[n8n_type], secret, username)
    if n8n_type == "telegramApi" and (known := recognise("", secret)) and known[0] == "telegram":
        return known
    if n8n_type == "httpHeaderAuth" and data.get("name") and data.get("value"):
        return "tool", extra_config({"headers": {str(data["name"]): str(data["value"])}})
    stem = n8n_type.removesuffix("Api")
    word = "GEMINI" if n8n_type == _GEMINI else _WORDS.get(stem.lower(), stem.upper())
    vendor = llm_of_words([word])
    if vendor and secret and n8n_type.endswith("Api"):
        return llm_values(vendor, secret, _without_slash(url), str(data.get("organizationId") or ""))
    return "tool", extra_config({"n8n_type": n8n_type, **data} if "n8n_type" not in data else data)


def _without_slash(url: str) -> str:
    return re.sub(r"/+\Z", "", url)
