"""Hypothesis strategies for other spellings of an address in a URL, and an independent parser of embedded addresses."""

# ruff: noqa: RUF001 - characters that look like others are what this is about

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from hypothesis import strategies as st

# Written out, not taken from the guard's own table: what no policy without local addresses may call.
DENIED = ["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10"]
DENIED += ["0.0.0.0/8", "224.0.0.0/4", "168.63.129.16/32", "192.0.0.192/32", "255.255.255.255/32"]
DENIED_6 = [
    "::1/128",
    "fe80::/10",
    "fc00::/7",
    "fec0::/10",
    "ff00::/8",
    "fd00:ec2::254/128",
    "::/128",
    "fd20:ce::254/128",
]
NETWORKS = [ip_network(text) for text in DENIED]
NETWORKS_6 = [ip_network(text) for text in DENIED_6]

DIGITS = ["0123456789", "０１２３４５６７８９", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗", "⓪①②③④⑤⑥⑦⑧⑨", "٠١٢٣٤٥٦٧٨٩", "₀₁₂₃₄₅₆₇₈₉"]
DOTS = [".", "。", "．", "｡", "%2e", "․"]


@st.composite
def denied_v4(draw: st.DrawFn) -> IPv4Address:
    network = draw(st.sampled_from(NETWORKS))
    return IPv4Address(draw(st.integers(int(network[0]), int(network[-1]))))


@st.composite
def denied_v6(draw: st.DrawFn) -> IPv6Address:
    network = draw(st.sampled_from(NETWORKS_6))
    return IPv6Address(draw(st.integers(int(network[0]), int(network[-1]))))


@st.composite
def part(draw: st.DrawFn, value: int) -> str:
    """One number of an address in decimal, octal, hex, with zeros in front, or in digits of another script."""
    text = draw(
        st.sampled_from(
            [
                str(value),
                f"0{value:o}",
                f"0x{value:x}",
                f"0X{value:X}",
                f"000{value}",
                f"00{value:o}",
                f"0x000{value:x}",
            ]
        )
    )
    digits = draw(st.sampled_from(DIGITS))
    return "".join(digits[int(char)] if char.isascii() and char.isdigit() else char for char in text)


@st.composite
def as_numbers(draw: st.DrawFn, address: IPv4Address) -> str:
    """One to four numbers, as inet_aton reads them."""
    whole, count = int(address), draw(st.integers(1, 4))
    heads = [whole >> shift & 0xFF for shift in (24, 16, 8)][: count - 1]
    tail = whole & (1 << 8 * (4 - len(heads))) - 1
    dot = draw(st.sampled_from(DOTS))
    return dot.join([draw(part(number)) for number in [*heads, tail]]) + draw(st.sampled_from(["", "", ".", dot]))


def disguises(address: IPv4Address) -> list[IPv6Address]:
    """Every way to hide an IPv4 address in an IPv6 one that has a name."""
    low = int(address)
    return [
        IPv6Address(base)
        for base in (
            0xFFFF << 32 | low,  # mapped
            low,  # compatible
            0xFFFF << 48 | low,  # translated
            int(IPv6Address("64:ff9b::")) | low,
            int(IPv6Address("64:ff9b:1::")) | low,
            0x2002 << 112 | low << 80 | 1,  # 6to4
            0x20010000 << 96 | low ^ 0xFFFFFFFF,  # Teredo
            0x2A00 << 112 | 0x5EFE << 32 | low,  # ISATAP
        )
    ]


@st.composite
def as_v6(draw: st.DrawFn, address: IPv6Address) -> str:
    """A bracketed literal: short, long, with a dotted tail, in capitals, with a zone."""
    tail = f"{IPv6Address(int(address) >> 32 << 32).exploded[:30]}{IPv4Address(int(address) & 0xFFFFFFFF)}"
    text = draw(st.sampled_from([address.compressed, address.exploded, tail]))
    zone = draw(st.sampled_from(["", "", "%eth0", "%25eth0", "%251", "%lo", "%"]))
    return f"[{draw(st.sampled_from([text, text.upper()]))}{zone}]"


@st.composite
def hosts(draw: st.DrawFn) -> tuple[str, IPv4Address | IPv6Address]:
    """A host as somebody may type it, and the denied address that it means."""
    if draw(st.integers(0, 3)) == 0:
        six = draw(denied_v6())
        return draw(as_v6(six)), six
    address = draw(denied_v4())
    if draw(st.booleans()):
        return draw(as_numbers(address)), address
    return draw(as_v6(draw(st.sampled_from(disguises(address))))), address


@st.composite
def urls(draw: st.DrawFn) -> tuple[str, IPv4Address | IPv6Address]:
    """A URL around such a host: schemes in any case, user information, ports, things that confuse parsers."""
    host, address = draw(hosts())
    scheme = draw(st.sampled_from(["http", "https", "HTTPS", "hTTp"]))
    before = draw(st.sampled_from(["", "", "", "user@", "8.8.8.8@", "a:b@", "8.8.8.8:443@", "api.example\\@", "@"]))
    after = draw(
        st.sampled_from(["", "", ":80", ":443", ":8000", ":0443", ":٤٤٣", ":", "\\@8.8.8.8", "#@8.8.8.8", "?@8.8.8.8"])
    )
    path = draw(st.sampled_from(["", "/", "/v1", "/v1/models", "//8.8.8.8", "/..;/"]))
    return f"{scheme}://{before}{host}{after}{path}", address


def hidden_in(text: str) -> set[int]:
    """The numbers of every IPv4 address that this address is or may carry, and its own."""
    address = ip_address(text.partition("%")[0])
    whole = int(address)
    if isinstance(address, IPv4Address):
        return {whole}
    return {whole, whole & 0xFFFFFFFF, whole >> 80 & 0xFFFFFFFF, whole & 0xFFFFFFFF ^ 0xFFFFFFFF}
