"""OpenAI: Bearer key, optional organization header, `GET /models`."""

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from credstore.providers.base import Access, Provider
from credstore.providers.probe import Probe
from credstore.providers.protocol import Api, check_key


def bearer(organization_id: str, key: str) -> Mapping[str, str]:
    """The headers of OpenAI's dialect; no Authorization at all without a key."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return headers | ({"OpenAI-Organization": organization_id} if organization_id else {})


class OpenAI(Provider):
    slug: ClassVar[str] = "openai"
    label: ClassVar[str] = "OpenAI"
    base_url: ClassVar[str | None] = "https://api.openai.com/v1"
    takes_organization: ClassVar[bool] = True

    @classmethod
    def probe(cls, access: Access) -> Probe:
        api = Api(
            listing=f"{access.base_url}/models",
            completion=f"{access.base_url}/chat/completions",
            headers=partial(bearer, access.organization_id),
            official=cls.label if access.base_url == cls.base_url else "",
        )
        return check_key(api, access.api_key)
