"""The base URLs that the form offers: each is a valid base URL that leads to the host or server it names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credstore.credential_types.field_validation import clean_url
from credstore.credential_types.llm.base_urls import url_path
from credstore.credential_types.llm.hosts import HOSTS, SERVERS, base_url_presets, host_of
from credstore.credential_types.llm.hosts.base import wildcards

PRESETS = base_url_presets()


@pytest.mark.parametrize(("url", "name"), PRESETS)
def test_a_preset_is_stored_as_it_is_and_leads_where_it_says(url: str, name: str) -> None:
    stored = clean_url(url)
    assert stored in {url, url.lower()} or "YOUR-" in url
    host = host_of(stored)
    if host is None:
        assert name in {f"{server.name} on this machine" for server in SERVERS}
        assert url.startswith("http://127.0.0.1:")
    else:
        assert host.name == name
        assert host.path_values(url_path(stored)) is not None


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
