"""Declares the LLM credential type: access to one provider's API. What differs by provider lives in `providers`."""

from collections.abc import Collection
from typing import ClassVar

from credstore.credential_types.base import Choice, CredentialType, Field, Values
from credstore.credential_types.llm import providers
from credstore.credential_types.llm.hosts import base_url_presets
from credstore.credential_types.llm.placeholders import part_to_replace
from credstore.probe import Outcome, Probe, Verdict, openness_of, probe_without_requests

WITHOUT_CONTROL = "without"


def provider_choices() -> tuple[Choice, ...]:
    """The providers of the form, in the order of `PROVIDERS`."""
    return tuple(
        # What a class says of itself: a provider like another one is not for that one's API.
        Choice(value=one.slug, label=one.label, about=vars(one).get("about", ""))
        for one in providers.PROVIDERS
    )


def _with_required_key() -> tuple[str, ...]:
    return tuple(provider.slug for provider in providers.PROVIDERS if provider.key_required)


def _without_own_url() -> tuple[str, ...]:
    return tuple(provider.slug for provider in providers.PROVIDERS if provider.base_url is None)


def _with_organization() -> tuple[str, ...]:
    offered = (one for one in providers.PROVIDERS if one.takes_organization and one.offers_organization)
    return tuple(provider.slug for provider in offered)


def control_choices() -> tuple[Choice, ...]:
    """Whether a test may send made-up keys. The first one is what an empty value means."""
    return (
        Choice(value="", label="With made-up keys"),
        Choice(value=WITHOUT_CONTROL, label="Without made-up keys (never Verified)"),
    )


def known_base_urls() -> tuple[Choice, ...]:
    """The base URLs that the form offers, each with the name of who answers there."""
    return tuple(Choice(value=url, label=name) for url, name in base_url_presets())


class Llm(CredentialType):
    slug: ClassVar[str] = "llm"
    label: ClassVar[str] = "LLM"
    summary: ClassVar[str] = "LLM provider API access"
    fields: ClassVar[tuple[Field, ...]] = (
        Field(
            name="provider_type",
            label="Provider Type",
            required=True,
            binds=True,
            form="choice",
            choices=provider_choices,
        ),
        Field(
            name="api_key",
            label="API Key",
            secret=True,
            max_length=4000,
            required_with=_with_required_key,
            hint="Your provider's API key. A local server may need none.",
        ),
        Field(
            name="base_url",
            label="Base URL",
            form="url",
            max_length=2048,
            required_with=_without_own_url,
            hint="Override the default API endpoint. Useful for OpenAI-compatible providers that use a custom URL. "
            "OpenAI Compatible needs it, usually ending in /v1. Type a provider's name to choose its URL.",
            placeholder="https://api.example.com/v1",
            suggestions=known_base_urls,
        ),
        Field(
            name="organization_id",
            label="Organization ID",
            binds=True,
            max_length=200,
            offered_with=_with_organization,
            hint="For OpenAI organization-scoped access.",
            placeholder="org-…",
        ),
        Field(
            name="test_control",
            label="Test Method",
            form="choice",
            choices=control_choices,
            advanced=True,
            hint="Made-up keys prove that the server checks keys. A strict server may lock an address out for them.",
        ),
    )

    @classmethod
    def validate(cls, values: Values, held: Collection[str]) -> dict[str, str]:
        provider = providers.by_slug(values["provider_type"])
        if provider is None:
            return {"provider_type": "Choose one of the listed options."}
        wrong: dict[str, str] = {}
        if provider.key_required and "api_key" not in held:
            wrong["api_key"] = f"{provider.label} needs an API key."
        if provider.base_url is None and not values.get("base_url"):
            wrong["base_url"] = f"{provider.label} needs the URL of the server, usually ending in /v1."
        elif part := part_to_replace(values.get("base_url", "")):
            wrong["base_url"] = _replace_sentence(part)
        organization = values.get("organization_id", "")
        if organization and not provider.takes_organization:
            wrong["organization_id"] = f"{provider.label} has no organization header. Leave this empty."
        elif not organization.isascii() or " " in organization:
            wrong["organization_id"] = "An organization ID has no spaces and only plain ASCII characters."
        return wrong

    @classmethod
    def detail(cls, public: Values) -> tuple[str, ...]:
        return tuple(filter(None, (public.get("provider_type"), public.get("base_url"))))

    @classmethod
    def destination(cls, public: Values) -> str | None:
        provider = providers.by_slug(public.get("provider_type", ""))
        return public.get("base_url") or (provider.base_url if provider else None)

    @classmethod
    def probe(cls, values: Values) -> Probe:
        return _no_destination(values) or _provider(values).probe(cls._access(values))

    @classmethod
    def completion(cls, values: Values, model: str, *, other_limit: bool = False) -> Probe:
        return _no_destination(values) or _provider(values).completion(
            cls._access(values), model, other_limit=other_limit
        )

    @classmethod
    def _access(cls, values: Values) -> providers.Access:
        return providers.Access(
            api_key=values.get("api_key", ""),
            base_url=cls.destination(values) or "",
            organization_id=values.get("organization_id", ""),
            openness=openness_of(values.get("host_openness", "")),
            key_proven=bool(values.get("key_proven")),
            control=values.get("test_control") != WITHOUT_CONTROL,
        )


def _replace_sentence(part: str) -> str:
    return f"Replace “{part}” in this URL with your own value."


def _no_destination(values: Values) -> Probe | None:
    """A probe that sends nothing where a stored base URL has a part to replace; None where it has none."""
    part = part_to_replace(values.get("base_url", ""))
    if not part:
        return None
    reason = f"The base URL has “{part}” in it, which stands for a value of your own. Nothing was sent."
    return probe_without_requests(
        Verdict(outcome=Outcome.CANNOT_TELL, reason=reason, advice="Edit this credential and replace it.")
    )


def _provider(values: Values) -> type[providers.Provider]:
    provider = providers.by_slug(values["provider_type"])
    if provider is None:
        raise LookupError("unknown provider")  # `clean` refused it; only a row edited in SQL comes here
    return provider
