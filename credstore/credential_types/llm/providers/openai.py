"""OpenAI: Bearer key, optional organization header, `GET /models`; at a known host that host's own check."""

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from credstore.credential_types.llm.api_requests import ORGANIZATION, LlmApi, for_known_host
from credstore.credential_types.llm.base_urls import sibling_base_urls, url_origin
from credstore.credential_types.llm.key_check import check_key
from credstore.credential_types.llm.providers.base import Access, Provider
from credstore.credential_types.llm.try_completion import try_completion
from credstore.probe import Probe

OWN_ORIGIN = "https://api.openai.com"


def bearer(organization_id: str, key: str) -> Mapping[str, str]:
    """The headers of OpenAI's dialect; no Authorization at all without a key."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return headers | ({ORGANIZATION: organization_id} if organization_id else {})


class OpenAI(Provider):
    slug: ClassVar[str] = "openai"
    label: ClassVar[str] = "OpenAI"
    about: ClassVar[str] = "For OpenAI's API"
    base_url: ClassVar[str | None] = "https://api.openai.com/v1"
    takes_organization: ClassVar[bool] = True
    offers_organization: ClassVar[bool] = True

    @classmethod
    def probe(cls, access: Access) -> Probe:
        return check_key(cls._api(access), access.api_key, access.knowledge)

    @classmethod
    def completion(cls, access: Access, model: str, *, other_limit: bool = False) -> Probe:
        return try_completion(cls._api(access), access.api_key, model, other_limit=other_limit)

    @classmethod
    def _api(cls, access: Access) -> LlmApi:
        base = access.base_url.rstrip("/")
        api = LlmApi(
            base=base,
            listing=f"{base}/models",
            completion=f"{base}/chat/completions",
            headers=partial(bearer, access.organization_id),
            listing_at=lambda root: f"{root}/models",
            siblings=sibling_base_urls(base),
            vendor_name=cls.label if base == cls.base_url else "",
            known_vendor=base == cls.base_url,
            # OpenAI's newer models refuse "max_tokens"; all take the other name. Source: OpenAI's API reference.
            limit_name="max_completion_tokens" if url_origin(base) == OWN_ORIGIN else "max_tokens",
        )
        return for_known_host(api)
