"""The egress policy: whether credstore may call a host, port and address. Opens no socket and resolves no name.

What the table of `address_table` forbids stays forbidden, whatever the operator's setting lists.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_network

from credstore.egress.address_table import (
    DATA_PORTS,
    FORBIDDEN_PORTS,
    MAPPED,
    Address,
    AddressClass,
    Network,
    classify,
    parse_address,
    unwrap_mapped,
)
from credstore.errors import Blocked, ConfigError, Refused
from credstore.urls import canonical_url, host_port

SETTING = "CREDSTORE_EGRESS_ALLOW"
NO_SETTING = "No setting allows it."
MAX_PORT = 65_535
# A proxy in a cloud would resolve these names to that cloud's metadata service.
METADATA_NAMES = frozenset({"metadata", "metadata.google.internal", "metadata.goog", "instance-data"})


@dataclass(frozen=True, slots=True)
class Policy:
    """What the operator allows. Build it with `parse`.

    `networks` allow local addresses on every port but those of DATA_PORTS; `host_ports` allow a host (as typed, or an
    address) with one port; `loopback_open` allows loopback addresses; `own_port` is the port that credstore listens on.
    """

    networks: tuple[Network, ...] = ()
    host_ports: frozenset[tuple[str, int]] = frozenset()
    loopback_open: bool = False
    own_port: int | None = None

    @classmethod
    def parse(cls, allow: Sequence[str], *, loopback_open: bool, own_port: int | None = None) -> "Policy":
        """Read the items of CREDSTORE_EGRESS_ALLOW: networks, single addresses, `host:port`, `[v6]:port`.

        Blank items are skipped. Raises ConfigError naming the setting and the item that cannot be read or could
        never take effect.
        """
        networks: list[Network] = []
        host_ports: set[tuple[str, int]] = set()
        for item in filter(None, map(str.strip, allow)):
            if "/" in item or parse_address(item):
                networks.append(_parse_network(item))
            else:
                host_ports.add(_parse_host_port(item))
        return cls(tuple(networks), frozenset(host_ports), loopback_open, own_port)

    def judge(self, scheme: str, host: str, port: int, address: Address | str) -> str:
        """Return the rule that allows this connection, as a sentence. Raises Blocked with advice when none does.

        `host` is the host as typed (IPv6 without brackets), `address` one of the addresses that it resolves to.
        """
        found = parse_address(str(address))
        if found is None:
            raise Blocked(f"{host} leads to something that is not an IP address.", NO_SETTING)
        where = f"{host} leads to {found}," if parse_address(host) != found else f"{found} is"
        _judge_port(scheme, port)
        info = classify(found)
        if info.address_class is AddressClass.FORBIDDEN:
            raise Blocked(f"{where} {info.description}; credstore never calls those.", NO_SETTING)
        if info.address_class is AddressClass.PUBLIC:
            if scheme == "http":
                raise Blocked(
                    f"{where} {info.description}, and over http anyone on the way could read the secret.",
                    f"Use https. {NO_SETTING.removesuffix('.')} over http.",
                )
            return "Public addresses may be called over https."
        if info.address_class is AddressClass.LOOPBACK and port == self.own_port:
            raise own_address_blocked(host, port)
        return self._judge_local(f"{where} {info.description}", host, port, found)

    def judge_unresolved(self, scheme: str, host: str, port: int) -> str:
        """The same for a name that only the egress proxy can resolve: by its spelling, since its address is unknown."""
        _judge_port(scheme, port)
        name = host.lower().removesuffix(".")
        if name in METADATA_NAMES:
            raise Blocked(f"{host} is the name of a cloud metadata service; credstore never calls those.", NO_SETTING)
        if name == "localhost" or name.endswith(".localhost"):
            raise Blocked(f"{host} is a name for the machine that looks it up, here the proxy's own.", NO_SETTING)
        if self._lists_host_port(name, port):
            return f"{SETTING} lists {_host_and_port(name, port)}."
        if scheme == "http":
            raise Blocked(
                f"{host} has no address that credstore can find, and http is for local addresses only.",
                f"Use https. If it is a local server: {self._how_to_allow(host, port)}",
            )
        return "The name has no address here; over https the egress proxy may look it up."

    def _lists_host_port(self, host: str, port: int) -> bool:
        return (host.lower().removesuffix("."), port) in self.host_ports

    def _how_to_allow(self, host: str, port: int) -> str:
        """What the operator must do to allow this host and port, as a sentence."""
        if self.networks or self.host_ports:
            return f"Add {_host_and_port(host, port)} to {SETTING} and restart."
        return f"Set {SETTING}={_host_and_port(host, port)} and restart."

    def _judge_local(self, where: str, host: str, port: int, address: Address) -> str:
        for named in (host, str(address)):
            if self._lists_host_port(named, port):
                return f"{SETTING} lists {_host_and_port(named, port)}."
        network = next((network for network in self.networks if address in network), None)
        loopback = classify(address).address_class is AddressClass.LOOPBACK and self.loopback_open
        if not loopback and network is None:
            raise Blocked(
                f"{where}; credstore calls those only when its operator allows it.", self._how_to_allow(host, port)
            )
        if port in DATA_PORTS:
            raise Blocked(
                f"{where}, and port {port} is where {DATA_PORTS[port]} listens; on local networks credstore calls such "
                "ports only when they are allowed one by one.",
                self._how_to_allow(host, port),
            )
        if loopback:
            return "Loopback is open because credstore itself listens on loopback only."
        return f"{SETTING} lists {network}."


def _judge_port(scheme: str, port: int) -> None:
    if scheme not in {"http", "https"}:
        raise Blocked("credstore calls http and https addresses only.", NO_SETTING)
    if port in FORBIDDEN_PORTS or port > MAX_PORT:
        raise Blocked(f"Port {port} belongs to another protocol; credstore never calls it.", NO_SETTING)


def own_address_blocked(host: str, port: int) -> Blocked:
    """The refusal for a host and port where credstore itself listens: a test must not call back into the app."""
    return Blocked(f"{_host_and_port(host, port)} is credstore itself; it never calls itself.", NO_SETTING)


def _host_and_port(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _parse_network(item: str) -> Network:
    try:
        network = ip_network(item)
    except ValueError:
        raise _malformed(item, "is not a network; write it like 10.0.0.0/8") from None
    if network.version == MAPPED.version and network.subnet_of(MAPPED):
        raise _malformed(item, "is an IPv4 network written as IPv6; write it as IPv4")
    first, last = classify(network[0]), classify(network[-1])
    if first == last and first.address_class is AddressClass.FORBIDDEN:
        raise _malformed(item, f"is {first.description}; credstore never calls those")
    return network


def _parse_host_port(item: str) -> tuple[str, int]:
    written = item.rpartition(":")[2]
    if "@" in item or not written.isascii() or not written.isdigit():
        raise _malformed(item, "is none of network, address, host:port; a host name needs its port")
    try:
        host, port = host_port(canonical_url(f"http://{item}"))
    except Refused:
        raise _malformed(item, "is none of network, address, host:port") from None
    if port in FORBIDDEN_PORTS:
        raise _malformed(item, f"names port {port}, which credstore never calls")
    address = parse_address(host)
    if address is not None and classify(address).address_class is AddressClass.FORBIDDEN:
        raise _malformed(item, f"is {classify(address).description}; credstore never calls those")
    return str(unwrap_mapped(address)) if address else host, port


def _malformed(item: str, problem: str) -> ConfigError:
    return ConfigError(f"{SETTING}: “{item}” {problem}.")
