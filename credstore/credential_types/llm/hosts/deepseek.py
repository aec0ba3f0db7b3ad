"""DeepSeek: `/user/balance` checks the key and says whether its account has credit."""

from credstore.credential_types.llm.hosts.base import Host, KeyFacts, json_at, parse_number
from credstore.probe import Json


def key_facts(json: Json) -> KeyFacts | None:
    available, infos = json_at(json, "is_available"), json_at(json, "balance_infos")
    if not isinstance(available, bool):
        return None
    balances = (
        (parse_number(json_at(info, "total_balance")), json_at(info, "currency"))
        for info in (infos if isinstance(infos, list) else ())
    )
    facts = (f"balance: {amount:.2f} {unit}" for amount, unit in balances if amount is not None and unit)
    return KeyFacts(facts=tuple(facts), spent=not available)


DEEPSEEK = Host(
    name="DeepSeek",
    domains=("api.deepseek.com",),
    bases=("", "/v1", "/beta"),
    check="/user/balance",
    key_facts=key_facts,
    anthropic=("/anthropic",),
)
