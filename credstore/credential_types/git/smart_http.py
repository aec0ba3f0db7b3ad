"""Git's smart HTTP as far as the check needs it: the requests for `info/refs`. Pure."""

from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from credstore.credential_types.made_up_key import made_up_key
from credstore.probe import ProbeRequest

READ, WRITE = "git-upload-pack", "git-receive-pack"
# Keeps the branches of a large repository out of the answer. Only reading has it; an answer to it may begin otherwise.
_VERSION_2 = {"Git-Protocol": "version=2"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """`url` is canonical; `token` may be empty: a public repository needs none."""

    url: str
    username: str
    token: str = field(repr=False)

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    def request(self, purpose: str, service: str, token: str) -> ProbeRequest:
        headers = {"Accept": "*/*"} | (_VERSION_2 if service == READ else {})
        if token:
            headers["Authorization"] = "Basic " + b64encode(f"{self.username}:{token}".encode()).decode()
        return ProbeRequest(
            purpose=purpose, method="GET", url=f"{self.url}/info/refs?service={service}", headers=headers
        )

    def made_up_request(self, service: str, purpose: str) -> ProbeRequest:
        """The request with another token of the same form, a new one each time."""
        return self.request(purpose, service, made_up_key(self.token))
