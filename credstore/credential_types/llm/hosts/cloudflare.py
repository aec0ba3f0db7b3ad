"""Cloudflare Workers AI and AI Gateway. Both have the account in their path.

Workers AI: the model search checks tokens. Errors are `{"success": false, "errors": [{"code": 10000, "message":
"Authentication error"}]}`: 401 for a wrong token and, the very same, for one without the permission "Workers AI";
404 with code 7003 for an account that is none; 402 with code 2021 for no credit, in use. Source: Cloudflare's API
reference and the measurements in cloudflare/cloudflare-docs#32574; anomalyco/opencode#23773.

AI Gateway: it hands the key to the provider behind it, so the general protocol decides. A gateway that wants a token of
its own (header `cf-aig-authorization`) answers every key with 401, `AiGatewayError` 2009. Source: Cloudflare's
documentation of AI Gateway and cloudflare/cloudflare-docs#31050.
"""

from credstore.credential_types.llm.hosts.base import Host, KeyFacts, json_at
from credstore.probe import Json


def key_facts(json: Json) -> KeyFacts | None:
    return KeyFacts() if json_at(json, "success") is True and isinstance(json_at(json, "result"), list) else None


WORKERS_AI = Host(
    name="Cloudflare Workers AI",
    domains=("api.cloudflare.com",),
    bases=("/client/v4/accounts/*/ai/v1",),
    check="/client/v4/accounts/*/ai/models/search?per_page=1",
    key_facts=key_facts,
    base_urls=("https://api.cloudflare.com/client/v4/accounts/<account-id>/ai/v1",),
)
AI_GATEWAY = Host(
    name="Cloudflare AI Gateway",
    domains=("gateway.ai.cloudflare.com",),
    bases=("/v1/*/*/compat", "/v1/*/*/openai", "/v1/*/*/workers-ai/v1"),
    anthropic_itself=("/v1/*/*/anthropic",),
    base_urls=("https://gateway.ai.cloudflare.com/v1/<account-id>/<gateway-name>/compat",),
)
