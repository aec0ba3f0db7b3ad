"""Reading CREDSTORE_EGRESS_ALLOW: what is malformed is refused at start, with the setting and the item named."""

import pytest

from credstore.egress import Policy
from credstore.errors import ConfigError

MALFORMED = ["10.0.0.0/33", "10.0.0.1/8", "10.0.0/8", "fd00::/129", "gpu.lan", "gpu.lan:", "gpu.lan:http", "gpu.lan:0"]
MALFORMED += ["gpu.lan:70000", ":8000", "[fd00::1]", "[fd00::1]:", "[nonsense]:80", "http://gpu.lan:80", "a b:80"]
MALFORMED += [
    "user@gpu.lan:80",
    "*",
    "*.lan:80",
    "127.1:80",
    "gpu.lan:80/x",
    "gpu.lan:\uff18\uff10",
    "gpu.lan:-1",
    "%:80",
]
INEFFECTIVE = ["169.254.169.254", "169.254.0.0/16", "fe80::/10", "224.0.0.0/4", "169.254.169.254:80", "[fe80::1]:80"]
INEFFECTIVE += ["0.0.0.0", "box.lan:22", "64:ff9b::/96", "::ffff:10.0.0.0/104"]


@pytest.mark.parametrize("item", MALFORMED + INEFFECTIVE)
def test_a_malformed_item_is_named(item: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Policy.parse(["10.0.0.0/8", item], loopback_open=True)
    assert "CREDSTORE_EGRESS_ALLOW" in caught.value.sentence
    assert f"“{item}”" in caught.value.sentence
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("allow", [[], [""], ["", " "], [" 10.0.0.0/8 ", "[fd00::1]:8000", "fd00::/8", "gpu.lan:8000"]])
def test_blank_items_and_spaces_are_harmless(allow: list[str]) -> None:
    Policy.parse(allow, loopback_open=False)


@pytest.mark.parametrize("item", ["bücher.lan:8000", "XN--BCHER-KVA.lan:8000"])
def test_an_international_name_is_the_punycode_that_the_url_carries(item: str) -> None:
    Policy.parse([item], loopback_open=False).judge("http", "xn--bcher-kva.lan", 8000, "10.0.0.1")
