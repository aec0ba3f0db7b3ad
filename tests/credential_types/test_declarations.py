"""The declarations themselves: what each type asks for, what is secret, what the list may show."""

import importlib
import pkgutil
from types import ModuleType
from typing import Any

import pytest

import credstore.credential_types
import credstore.credential_types.llm.providers
from credstore.credential_types import CREDENTIAL_TYPES, Choice, ConfigKey, CredentialType, Field, by_slug
from credstore.credential_types.llm.providers import PROVIDERS, Provider

FIELDS = {
    "llm": ["provider_type", "api_key", "base_url", "organization_id", "test_control"],
    "telegram": ["bot_token"],
    "git": ["extra_config"],
    "tool": ["extra_config"],
}
SECRETS = {"llm": ["api_key"], "telegram": ["bot_token"], "git": ["extra_config"], "tool": ["extra_config"]}
REQUIRED = {"llm": ["provider_type"], "telegram": ["bot_token"], "git": ["extra_config"], "tool": ["extra_config"]}


@pytest.mark.spec("The platform supports four credential types:")
@pytest.mark.spec("Type (required) -- Select from LLM, Telegram, Git, or Tool")
def test_there_are_four_types_in_this_order() -> None:
    assert [kind.label for kind in CREDENTIAL_TYPES] == ["LLM", "Telegram", "Git", "Tool"]


@pytest.mark.spec("LLM LLM provider API access Provider type, API key, base URL, organization ID")
def test_llm_has_the_fields_of_its_row() -> None:
    kind = by_slug("llm")
    assert kind is not None
    assert kind.summary == "LLM provider API access"
    labels = [f.label.lower() for f in kind.fields]
    assert labels[:-1] == ["provider type", "api key", "base url", "organization id"]
    assert labels[-1] == "test method", "how it is tested is a setting of ours, after the fields of the row"


@pytest.mark.spec("Telegram Telegram bot authentication Bot token")
def test_telegram_has_the_field_of_its_row() -> None:
    kind = by_slug("telegram")
    assert kind is not None
    assert (kind.summary, [f.label for f in kind.fields]) == ("Telegram bot authentication", ["Bot Token"])


@pytest.mark.spec("Git Git repository access (Configured via Extra Config)")
def test_git_is_configured_via_extra_config() -> None:
    kind = by_slug("git")
    assert kind is not None
    assert (kind.summary, [f.label for f in kind.fields]) == ("Git repository access", ["Extra Config"])


@pytest.mark.spec("Tool Tool-specific credentials (Configured via Extra Config)")
def test_tool_is_configured_via_extra_config() -> None:
    kind = by_slug("tool")
    assert kind is not None
    assert (kind.summary, [f.label for f in kind.fields]) == ("Tool-specific credentials", ["Extra Config"])


@pytest.mark.spec("Bot Token -- Your Telegram bot token from @BotFather (masked as a password field)")
def test_the_bot_token_says_where_it_comes_from() -> None:
    (token,) = by_slug("telegram").fields  # type: ignore[union-attr]
    assert token.secret
    assert "Your Telegram bot token from @BotFather" in token.hint


@pytest.mark.parametrize("kind", CREDENTIAL_TYPES, ids=lambda kind: kind.slug)
def test_each_type_declares_its_fields_secrets_and_requirements(kind: type[CredentialType]) -> None:
    assert [field.name for field in kind.fields] == FIELDS[kind.slug]
    assert [field.name for field in kind.secret_fields()] == SECRETS[kind.slug]
    assert [field.name for field in kind.fields if field.required] == REQUIRED[kind.slug]


@pytest.mark.parametrize("kind", CREDENTIAL_TYPES, ids=lambda kind: kind.slug)
def test_what_binds_a_secret_is_public(kind: type[CredentialType]) -> None:
    assert not [field.name for field in kind.fields if field.binds and field.secret]


@pytest.mark.spec("Credential detail shown in the table is limited to non-sensitive metadata (provider type, base URL)")
@pytest.mark.parametrize("kind", CREDENTIAL_TYPES, ids=lambda kind: kind.slug)
def test_the_detail_shows_nothing_but_provider_type_and_base_url(kind: type[CredentialType]) -> None:
    public = {field.name: f"<{field.name}>" for field in kind.fields if not field.secret}
    assert set(kind.detail(public)) <= {"<provider_type>", "<base_url>"}


@pytest.mark.spec('Detail Provider type for LLM credentials (e.g., "openai_compatible")')
def test_the_detail_of_an_llm_credential_begins_with_its_provider_type() -> None:
    kind = by_slug("llm")
    assert kind is not None
    assert kind.detail({"provider_type": "openai_compatible", "organization_id": "org-1"}) == ("openai_compatible",)
    shown = kind.detail({"base_url": "http://127.0.0.1:11434/v1", "provider_type": "openai_compatible"})
    assert shown == ("openai_compatible", "http://127.0.0.1:11434/v1")


@pytest.mark.spec("Provider Type -- Choose from:")
def test_the_provider_types_are_choices_of_the_form() -> None:
    field = by_slug("llm").fields[0]  # type: ignore[union-attr]
    shown = [(choice.value, choice.label) for choice in field.choices()]
    assert shown[:2] == [("openai", "OpenAI"), ("anthropic", "Anthropic")]
    assert ("openai_compatible", "OpenAI Compatible") in shown
    assert [value for value, _ in shown] == [provider.slug for provider in PROVIDERS]


def test_only_llm_needs_a_test_button_of_the_specification() -> None:
    assert by_slug("llm").testable  # type: ignore[union-attr]


@pytest.mark.parametrize("slug", ["", "LLM", "llm ", "unknown", "kind"])
def test_an_unknown_type_is_none(slug: str) -> None:
    assert by_slug(slug) is None


@pytest.mark.parametrize("misspelt", ["secrett", "require", "bind", "maxlength"])
def test_a_misspelt_property_of_a_field_is_a_type_error(misspelt: str) -> None:
    options: dict[str, Any] = {"name": "token", "label": "Token", misspelt: True}
    with pytest.raises(TypeError, match=misspelt):
        Field(**options)


@pytest.mark.parametrize("make", [Field, Choice, ConfigKey])
def test_a_declaration_takes_no_positional_arguments(make: Any) -> None:
    with pytest.raises(TypeError):
        make("token", "Token")


def test_a_declaration_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        by_slug("llm").fields[1].secret = False  # type: ignore[union-attr, misc]


def test_two_fields_of_one_name_are_refused_at_import() -> None:
    twice = (Field(name="token", label="Token", secret=True), Field(name="token", label="Token again"))
    with pytest.raises(TypeError, match="declares a field twice"):
        type("Twice", (CredentialType,), {"slug": "twice", "label": "Twice", "fields": twice})


def _declared_in(package: ModuleType, base: type) -> set[type]:
    found_modules = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    modules = [importlib.import_module(module.name) for module in found_modules]
    return {
        found
        for module in modules
        for found in vars(module).values()
        if isinstance(found, type) and issubclass(found, base) and found is not base
    }


def test_every_type_of_the_package_is_listed() -> None:
    assert _declared_in(credstore.credential_types, CredentialType) == set(CREDENTIAL_TYPES)
    assert len({kind.slug for kind in CREDENTIAL_TYPES}) == len(CREDENTIAL_TYPES)


def test_every_provider_of_the_package_is_listed() -> None:
    assert _declared_in(credstore.credential_types.llm.providers, Provider) == set(PROVIDERS)
    assert len({provider.slug for provider in PROVIDERS}) == len(PROVIDERS)
