"""Says in words what the policy makes of a URL: every address, the rule that decides, and what would change it.

Must never send a request; it asks DNS, as a test would, and nobody else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from credstore.egress.address_table import Address, AddressClass, classify, parse_address
from credstore.egress.failures import unknown_host
from credstore.egress.policy import Policy
from credstore.egress.proxy import Proxy
from credstore.egress.resolver import Resolve
from credstore.errors import Blocked, Refused, Unreached
from credstore.urls import canonical_url, host_port

DIRECTLY = "directly"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressExplanation:
    """One address and what the policy says of it. `advice` is empty when it may be called."""

    address: str
    description: str
    allowed: bool
    rule: str
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """`url` is canonical, "" where it has no canonical form; `route` is "directly" or names the proxy."""

    url: str
    allowed: bool
    rule: str
    advice: str = ""
    route: str = DIRECTLY
    addresses: tuple[AddressExplanation, ...] = ()


def explain(text: str, policy: Policy, resolve: Resolve, proxy: Proxy | None, *, deadline: float) -> Explanation:
    """Judge a base URL as typed, until `deadline` (a time.monotonic() instant). Raises nothing."""
    try:
        url = canonical_url(text)
    except Refused as refusal:
        return Explanation(url="", allowed=False, rule=refusal.sentence, advice="No setting changes that.")
    host, port = host_port(url)
    literal = parse_address(host)
    try:
        found = [literal] if literal else resolve(host, port, deadline=deadline)
        if not found:
            raise unknown_host(host)
    except Unreached as silence:
        if proxy is None:
            return Explanation(url=url, allowed=False, rule=silence.sentence, advice=silence.advice)
        return _explain_unresolved(url, policy, proxy)
    judged = tuple(_explain_address(url, policy, address) for address in found)
    # One address that is refused condemns the name: which of them a connection would take is not ours to choose.
    decisive = next((one for one in judged if not one.allowed), judged[0])
    return Explanation(
        url=url,
        allowed=decisive.allowed,
        rule=decisive.rule,
        advice=decisive.advice,
        route=_route(found, proxy),
        addresses=judged,
    )


def _explain_address(url: str, policy: Policy, address: Address) -> AddressExplanation:
    kind = classify(address).description
    try:
        rule = policy.judge(urlsplit(url).scheme, *host_port(url), address)
    except Blocked as refusal:
        return AddressExplanation(
            address=str(address), description=kind, allowed=False, rule=refusal.sentence, advice=refusal.advice
        )
    return AddressExplanation(address=str(address), description=kind, allowed=True, rule=rule)


def _explain_unresolved(url: str, policy: Policy, proxy: Proxy) -> Explanation:
    way = f"via proxy {proxy.name}"
    try:
        rule = policy.judge_unresolved(urlsplit(url).scheme, *host_port(url))
    except Blocked as refusal:
        return Explanation(url=url, allowed=False, rule=refusal.sentence, advice=refusal.advice, route=way)
    return Explanation(url=url, allowed=True, rule=rule, route=way)


def _route(found: Sequence[Address], proxy: Proxy | None) -> str:
    if proxy is None or any(classify(address).address_class is AddressClass.LOOPBACK for address in found):
        return DIRECTLY
    return f"via proxy {proxy.name}"
