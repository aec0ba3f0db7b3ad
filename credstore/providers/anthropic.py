"""Anthropic: `x-api-key` (also behind a custom base URL), `GET /v1/models`. Its base URL has no /v1."""

from collections.abc import Mapping
from typing import ClassVar

from credstore.providers.base import Access, Provider
from credstore.providers.probe import Probe
from credstore.providers.protocol import Api, check_key

VERSION = "2023-06-01"


def headers(key: str) -> Mapping[str, str]:
    return {"anthropic-version": VERSION} | ({"x-api-key": key} if key else {})


class Anthropic(Provider):
    slug: ClassVar[str] = "anthropic"
    label: ClassVar[str] = "Anthropic"
    base_url: ClassVar[str | None] = "https://api.anthropic.com"

    @classmethod
    def probe(cls, access: Access) -> Probe:
        root = access.base_url.removesuffix("/v1")
        api = Api(
            listing=f"{root}/v1/models?limit=1",
            completion=f"{root}/v1/messages",
            headers=headers,
            official=cls.label if root == cls.base_url else "",
        )
        return check_key(api, access.api_key)
