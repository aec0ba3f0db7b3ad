"""Moonshot (Kimi): `/v1/users/me/balance` checks the key and gives its balance.

moonshot.ai and moonshot.cn each accept their own keys only.

A wrong key is 401 `{"error": {"message": "Invalid Authentication", "type": "invalid_authentication_error"}}`. In use,
no credit is 429 or 403 `exceeded_current_quota_error`. The balance is `{"code": 0, "status": true, "data":
{"available_balance": 49.58, ...}}`, in USD at .ai and CNY at .cn. Source: Moonshot's API reference; answers quoted in
MoonshotAI/Kimi-K2#5 and VectifyAI/OpenKB#196.
"""

from credstore.credential_types.llm.hosts.base import Host, KeyFacts, json_at, parse_number
from credstore.probe import Json


def key_facts(json: Json) -> KeyFacts | None:
    available = parse_number(json_at(json, "data", "available_balance"))
    if available is None:
        return None
    return KeyFacts(facts=(f"balance: {available:.2f}",), spent=available <= 0)


MOONSHOT = Host(
    name="Moonshot (Kimi)",
    domains=("api.moonshot.ai", "api.moonshot.cn"),
    bases=("/v1",),
    check="/v1/users/me/balance",
    key_facts=key_facts,
)
