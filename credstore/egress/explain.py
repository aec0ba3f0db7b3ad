"""Explains the policy for one URL: every address, the rule that decides, and the setting that would change it.

It sends no request to the host. It resolves the name, as a test would.
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
    """One address, and the policy's rule for it. `advice` is "" when the address may be called."""

    address: str
    description: str
    allowed: bool
    rule: str
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The result for one URL. `url` is canonical, "" when it has no canonical form.

    `route` is "directly" or "via proxy host:port".
    """

    url: str
    allowed: bool
    rule: str
    advice: str = ""
    route: str = DIRECTLY
    addresses: tuple[AddressExplanation, ...] = ()


def explain(text: str, policy: Policy, resolve: Resolve, proxy: Proxy | None, *, deadline: float) -> Explanation:
    """Apply the policy to a base URL as typed, until `deadline` (a time.monotonic() instant).

    Raises TestsBusy when too many DNS look-ups are running.
    """
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
    except Unreached as failure:
        if proxy is None:
            return Explanation(url=url, allowed=False, rule=failure.sentence, advice=failure.advice)
        return _explain_unresolved(url, policy, proxy)
    judged = tuple(_explain_address(url, policy, address) for address in found)
    # One refused address refuses the name: a connection could take any of them.
    decisive = next((address for address in judged if not address.allowed), judged[0])
    return Explanation(
        url=url,
        allowed=decisive.allowed,
        rule=decisive.rule,
        advice=decisive.advice,
        route=_route(found, proxy),
        addresses=judged,
    )


def _explain_address(url: str, policy: Policy, address: Address) -> AddressExplanation:
    description = classify(address).description
    try:
        rule = policy.judge(urlsplit(url).scheme, *host_port(url), address)
    except Blocked as refusal:
        return AddressExplanation(
            address=str(address), description=description, allowed=False, rule=refusal.sentence, advice=refusal.advice
        )
    return AddressExplanation(address=str(address), description=description, allowed=True, rule=rule)


def _explain_unresolved(url: str, policy: Policy, proxy: Proxy) -> Explanation:
    route = f"via proxy {proxy.name}"
    try:
        rule = policy.judge_unresolved(urlsplit(url).scheme, *host_port(url))
    except Blocked as refusal:
        return Explanation(url=url, allowed=False, rule=refusal.sentence, advice=refusal.advice, route=route)
    return Explanation(url=url, allowed=True, rule=rule, route=route)


def _route(found: Sequence[Address], proxy: Proxy | None) -> str:
    if proxy is None or any(classify(address).address_class is AddressClass.LOOPBACK for address in found):
        return DIRECTLY
    return f"via proxy {proxy.name}"
