"""What the policy allows and refuses, and that following the advice of a refusal works."""

import pytest

from credstore.egress import Policy
from credstore.errors import Blocked

CLOSED = Policy.parse([], loopback_open=False)
OPEN = Policy.parse([], loopback_open=True)
EVERYTHING = Policy.parse(["0.0.0.0/0", "::/0"], loopback_open=True)
PRIVATE = ["10.1.2.3", "172.16.0.1", "192.168.1.5", "100.64.0.1", "fd12::1"]
NEVER = ["169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fe80::1"]
NEVER += ["0.0.0.0", "::", "224.0.0.1", "255.255.255.255", "64:ff9b::a00:1", "2002:a00:1::", "::7f00:1", "fec0::1"]


def refusal(policy: Policy, scheme: str, host: str, port: int, address: str | None = None) -> Blocked:
    with pytest.raises(Blocked) as caught:
        policy.judge(scheme, host, port, address or host)
    return caught.value


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_loopback_is_open_exactly_when_the_app_says_so(address: str) -> None:
    OPEN.judge("http", "localhost", 11434, address)
    assert "CREDSTORE_EGRESS_ALLOW=localhost:11434" in refusal(CLOSED, "http", "localhost", 11434, address).advice


@pytest.mark.parametrize("address", PRIVATE)
def test_private_ranges_are_closed_even_when_loopback_is_open(address: str) -> None:
    refusal(OPEN, "https", address, 443)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", *PRIVATE])
@pytest.mark.parametrize("port", [11434, 5432])
def test_the_advice_of_a_refusal_opens_that_door(address: str, port: int) -> None:
    advice = refusal(CLOSED, "http", address, port).advice
    value = advice.removeprefix("Set CREDSTORE_EGRESS_ALLOW=").removesuffix(" and restart.")
    Policy.parse([value], loopback_open=False).judge("http", address, port, address)


def test_the_advice_does_not_tell_to_overwrite_what_is_allowed_already() -> None:
    policy = Policy.parse(["10.0.0.0/8"], loopback_open=False)
    advice = refusal(policy, "http", "192.168.1.5", 11434).advice
    assert advice == "Add 192.168.1.5:11434 to CREDSTORE_EGRESS_ALLOW and restart."


@pytest.mark.parametrize(
    ("item", "opened", "closed"),
    [
        ("10.0.0.0/8", "10.9.9.9", "11.0.0.1"),
        ("10.1.2.3", "10.1.2.3", "10.1.2.4"),
        ("fd12::/16", "fd12::7", "fd13::7"),
        ("127.0.0.0/8", "127.0.0.1", "::1"),
    ],
)
def test_a_network_opens_its_addresses_and_no_others(item: str, opened: str, closed: str) -> None:
    policy = Policy.parse([item], loopback_open=False)
    policy.judge("http", "box.lan", 8000, opened)
    refusal(policy, "http", "box.lan", 8000, closed)


def test_a_host_and_port_open_that_name_on_that_port_only() -> None:
    policy = Policy.parse(["gpu.lan:8000"], loopback_open=False)
    policy.judge("http", "gpu.lan", 8000, "192.168.1.5")
    policy.judge("http", "GPU.lan.", 8000, "192.168.1.5")
    refusal(policy, "http", "gpu.lan", 8001, "192.168.1.5")
    refusal(policy, "http", "other.lan", 8000, "192.168.1.5")


def test_allowing_one_name_does_not_let_that_name_lead_to_metadata() -> None:
    policy = Policy.parse(["gpu.lan:8000"], loopback_open=True)
    assert refusal(policy, "http", "gpu.lan", 8000, "169.254.169.254").advice == "No setting allows it."


@pytest.mark.parametrize("item", ["192.168.1.5:8000", "[fd12::5]:8000", "[::ffff:192.168.1.5]:8000"])
def test_an_address_and_port_open_it_under_any_name(item: str) -> None:
    address = "fd12::5" if "fd12" in item else "192.168.1.5"
    Policy.parse([item], loopback_open=False).judge("http", "gpu.lan", 8000, address)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("address", NEVER)
def test_no_setting_opens_what_is_never_openable(address: str, scheme: str) -> None:
    blocked = refusal(EVERYTHING, scheme, "name.example", 443, address)
    assert blocked.advice == "No setting allows it."


@pytest.mark.parametrize("port", [22, 25, 53, 110, 143, 6000, 6667, 10080, 0, 65536])
def test_ports_of_other_protocols_are_never_called(port: int) -> None:
    assert refusal(EVERYTHING, "https", "8.8.8.8", port).advice == "No setting allows it."
    assert refusal(EVERYTHING, "http", "127.0.0.1", port).advice == "No setting allows it."


@pytest.mark.parametrize("port", [5432, 3306, 6379, 27017, 1433, 9200, 11211, 2375])
def test_database_ports_on_local_addresses_need_an_item_of_their_own(port: int) -> None:
    for address in ("127.0.0.1", "10.0.0.1"):
        blocked = refusal(EVERYTHING, "http", address, port)
        assert f"{address}:{port}" in blocked.advice
        Policy.parse([f"{address}:{port}"], loopback_open=False).judge("http", address, port, address)


def test_a_public_server_may_use_any_web_port_over_https() -> None:
    CLOSED.judge("https", "api.example.com", 9200, "8.8.8.8")


@pytest.mark.parametrize("policy", [OPEN, CLOSED, EVERYTHING])
def test_clear_text_never_goes_to_a_public_address(policy: Policy) -> None:
    blocked = refusal(policy, "http", "api.example.com", 80, "8.8.8.8")
    assert "Use https" in blocked.advice
    assert "CREDSTORE" not in blocked.advice


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.1"])
def test_the_app_itself_is_never_called(address: str) -> None:
    policy = Policy.parse(["localhost:5000", "127.0.0.0/8", "::1"], loopback_open=True, own_port=5000)
    assert refusal(policy, "http", "localhost", 5000, address).advice == "No setting allows it."
    policy.judge("http", "localhost", 5001, address)


def test_only_http_and_https_leave() -> None:
    refusal(EVERYTHING, "ftp", "10.0.0.1", 2121)


def test_a_refusal_says_where_the_name_leads() -> None:
    sentence = refusal(OPEN, "https", "box.lan", 443, "192.168.1.5").sentence
    assert sentence.startswith("box.lan leads to 192.168.1.5, a private network address")
