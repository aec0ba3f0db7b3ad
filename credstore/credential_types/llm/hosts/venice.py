"""Venice: `/models` counts as public; `/api_keys/rate_limits` checks the key, tells balances and its end."""

from credstore.credential_types.llm.hosts.base import Host, KeyFacts, json_at, parse_number, parse_time
from credstore.probe import Json


def key_facts(json: Json) -> KeyFacts | None:
    data = json_at(json, "data")
    if not isinstance(data, dict) or not {"accessPermitted", "apiTier", "balances", "rateLimits"} & data.keys():
        return None
    tier = json_at(data, "apiTier", "id")
    balances = data.get("balances")
    amounts = {
        name: amount
        for name, value in (balances.items() if isinstance(balances, dict) else ())
        if (amount := parse_number(value)) is not None
    }
    facts = [f"tier: {tier}"] if isinstance(tier, str) else []
    facts += [f"balance: {amount:.2f} {name}" for name, amount in amounts.items()]
    shut = data.get("accessPermitted") is False
    spent = shut and not any(amount > 0 for amount in amounts.values())
    return KeyFacts(
        facts=tuple(facts),
        expires_at=parse_time(data.get("keyExpiration")),
        spent=spent,
        limited="it may not call models." if shut and not spent else "",
    )


VENICE = Host(
    name="Venice",
    domains=("api.venice.ai",),
    bases=("/api/v1",),
    check="/api/v1/api_keys/rate_limits",
    public_listing=True,
    key_facts=key_facts,
)
