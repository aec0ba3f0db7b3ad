"""Says in words what the policy makes of a URL: every address, the rule that decides, and what would change it.

Must never send a request; it asks DNS, as a test would, and nobody else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from credstore.egress.address_table import Address, Reach, address_of, place_of
from credstore.egress.failures import no_such_name
from credstore.egress.policy import Policy
from credstore.egress.proxy import Proxy
from credstore.egress.resolver import Resolve
from credstore.errors import Blocked, Refused, Unreached
from credstore.urls import canonical, host_port

DIRECTLY = "directly"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One address and what the policy says of it. `advice` is empty when it may be called."""

    address: str
    kind: str
    allowed: bool
    rule: str
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """`url` is canonical, "" where it has no canonical form; `way` is "directly" or names the proxy."""

    url: str
    allowed: bool
    rule: str
    advice: str = ""
    way: str = DIRECTLY
    addresses: tuple[Judged, ...] = ()


def explain(text: str, policy: Policy, resolve: Resolve, proxy: Proxy | None, *, deadline: float) -> Explanation:
    """Judge a base URL as typed, until `deadline` (a time.monotonic() instant). Raises nothing."""
    try:
        url = canonical(text)
    except Refused as refusal:
        return Explanation(url="", allowed=False, rule=refusal.sentence, advice="No setting changes that.")
    host, port = host_port(url)
    literal = address_of(host)
    try:
        found = [literal] if literal else resolve(host, port, deadline=deadline)
        if not found:
            raise no_such_name(host)
    except Unreached as silence:
        if proxy is None:
            return Explanation(url=url, allowed=False, rule=silence.sentence, advice=silence.advice)
        return _unresolved(url, policy, proxy)
    judged = tuple(_judged(url, policy, address) for address in found)
    # One address that is refused condemns the name: which of them a connection would take is not ours to choose.
    decisive = next((one for one in judged if not one.allowed), judged[0])
    return Explanation(
        url=url,
        allowed=decisive.allowed,
        rule=decisive.rule,
        advice=decisive.advice,
        way=_way(found, proxy),
        addresses=judged,
    )


def _judged(url: str, policy: Policy, address: Address) -> Judged:
    kind = place_of(address).kind
    try:
        rule = policy.judge(urlsplit(url).scheme, *host_port(url), address)
    except Blocked as refusal:
        return Judged(address=str(address), kind=kind, allowed=False, rule=refusal.sentence, advice=refusal.advice)
    return Judged(address=str(address), kind=kind, allowed=True, rule=rule)


def _unresolved(url: str, policy: Policy, proxy: Proxy) -> Explanation:
    way = f"via proxy {proxy.name}"
    try:
        rule = policy.judge_unresolved(urlsplit(url).scheme, *host_port(url))
    except Blocked as refusal:
        return Explanation(url=url, allowed=False, rule=refusal.sentence, advice=refusal.advice, way=way)
    return Explanation(url=url, allowed=True, rule=rule, way=way)


def _way(found: Sequence[Address], proxy: Proxy | None) -> str:
    if proxy is None or any(place_of(address).reach is Reach.LOOPBACK for address in found):
        return DIRECTLY
    return f"via proxy {proxy.name}"
