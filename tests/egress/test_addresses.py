"""The address table, row by row; the expected answers are written out, never computed by `ipaddress`."""

from ipaddress import ip_address

import pytest

from credstore.egress.address_table import AddressClass, classify, parse_address

PUBLIC = ["1.1.1.1", "8.8.8.8", "11.0.0.1", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.1"]
PUBLIC += ["168.63.129.15", "169.253.255.255", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0"]
PUBLIC += ["198.17.255.255", "198.20.0.0", "223.255.255.255", "2606:4700::1111", "2a00:1450::1", "2001:200::1"]
PUBLIC += ["2001:4860:4860::8888", "2400::1", "::ffff:8.8.8.8"]
LOOPBACK = ["127.0.0.1", "127.255.255.254", "127.0.0.0", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1"]
LOCAL = ["10.0.0.0", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255"]
LOCAL += ["100.64.0.0", "100.127.255.255", "fc00::1", "fd00::1", "fdff::1", "::ffff:10.0.0.1", "fd20:ce::253"]
METADATA = ["169.254.169.254", "169.254.170.2", "fd00:ec2::254", "fd00:ec2:ffff::1", "100.100.100.200"]
METADATA += ["168.63.129.16", "192.0.0.192", "fd20:ce::254", "::ffff:169.254.169.254", "::ffff:a9fe:a9fe"]
DISGUISED = ["::127.0.0.1", "::7f00:1", "::ffff:0:127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b::8.8.8.8"]
DISGUISED += ["2a00::5efe:10.0.0.1", "2a00::200:5efe:127.0.0.1", "fd00::5efe:8.8.8.8"]
DISGUISED += ["64:ff9b:1::a00:1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:0:7f00:1::", "2001::1", "::2", "::ffff"]
UNUSABLE = ["0.0.0.0", "0.1.2.3", "::", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "ff02::1"]
UNUSABLE += ["ff0e::1", "192.0.0.1", "192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "198.19.255.255"]
UNUSABLE += ["192.88.99.1", "fe80::1", "febf::1", "fec0::1", "feff::1", "2001:db8::1", "3fff::1", "5f00::1", "100::1"]
UNUSABLE += ["2001:2::1", "2001:10::1", "2001:20::1", "4000::1", "8000::1", "fe00::1", "f000::1", "1000::1"]

TABLE = [
    *((text, AddressClass.PUBLIC) for text in PUBLIC),
    *((text, AddressClass.LOOPBACK) for text in LOOPBACK),
    *((text, AddressClass.LOCAL) for text in LOCAL),
    *((text, AddressClass.FORBIDDEN) for text in METADATA + DISGUISED + UNUSABLE),
]


@pytest.mark.parametrize(("text", "reach"), TABLE)
def test_every_address_has_the_reach_that_the_table_says(text: str, reach: AddressClass) -> None:
    assert classify(ip_address(text)).address_class is reach


def test_the_middle_words_of_isatap_count_in_their_place_only() -> None:
    """The price of knowing ISATAP by its mark: one public address in two thousand million is refused."""
    assert classify(ip_address("2a00::5efe:0:1:2")).address_class is AddressClass.PUBLIC
    assert classify(ip_address("2a00::1:5efe:1:2")).address_class is AddressClass.PUBLIC


def test_a_nat64_with_a_prefix_of_its_own_looks_public() -> None:
    """Written down because it is a limit: nothing in the address tells; the translator must refuse private targets."""
    assert classify(ip_address("2a00:64::10.0.0.1")).address_class is AddressClass.PUBLIC


def test_an_ipv6_zone_cannot_hide_a_link_local_address() -> None:
    address = parse_address("fe80::1%eth0")
    assert address is not None
    assert classify(address).address_class is AddressClass.FORBIDDEN


def test_a_mapped_address_is_the_ipv4_address_inside_it() -> None:
    assert str(parse_address("::ffff:192.168.1.5")) == "192.168.1.5"


@pytest.mark.parametrize("name", ["localhost", "example.com", "127.1", "0x7f000001", "2130706433", "", "[::1]"])
def test_a_name_is_not_an_address(name: str) -> None:
    assert parse_address(name) is None
