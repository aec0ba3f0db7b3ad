"""DeepSeek: `/user/balance` judges the key and tells whether there is money behind it."""

from credstore.credential_types.llm.hosts.base import Host, Told, field, number
from credstore.probe import Json


def tell(json: Json) -> Told | None:
    available, infos = field(json, "is_available"), field(json, "balance_infos")
    if not isinstance(available, bool):
        return None
    balances = (
        (number(field(info, "total_balance")), field(info, "currency"))
        for info in (infos if isinstance(infos, list) else ())
    )
    facts = (f"balance: {amount:.2f} {unit}" for amount, unit in balances if amount is not None and unit)
    return Told(facts=tuple(facts), spent=not available)


DEEPSEEK = Host(
    name="DeepSeek",
    domains=("api.deepseek.com",),
    bases=("", "/v1", "/beta"),
    check="/user/balance",
    tell=tell,
    anthropic=("/anthropic",),
)
