"""The table of address ranges and ports: the class of each IP address, and the ports that are never called.

It does not use `is_global` or `is_private` of `ipaddress`: their results differ between Python versions and let
multicast, NAT64 and cloud metadata addresses through. Sources: the IANA special-purpose address registries, the
metadata addresses of the clouds, and the port list of https://fetch.spec.whatwg.org/#port-blocking.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from types import MappingProxyType

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class AddressClass(Enum):
    """The class of an address. The policy allows or refuses by class; FORBIDDEN is never called."""

    PUBLIC = "public"
    LOOPBACK = "loopback"
    LOCAL = "local"
    FORBIDDEN = "never"


@dataclass(frozen=True, slots=True)
class AddressInfo:
    """The class of an address, and a description with an article for use in a sentence ("a loopback address")."""

    address_class: AddressClass
    description: str


# The first match is used, so a narrow network stands before the wider network that contains it.
_V4 = (
    ("100.100.100.200/32", AddressClass.FORBIDDEN, "a cloud metadata address"),
    ("168.63.129.16/32", AddressClass.FORBIDDEN, "a cloud metadata address"),
    ("192.0.0.192/32", AddressClass.FORBIDDEN, "a cloud metadata address"),
    ("169.254.0.0/16", AddressClass.FORBIDDEN, "a link-local or cloud metadata address"),
    ("127.0.0.0/8", AddressClass.LOOPBACK, "a loopback address"),
    ("10.0.0.0/8", AddressClass.LOCAL, "a private network address"),
    ("172.16.0.0/12", AddressClass.LOCAL, "a private network address"),
    ("192.168.0.0/16", AddressClass.LOCAL, "a private network address"),
    ("100.64.0.0/10", AddressClass.LOCAL, "a shared (carrier or VPN) network address"),
    ("0.0.0.0/8", AddressClass.FORBIDDEN, "an unspecified address"),
    ("192.0.0.0/24", AddressClass.FORBIDDEN, "a reserved address"),
    ("192.0.2.0/24", AddressClass.FORBIDDEN, "a documentation address"),
    ("192.31.196.0/24", AddressClass.FORBIDDEN, "a reserved address"),
    ("192.52.193.0/24", AddressClass.FORBIDDEN, "a reserved address"),
    ("192.88.99.0/24", AddressClass.FORBIDDEN, "a reserved address"),
    ("192.175.48.0/24", AddressClass.FORBIDDEN, "a reserved address"),
    ("198.18.0.0/15", AddressClass.FORBIDDEN, "a benchmarking address"),
    ("198.51.100.0/24", AddressClass.FORBIDDEN, "a documentation address"),
    ("203.0.113.0/24", AddressClass.FORBIDDEN, "a documentation address"),
    ("224.0.0.0/4", AddressClass.FORBIDDEN, "a multicast address"),
    ("255.255.255.255/32", AddressClass.FORBIDDEN, "the broadcast address"),
    ("240.0.0.0/4", AddressClass.FORBIDDEN, "a reserved address"),
    ("0.0.0.0/0", AddressClass.PUBLIC, "a public address"),
)
_V6 = (
    ("::1/128", AddressClass.LOOPBACK, "a loopback address"),
    ("::/128", AddressClass.FORBIDDEN, "an unspecified address"),
    ("::/96", AddressClass.FORBIDDEN, "an IPv4 address in disguise"),
    ("::ffff:0:0:0/96", AddressClass.FORBIDDEN, "an IPv4 address in disguise (translated)"),
    ("64:ff9b::/96", AddressClass.FORBIDDEN, "an IPv4 address in disguise (NAT64)"),
    ("64:ff9b:1::/48", AddressClass.FORBIDDEN, "an IPv4 address in disguise (NAT64)"),
    ("2001::/32", AddressClass.FORBIDDEN, "an IPv4 address in disguise (Teredo)"),
    ("2002::/16", AddressClass.FORBIDDEN, "an IPv4 address in disguise (6to4)"),
    ("2001:2::/48", AddressClass.FORBIDDEN, "a benchmarking address"),
    ("2001::/23", AddressClass.FORBIDDEN, "a reserved address"),
    ("2001:db8::/32", AddressClass.FORBIDDEN, "a documentation address"),
    ("2620:4f:8000::/48", AddressClass.FORBIDDEN, "a reserved address"),
    ("3fff::/20", AddressClass.FORBIDDEN, "a documentation address"),
    ("2000::/3", AddressClass.PUBLIC, "a public address"),
    ("fd00:ec2::/32", AddressClass.FORBIDDEN, "a cloud metadata address"),
    ("fd20:ce::254/128", AddressClass.FORBIDDEN, "a cloud metadata address"),
    ("fc00::/7", AddressClass.LOCAL, "a private network address"),
    ("fe80::/10", AddressClass.FORBIDDEN, "a link-local address"),
    ("fec0::/10", AddressClass.FORBIDDEN, "a retired site-local address"),
    ("ff00::/8", AddressClass.FORBIDDEN, "a multicast address"),
    ("::/0", AddressClass.FORBIDDEN, "a reserved address"),
)
_ADDRESS_TABLE: Mapping[int, tuple[tuple[Network, AddressInfo], ...]] = MappingProxyType(
    {
        version: tuple(
            (ip_network(text), AddressInfo(address_class, description)) for text, address_class, description in rows
        )
        for version, rows in ((4, _V4), (6, _V6))
    }
)
MAPPED = IPv6Network("::ffff:0:0/96")
# ISATAP (RFC 5214) embeds an IPv4 address after these 32 bits, under any prefix. A NAT64 with a prefix of its own looks
# like a public address; RFC 6052 requires the translator itself to refuse private targets.
_ISATAP_MARKS = frozenset({0x0000_5EFE, 0x0200_5EFE})
_ISATAP = AddressInfo(AddressClass.FORBIDDEN, "an IPv4 address in disguise (ISATAP)")

# fmt: off
FORBIDDEN_PORTS = frozenset({
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103,
    104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514,
    515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723,
    2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
})
# fmt: on

# Services that often accept any client of a local network. No credential type is for them.
DATA_PORTS: Mapping[int, str] = MappingProxyType(
    {
        1433: "SQL Server",
        1521: "Oracle Database",
        2375: "the Docker API",
        2376: "the Docker API",
        2379: "etcd",
        2380: "etcd",
        3306: "MySQL",
        33060: "MySQL",
        5432: "PostgreSQL",
        5984: "CouchDB",
        6379: "Redis",
        6432: "PgBouncer",
        7474: "Neo4j",
        7687: "Neo4j",
        9042: "Cassandra",
        9200: "Elasticsearch",
        9300: "Elasticsearch",
        10250: "the Kubernetes kubelet",
        11211: "memcached",
        26257: "CockroachDB",
        27017: "MongoDB",
        27018: "MongoDB",
        27019: "MongoDB",
        50000: "Db2",
    }
)


def parse_address(text: str) -> Address | None:
    """Parse an address literal (an IPv6 zone is dropped, IPv4-mapped is unwrapped); None when it is a name."""
    try:
        return unwrap_mapped(ip_address(text.partition("%")[0]))
    except ValueError:
        return None


def unwrap_mapped(address: Address) -> Address:
    """The IPv4 address inside an IPv4-mapped one (the kernel connects to exactly that), any other unchanged."""
    if isinstance(address, IPv6Address) and address in MAPPED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def classify(address: Address) -> AddressInfo:
    """The class and description of one address; an IPv4-mapped IPv6 address counts as its IPv4 address."""
    address = unwrap_mapped(address)
    if isinstance(address, IPv6Address) and int(address) >> 32 & 0xFFFF_FFFF in _ISATAP_MARKS:
        return _ISATAP
    # The last row of each table matches every address, so there always is a first match.
    return next(info for network, info in _ADDRESS_TABLE[address.version] if address in network)
