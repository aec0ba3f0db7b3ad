"""What each LLM vendor's form demands: a key, a base URL, an organization, and where the secret is bound to."""

import pytest

from credstore.credential_types.llm.declaration import Llm
from credstore.errors import InvalidFields

KEY = "sk-proj-ABCdef123"
LOCAL = "http://127.0.0.1:11434/v1"


def faults(values: dict[str, str], kept: tuple[str, ...] = ()) -> set[str]:
    try:
        Llm.clean(values, kept)
    except InvalidFields as refusal:
        return set(refusal.fields)
    return set()


@pytest.mark.spec("OpenAI -- For OpenAI's API")
@pytest.mark.spec("Anthropic -- For Anthropic's Claude API")
@pytest.mark.spec("Base URL (optional) -- Override the default API endpoint.")
@pytest.mark.spec(
    "OpenAI Compatible -- For any provider with an OpenAI-compatible API (e.g., local models, Venice.ai, Together AI)"
)
@pytest.mark.parametrize(
    ("provider", "values", "wrong"),
    [
        ("openai", {"api_key": KEY}, set()),
        ("openai", {"api_key": KEY, "base_url": LOCAL}, set()),
        ("openai", {}, {"api_key"}),
        ("openai", {"base_url": LOCAL}, {"api_key"}),
        ("anthropic", {"api_key": KEY}, set()),
        ("anthropic", {"api_key": KEY, "base_url": "https://proxy.example.com/v1"}, set()),
        ("anthropic", {}, {"api_key"}),
        ("openai_compatible", {"base_url": LOCAL}, set()),
        ("openai_compatible", {"base_url": LOCAL, "api_key": KEY}, set()),
        ("openai_compatible", {"api_key": KEY}, {"base_url"}),
        ("openai_compatible", {}, {"base_url"}),
    ],
)
def test_key_and_base_url_are_asked_for_where_they_are_needed(
    provider: str, values: dict[str, str], wrong: set[str]
) -> None:
    assert faults({"provider_type": provider, **values}) == wrong


@pytest.mark.spec("Organization ID (optional) -- For OpenAI organization-scoped access")
@pytest.mark.parametrize(
    ("provider", "organization", "wrong"),
    [
        ("openai", "", set()),
        ("openai", "org-ABC123", set()),
        ("openai_compatible", "org-ABC123", set()),
        ("anthropic", "org-ABC123", {"organization_id"}),
        ("openai", "org ABC", {"organization_id"}),
        ("openai", "org-é", {"organization_id"}),
        ("openai", "org-1\r\nX-Evil: 1", {"organization_id"}),
        ("openai", "org-\u00a0x", {"organization_id"}),
    ],
)
def test_an_organization_only_where_it_is_sent(provider: str, organization: str, wrong: set[str]) -> None:
    values = {"provider_type": provider, "api_key": KEY, "base_url": LOCAL, "organization_id": organization}
    assert faults(values) == wrong


def test_a_kept_key_counts_as_a_key() -> None:
    assert faults({"provider_type": "openai"}, kept=("api_key",)) == set()


@pytest.mark.parametrize("provider", ["", "OpenAI", "openai ", "openai\0", "google"])
def test_a_provider_that_is_not_offered_is_refused(provider: str) -> None:
    assert faults({"provider_type": provider, "api_key": KEY}) == (
        set() if provider == "openai " else {"provider_type"}
    )


def test_the_base_url_is_stored_in_one_spelling() -> None:
    values = {"provider_type": "openai", "api_key": KEY, "base_url": " HTTPS://API.Example.com:443/v1/ "}
    assert Llm.clean(values)["base_url"] == "https://api.example.com/v1"


@pytest.mark.parametrize(
    ("public", "dest"),
    [
        ({"provider_type": "openai"}, "https://api.openai.com/v1"),
        ({"provider_type": "anthropic"}, "https://api.anthropic.com"),
        ({"provider_type": "openai", "base_url": LOCAL}, LOCAL),
        ({"provider_type": "openai_compatible", "base_url": LOCAL}, LOCAL),
        ({"provider_type": "openai_compatible"}, None),
        ({"provider_type": "unknown"}, None),
        ({}, None),
    ],
)
def test_the_destination_of_a_secret(public: dict[str, str], dest: str | None) -> None:
    assert Llm.destination(public) == dest


@pytest.mark.parametrize(
    "other",
    [
        {"provider_type": "openai_compatible"},
        {"base_url": "http://127.0.0.1:11434"},
        {"organization_id": "org-2"},
        {"organization_id": ""},
    ],
)
def test_provider_destination_and_organization_bind_the_secret(other: dict[str, str]) -> None:
    public = {"provider_type": "openai", "base_url": LOCAL, "organization_id": "org-1"}
    changed = {name: value for name, value in (public | other).items() if value}
    assert Llm.sealed_context(changed) != Llm.sealed_context(public)


def test_a_row_edited_in_sql_to_an_unknown_provider_has_no_probe() -> None:
    with pytest.raises(LookupError):
        Llm.probe({"provider_type": "unknown"})
