"""The policy compared with two published SSRF guards. Each difference needs a reason here, or the test fails.

Nobody connects: what a guard would have connected to is recorded in place of the connection.
"""

import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
import urllib3.util.connection

from credstore.egress import OutboundClient, Policy, dialer
from credstore.errors import CredstoreError
from credstore.probe import ProbeRequest
from credstore.urls import canonical_url
from tests.egress.test_addresses import DISGUISED, LOCAL, LOOPBACK, METADATA, PUBLIC, UNUSABLE

antissrf = pytest.importorskip("AntiSSRF", reason="microsoft-antissrf is not installed")
hardened = pytest.importorskip("requests_hardened", reason="requests-hardened is not installed")

NAMES = {
    "api.example": ["8.8.8.8"],
    "xn--bcher-kva.example": ["8.8.8.8"],
    "inside.example": ["10.0.0.1"],
    "bad-first.example": ["10.0.0.1", "8.8.8.8"],
    "bad-last.example": ["8.8.8.8", "10.0.0.1"],
    "localhost": ["127.0.0.1"],
    "translated.example": ["64:ff9b::a00:1"],
}
REAL = socket.getaddrinfo
Guard = Callable[[str], object]


def lookup(host: str, port: int, *_args: object, **_options: object) -> list[Any]:
    """The names above, and numbers in whatever spelling this machine's C library takes; never a name server."""
    if host in NAMES:
        found = [REAL(address, port, type=socket.SOCK_STREAM)[0] for address in NAMES[host]]
    else:
        found = REAL(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    return found


def ours(url: str) -> object:
    return OutboundClient(Policy()).send(
        ProbeRequest(purpose="p", method="GET", url=canonical_url(url)), deadline=time.monotonic() + 5
    )


def microsofts(url: str) -> object:
    policy = antissrf.AntiSSRFPolicy(antissrf.PolicyConfigOptions.EXTERNAL_ONLY_LATEST)
    with policy.get_antissrf_session() as session:
        session.trust_env = False
        return session.get(url, allow_redirects=False, timeout=5)


def saleors(url: str) -> object:
    config = hardened.Config(
        ip_filter_enable=True, ip_filter_allow_loopback_ips=False, never_redirect=True, default_timeout=(5, 5)
    )
    return hardened.Manager(config).send_request("GET", url)


GUARDS: dict[str, Guard] = {"microsoft-antissrf": microsofts, "requests-hardened": saleors}


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> Callable[[Guard, str], bool]:
    """Whether a guard would have connected."""
    seen: list[object] = []

    def refuse(*where: object, **_options: object) -> None:
        seen.append(where)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    monkeypatch.setattr(urllib3.util.connection, "create_connection", refuse)
    monkeypatch.setattr(dialer, "_connect", refuse)

    def allows(guard: Guard, url: str) -> bool:
        seen.clear()
        try:
            guard(url)
        except (CredstoreError, OSError, ValueError, antissrf.AntiSSRFError):  # requests' own errors are OSErrors
            return bool(seen)
        raise AssertionError("nothing was there to answer")

    return allows


RANGE = "Its table has no row for it; ours names it: "
EXPLAINED: dict[tuple[str, str], str] = {}


def explain(why: str, guards: list[str], *cases: str) -> None:
    EXPLAINED.update({(guard, case): why for guard in guards for case in cases})


BOTH = list(GUARDS)
explain(
    f"{RANGE}an IPv4-compatible or -translated address, which a router with SIIT turns into the IPv4 one.",
    BOTH,
    *("::127.0.0.1", "::7f00:1", "::ffff:0:127.0.0.1", "::2", "::ffff"),
)
explain(
    f"{RANGE}ISATAP, known by its mark in the middle and not by a range.",
    BOTH,
    *("2a00::5efe:10.0.0.1", "2a00::200:5efe:127.0.0.1"),
)
explain(
    f"{RANGE}IPv6 space that IANA has not given out, so that whatever answers there is no public server.",
    BOTH,
    *("4000::1", "8000::1", "1000::1", "fe00::1", "f000::1"),
)
explain(f"{RANGE}Azure's WireServer has an address that looks public.", BOTH[1:], "168.63.129.16")
explain(f"{RANGE}site-local addresses, retired but still routed by old equipment.", BOTH[1:], "fec0::1", "feff::1")

ADDRESSES = PUBLIC + LOOPBACK + LOCAL + METADATA + DISGUISED + UNUSABLE


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("name", GUARDS)
def test_every_disagreement_on_an_address_is_explained(
    name: str, address: str, reached: Callable[[Guard, str], bool]
) -> None:
    url = f"https://[{address}]/" if ":" in address else f"https://{address}/"
    compare(name, address, reached(ours, url), reached(GUARDS[name], url))


explain(
    "The URL has one plain spelling with us; the C library reads octal, hex, short and single numbers as addresses.",
    BOTH,
    *("https://134744072/", "https://010.8.8.8/", "https://0x8.8.8.8/", "https://8.2056/"),
)
explain("User information would be a second secret, stored without encryption.", BOTH, "https://user:pass@api.example/")
explain(
    "Query and fragment would swallow the path that a probe appends.",
    BOTH,
    "https://api.example/?x",
    "https://api.example/#x",
)
explain(
    "Ports of other protocols are forbidden, as in browsers; they have no rule on ports.",
    BOTH,
    "https://api.example:25/",
)
explain(
    "Clear text would show the secret to anybody on the way; it has no rule on that.", BOTH[1:], "http://api.example/"
)
explain("It judges and uses the first address alone.", BOTH[1:], "https://bad-last.example/")
explain("A dot segment has more than one reading.", BOTH, "https://api.example/a/../b")
explain(
    "A name is the same with and without its last dot; we drop it, and they look up a name not in our test's DNS.",
    BOTH,
    "https://api.example./",
)
explain(
    "An ideographic dot is a dot to browsers (UTS 46) and to us; requests refuses it.", BOTH, "https://api。example/"
)
explain("Port 0 is no port; requests drops it and calls 443.", BOTH, "https://api.example:0/")

URLS = [f"https://{name}/" for name in NAMES]
URLS += ["https://API.Example/", "https://api.example:8443/v1", "http://api.example/", "https://bücher.example/"]
URLS += ["https://134744072/", "https://010.8.8.8/", "https://0x8.8.8.8/", "https://8.2056/"]
URLS += ["https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/", "https://127.1/", "https://0/"]
URLS += ["https://①②⑦.0.0.1/", "https://127。0。0。1/", "https://api。example/", "https://api.example./"]
URLS += ["https://127.0.0.1./", "https://[::ffff:8.8.8.8]/", "https://[::ffff:127.0.0.1]/", "https://[fe80::1%25lo]/"]
URLS += ["https://user:pass@api.example/", "https://8.8.8.8@127.0.0.1/", "https://127.0.0.1\\@api.example/"]
URLS += ["https://api.example/?x", "https://api.example/#x", "https://api.example/a/../b", "https://api.example:25/"]
URLS += [
    "https://api.example:0/",
    "https://api.example:99999/",
    "https://[8.8.8.8]/",
    "https://a..example/",
    "https:///x",
]


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("name", GUARDS)
def test_every_disagreement_on_a_url_is_explained(name: str, url: str, reached: Callable[[Guard, str], bool]) -> None:
    compare(name, url, reached(ours, url), reached(GUARDS[name], url))


def compare(guard: str, case: str, we: bool, they: bool) -> None:
    why = EXPLAINED.get((guard, case))
    assert we is they or why, f"{case}: we {'call' if we else 'refuse'} it, {guard} does not agree, and nobody says why"
    assert we is not they or not why, f"{case}: {guard} agrees now; drop the explanation “{why}”"


def test_every_explanation_belongs_to_a_case() -> None:
    assert {case for _, case in EXPLAINED} <= {*ADDRESSES, *URLS}
