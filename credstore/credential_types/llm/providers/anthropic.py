"""Anthropic: `x-api-key` (also behind a custom base URL), `GET /v1/models`. Its base URL has no /v1.

A known host of another vendor may take keys in another header only: a refusal there never counts against the key.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from credstore.credential_types.llm import base_urls, comparison_verdicts
from credstore.credential_types.llm.api_requests import LlmApi, with_host_check
from credstore.credential_types.llm.hosts import Host, host_of
from credstore.credential_types.llm.hosts.base import wildcards
from credstore.credential_types.llm.key_check import check_key
from credstore.credential_types.llm.model_lists import MOST_NAMES
from credstore.credential_types.llm.providers.base import Access, Provider
from credstore.credential_types.llm.providers.openai import bearer
from credstore.credential_types.llm.try_completion import try_completion
from credstore.probe import Outcome, Probe

VERSION = "2023-06-01"


def headers(key: str) -> Mapping[str, str]:
    return {"anthropic-version": VERSION} | ({"x-api-key": key} if key else {})


class Anthropic(Provider):
    slug: ClassVar[str] = "anthropic"
    label: ClassVar[str] = "Anthropic"
    about: ClassVar[str] = "For Anthropic's Claude API"
    base_url: ClassVar[str | None] = "https://api.anthropic.com"

    @classmethod
    def probe(cls, access: Access) -> Probe:
        api, other_host = cls._api(access)
        probe = check_key(api, access.api_key, access.knowledge)
        return _not_sure_of_refusal(probe, other_host, base_urls.url_origin(api.base)) if other_host else probe

    @classmethod
    def completion(cls, access: Access, model: str, *, other_limit: bool = False) -> Probe:
        api, other_host = cls._api(access)
        probe = try_completion(api, access.api_key, model, other_limit=other_limit)
        return _not_sure_of_refusal(probe, other_host, base_urls.url_origin(api.base)) if other_host else probe

    @classmethod
    def _api(cls, access: Access) -> tuple[LlmApi, Host | None]:
        """How this base URL is asked, and the known host of another vendor that may take keys in another way only."""
        base = access.base_url.rstrip("/")
        root, cut = base.removesuffix("/v1"), base_urls.without_endpoint(base)
        host = host_of(root)
        api = LlmApi(
            base=root,
            listing=f"{root}/v1/models?limit={MOST_NAMES}",
            completion=f"{root}/v1/messages",
            headers=headers,
            listing_at=lambda other: f"{other}/v1/models?limit={MOST_NAMES}",
            siblings=(cut.removesuffix("/v1"),) if cut != base else (),
            vendor_name=cls.label if root == cls.base_url else host.name if host else "",
            known_vendor=root == cls.base_url or host is not None,
            public_listing=host is not None and host.public_listing,
        )
        path = base_urls.url_path(root)
        if host is None or any(wildcards(mine, path, "/") is not None for mine in host.anthropic_itself):
            return api, None
        if path in host.anthropic:
            own = replace(api, headers=lambda key: bearer("", key), siblings=())
            own = replace(own, completion=f"{base_urls.url_origin(root)}{host.bases[0]}/chat/completions")
            return with_host_check(host, own), None
        return api, host


def _not_sure_of_refusal(probe: Probe, host: Host, origin: str) -> Probe:
    verdict = yield from probe
    if verdict.outcome is not Outcome.REJECTED:
        return verdict
    return comparison_verdicts.wrong_dialect(host.name, host.base_url_at(origin), verdict)
