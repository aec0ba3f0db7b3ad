"""The one request of a tool's check, as the credential describes it, with its own headers and with made-up ones."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from credstore.credential_types.tool.made_up_headers import made_up_headers
from credstore.probe import ProbeRequest

# Headers that say how to answer, not who asks.
_ORDINARY_HEADERS = {"accept", "accept-language", "cache-control", "content-type", "user-agent"}
_SECRET_HEADER_NAME = re.compile(r"auth|token|key|secret|pass|cookie|session|signature|credential", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolRequest:
    """What the credential says of one request.

    `expected` are the statuses that mean that it works; `refused` is the one that means that it does not, if declared.
    """

    url: str
    headers: Mapping[str, str] = field(repr=False)
    method: Literal["GET", "HEAD"]
    expected: range
    refused: int | None = None

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    def secret_headers(self) -> set[str]:
        """The headers that look as if they said who asks; where none looks so, all but the plain ones."""
        named = {name for name in self.headers if _SECRET_HEADER_NAME.search(name)}
        return named or {name for name in self.headers if name.lower() not in _ORDINARY_HEADERS}

    def scheme(self) -> str | None:
        """The authentication scheme of the Authorization header in lower case, "" for none, None without a secret."""
        if not self.secret_headers():
            return None
        value = next((value for name, value in self.headers.items() if name.lower() == "authorization"), "")
        return value.partition(" ")[0].lower() if " " in value else ""

    def request(self, purpose: str, headers: Mapping[str, str]) -> ProbeRequest:
        return ProbeRequest(purpose=purpose, method=self.method, url=self.url, headers=headers)

    def made_up_request(self, purpose: str) -> ProbeRequest:
        return self.request(purpose, made_up_headers(self.headers, self.secret_headers()))
