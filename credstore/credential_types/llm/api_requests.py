"""Owns `Api`: which requests check a key at one base URL, in the dialect of a vendor, bent to a known host.

Pure data; must never let a request leave the scheme, host and port of the base URL.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from credstore.credential_types.llm import base_urls
from credstore.credential_types.llm.hosts import Host, Server, Told, host_of
from credstore.credential_types.llm.hosts.base import lists
from credstore.credential_types.llm.response_meaning import Reading, read
from credstore.probe import Answer, Ask, Json

ORGANIZATION = "OpenAI-Organization"


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """How one API is asked. `listing` is the URL of the request that judges keys; "" where none does.

    `list_at` gives the listing below another base URL, `siblings` are the base URLs that are tried and offered.
    `official` is the vendor's name at its own address; `public_listing` forbids to take the listing for a proof.
    """

    base: str
    listing: str
    completion: str
    headers: Callable[[str], Mapping[str, str]]
    list_at: Callable[[str], str]
    siblings: tuple[str, ...] = ()
    official: str = ""
    public_listing: bool = False
    tell: Callable[[Json], Told | None] = lists

    @property
    def actor(self) -> str:
        """Who answers, in words: the vendor at its own address, else the host."""
        return self.official or urlsplit(self.base).netloc

    @property
    def plain_http(self) -> bool:
        return self.base.startswith("http://")

    @property
    def denied(self) -> str:
        """What a key may not do that is known, but not let through to `listing`."""
        return "list models" if self.tell is lists else "look up what it may do"

    def seen_on(self, server: Server | None) -> "Api":
        """The same, with the server's name before the host in what is said, once an answer has shown it."""
        return replace(self, official=f"{server.name} at {self.actor}") if server and not self.official else self

    def list(self, whose: str, key: str) -> Ask:
        """The request that judges keys; `whose` says in words which key goes with it."""
        what = "List the models" if self.tell is lists else "Look up the key"
        return Ask(purpose=f"{what}, with {whose}", method="GET", url=self.listing, headers=self.headers(key))

    def look(self, base: str, key: str) -> Ask:
        """The listing at a sibling. It has the key, for it is the same scheme, host and port."""
        purpose = f"Look for the API at {base}"
        return Ask(purpose=purpose, method="GET", url=self.list_at(base), headers=self.headers(key))

    def complete(self, purpose: str, key: str) -> Ask:
        return Ask(purpose=purpose, method="POST", url=self.completion, headers=self.headers(key), json={})

    def read(self, answer: Answer) -> Reading:
        """What the answer of `listing` says."""
        return self._of_the_key(read(answer, lambda json: self.tell(json) is not None))

    def read_empty(self, answer: Answer) -> Reading:
        """What the answer of `completion` says."""
        return self._of_the_key(read(answer))

    def _of_the_key(self, reading: Reading) -> Reading:
        """Without an organization in the request, words about one are a refusal of the key."""
        named = reading is not Reading.WRONG_ORGANIZATION or ORGANIZATION in self.headers("")
        return reading if named else Reading.REFUSED


def at_known_host(api: Api) -> Api:
    """`api` (in OpenAI's dialect) with the checks of the host that its base URL leads to, if that one is known.

    On a path that the host is not known to serve, the general protocol goes on, and the right path is offered.
    """
    host = host_of(api.base)
    if host is None:
        return api
    root, path = base_urls.origin(api.base), base_urls.path(api.base)
    api = replace(api, official=host.name, public_listing=host.public_listing)
    if host.key_header:
        api = replace(api, headers=lambda key: {host.key_header: key} if key else {})
    if path not in host.bases:
        return replace(api, siblings=(root + host.bases[0],))
    return check_of(host, replace(api, siblings=()))


def check_of(host: Host, api: Api) -> Api:
    """`api` with the host's own check instead of the listing."""
    root = base_urls.origin(api.base)
    listing = root + host.check if host.check else "" if host.public_listing else api.listing
    completion = root + host.completion if host.completion else api.completion
    # An own check is no listing: it is proof, once it refused a made-up key.
    return replace(api, listing=listing, completion=completion, tell=host.tell, public_listing=not listing)
