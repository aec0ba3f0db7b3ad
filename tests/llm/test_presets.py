"""The base URLs that the form offers: each is a valid base URL that leads to the host or server it names."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credstore.credential_types.field_validation import clean_url
from credstore.credential_types.llm.base_urls import url_path
from credstore.credential_types.llm.declaration import Llm
from credstore.credential_types.llm.hosts import HOSTS, SERVERS, base_url_presets, host_of
from credstore.credential_types.llm.hosts.base import wildcards
from credstore.errors import InvalidFields
from credstore.probe import Outcome

PRESETS = base_url_presets()
TO_REPLACE = re.compile(r"<([^<>]+)>")
COMPLETE = tuple(preset for preset in PRESETS if not TO_REPLACE.search(preset[0]))
INCOMPLETE = tuple(preset for preset in PRESETS if TO_REPLACE.search(preset[0]))


@pytest.mark.parametrize(("url", "name"), COMPLETE)
def test_a_preset_is_stored_as_it_is_and_leads_where_it_says(url: str, name: str) -> None:
    stored = clean_url(url)
    assert stored == url
    host = host_of(stored)
    if host is None:
        assert name in {f"{server.name} on this machine" for server in SERVERS}
        assert url.startswith("http://127.0.0.1:")
    else:
        assert host.name == name
        assert host.path_values(url_path(stored)) is not None


@pytest.mark.parametrize(("url", "name"), INCOMPLETE)
def test_a_preset_with_parts_to_replace_is_refused_until_they_are(url: str, name: str) -> None:
    with pytest.raises(InvalidFields) as refused:
        Llm.clean({"provider_type": "openai_compatible", "api_key": "sk-1234567890", "base_url": url})
    assert "angle brackets" in refused.value.fields["base_url"]
    own = TO_REPLACE.sub("acme-prod", url)
    host = host_of(clean_url(own))
    assert host is not None
    assert host.name == name
    assert host.path_values(url_path(own)) is not None
    assert Llm.clean({"provider_type": "openai_compatible", "base_url": own})["base_url"] == own


WAYS_TO_LEAVE_A_NAME: dict[str, Callable[[str], str]] = {
    "bare": str,
    "capitals": lambda name: name.upper(),
    "your": lambda name: f"your-{name}",
    "YOUR": lambda name: f"YOUR-{name.upper()}",
    "your, short": lambda name: f"YOUR-{name.rpartition('-')[0].upper()}",
    "underscores": lambda name: f"your_{name.replace('-', '_')}",
    "encoded": lambda name: f"%3C{name}%3E",
    "braces": lambda name: "%7B" + name + "%7D",
    "shell": lambda name: f"$%7B{name.upper()}%7D",
    "variable": lambda name: f"${name.upper()}",
}


@given(st.data())
def test_no_key_is_sent_where_a_part_of_a_preset_was_not_replaced(data: st.DataObject) -> None:
    """For every preset, in whatever way a part of it is left: the form refuses it, and a stored one sends nothing."""
    url, _ = data.draw(st.sampled_from(INCOMPLETE))
    names = TO_REPLACE.findall(url)
    left, way = data.draw(st.sampled_from(names)), data.draw(st.sampled_from(sorted(WAYS_TO_LEAVE_A_NAME)))
    fill = {name: WAYS_TO_LEAVE_A_NAME[way](name) if name == left else "acme-prod" for name in names}
    typed = TO_REPLACE.sub(lambda found: fill[found[1]], url)
    values = {"provider_type": "openai_compatible", "api_key": "sk-1234567890", "base_url": typed}
    with pytest.raises(InvalidFields) as refused:
        Llm.clean(values)
    assert set(refused.value.fields) == {"base_url"}
    for probe in (Llm.probe(values), Llm.completion(values, "m")):
        with pytest.raises(StopIteration) as ended:
            next(probe)
        assert ended.value.value.outcome is Outcome.CANNOT_TELL


@pytest.mark.parametrize(
    "base",
    [
        "https://static.88.99.1.2.clients.your-server.de/v1",
        "https://api.openai.com/v1",
        "http://127.0.0.1:11434/v1",
        "https://gateway.example.com/account/resource/v1",
        "https://gateway.ai.cloudflare.com/v1/0123456789abcdef/gateway/compat",
    ],
)
def test_real_names_that_look_a_little_alike_pass(base: str) -> None:
    assert Llm.clean({"provider_type": "openai_compatible", "base_url": base})["base_url"] == base


def test_every_host_that_still_works_is_offered_once_for_each_address() -> None:
    assert len({url for url, _ in PRESETS}) == len(PRESETS)
    assert {name for _, name in PRESETS} == {host.name for host in HOSTS if host.offered} | {
        f"{server.name} on this machine" for server in SERVERS
    }
    assert {host.name for host in HOSTS if not host.offered} == {"GitHub Models"}  # retired on 30 July 2026


@pytest.mark.parametrize(
    ("base", "name"),
    [
        ("https://bedrock-runtime.eu-west-1.amazonaws.com/openai/v1", "Amazon Bedrock"),
        ("https://bedrock-mantle.eu-west-1.api.aws/v1", "Amazon Bedrock (Mantle)"),
        ("https://bedrock-runtime.amazonaws.com/openai/v1", None),
        ("https://bedrock-runtime.a.b.amazonaws.com/openai/v1", None),
        ("https://bedrock-runtime.eu-west-1.amazonaws.com.evil.example/openai/v1", None),
        ("https://evil.bedrock-runtime.eu-west-1.amazonaws.com/openai/v1", None),
        ("https://acme.services.ai.azure.com/openai/v1", "Azure AI Foundry"),
        ("https://services.ai.azure.com/openai/v1", None),
        ("https://router.huggingface.co.example/v1", None),
    ],
)
def test_a_region_is_one_label_of_the_name(base: str, name: str | None) -> None:
    host = host_of(base)
    assert (host and host.name) == name


PART = st.text("abc*", max_size=3)


@given(st.lists(PART, min_size=1, max_size=4), st.lists(PART, min_size=1, max_size=4))
def test_a_wildcard_stands_for_exactly_one_part_that_is_not_empty(pattern: list[str], text: list[str]) -> None:
    found = wildcards(".".join(pattern), ".".join(text), ".")
    fits = len(pattern) == len(text) and all(p == t if p != "*" else t for p, t in zip(pattern, text, strict=True))
    assert (found is not None) == fits
    if found is not None:
        assert list(found) == [t for p, t in zip(pattern, text, strict=True) if p == "*"]
