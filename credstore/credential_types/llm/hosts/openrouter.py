"""OpenRouter: `/models` is public, `/key` checks the key and tells its limit, its end and what it is for."""

from credstore.credential_types.llm.hosts.base import Host, KeyFacts, json_at, parse_number, parse_time
from credstore.probe import Json

_ADMINISTERS = "it is a management key, which administers other keys and cannot call models."


def key_facts(json: Json) -> KeyFacts | None:
    data = json_at(json, "data")
    if not isinstance(data, dict) or not {"usage", "limit", "limit_remaining"} & data.keys():
        return None
    left, limit = parse_number(data.get("limit_remaining")), parse_number(data.get("limit"))
    facts = []
    if left is not None:
        facts.append(f"credit left on this key: ${left:.2f}" + ("" if limit is None else f" of ${limit:.2f}"))
    if data.get("is_free_tier") is True:
        facts.append("free tier")
    administers = data.get("is_management_key") is True or data.get("is_provisioning_key") is True
    if administers:
        facts.append("management key")
    return KeyFacts(
        facts=tuple(facts),
        expires_at=parse_time(data.get("expires_at")),
        spent=left is not None and left <= 0,
        limited=_ADMINISTERS if administers else "",
    )


OPENROUTER = Host(
    name="OpenRouter",
    domains=("openrouter.ai",),
    bases=("/api/v1",),
    check="/api/v1/key",
    public_listing=True,
    key_facts=key_facts,
)
