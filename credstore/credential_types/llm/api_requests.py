"""`LlmApi` builds the requests that check a key at one base URL, and classifies the responses.

It knows the headers and paths of a vendor or of a known host. It sends nothing itself. No request may have another
scheme, host or port than the base URL.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from credstore.credential_types.error_words import is_api_error
from credstore.credential_types.inconclusive import challenges
from credstore.credential_types.llm import base_urls
from credstore.credential_types.llm.hosts import Host, KeyFacts, ServerSoftware, host_of
from credstore.credential_types.llm.hosts.base import facts_of_listing
from credstore.credential_types.llm.response_meaning import Meaning, classify, is_completion
from credstore.probe import Json, ProbeRequest, ProbeResponse

ORGANIZATION = "OpenAI-Organization"


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmApi:
    """The URLs and headers of one API. `listing` is the URL of the request that checks keys; "" where none does.

    `listing_at` gives the listing below another base URL, `siblings` are the base URLs that are tried and offered.
    `vendor_name` is the vendor's name at its own address, `known_vendor` says that this is the address of a vendor that
    credstore knows. `public_listing`: the listing is never taken for a proof.
    `limit_name` is what a completion request calls the most tokens that it may give.
    """

    base: str
    listing: str
    completion: str
    headers: Callable[[str], Mapping[str, str]]
    listing_at: Callable[[str], str]
    siblings: tuple[str, ...] = ()
    vendor_name: str = ""
    known_vendor: bool = False
    public_listing: bool = False
    key_facts: Callable[[Json], KeyFacts | None] = facts_of_listing
    limit_name: str = "max_tokens"

    @property
    def display_name(self) -> str:
        """Who answers, in words: the vendor at its own address, else the host."""
        return self.vendor_name or urlsplit(self.base).netloc

    @property
    def plain_http(self) -> bool:
        return self.base.startswith("http://")

    @property
    def forbidden_action(self) -> str:
        """What a key may not do that is known, but not let through to `listing`."""
        return "list models" if self.key_facts is facts_of_listing else "look up what it may do"

    def on_server(self, server: ServerSoftware | None) -> "LlmApi":
        """The same, with the name of the server software before the host in texts, once a response has shown it."""
        return (
            replace(self, vendor_name=f"{server.name} at {self.display_name}")
            if server and not self.vendor_name
            else self
        )

    def list_request(self, whose: str, key: str) -> ProbeRequest:
        """The request that checks keys; `whose` says in words which key goes with it."""
        what = "List the models" if self.key_facts is facts_of_listing else "Look up the key"
        return ProbeRequest(purpose=f"{what}, with {whose}", method="GET", url=self.listing, headers=self.headers(key))

    def fresh_list_request(self, whose: str, key: str) -> ProbeRequest:
        """The same under a URL that nobody asked before, so that no cache between can answer it."""
        once = f"{'&' if '?' in self.listing else '?'}nocache={secrets.token_hex(8)}"
        asked = self.list_request(whose, key)
        return replace(asked, url=asked.url + once)

    def proving_list_request(self, whose: str, key: str) -> ProbeRequest:
        """The listing that proves a key: the last one of a control, or the only one where the key was proven before.

        A cache that does not say that it answered would repeat an old one, so it is asked past any cache. Not at a
        known vendor: no cache is there, and some (Google) refuse parameters that they do not know.
        """
        return self.list_request(whose, key) if self.known_vendor else self.fresh_list_request(whose, key)

    def sibling_request(self, base: str, key: str) -> ProbeRequest:
        """The listing at a sibling. It has the key, for it is the same scheme, host and port."""
        purpose = f"Look for the API at {base}"
        return ProbeRequest(purpose=purpose, method="GET", url=self.listing_at(base), headers=self.headers(key))

    def completion_request(self, whose: str, key: str) -> ProbeRequest:
        """A completion request with an empty body; `whose` says in words which key goes with it."""
        purpose = f"Send an empty request with {whose}"
        return ProbeRequest(purpose=purpose, method="POST", url=self.completion, headers=self.headers(key), json={})

    def one_token_request(self, key: str, model: str) -> ProbeRequest:
        """The one request that costs something: a completion of `model`, of one token at the most."""
        body: Json = {"model": model, "messages": [{"role": "user", "content": "Hi"}], self.limit_name: 1}
        purpose = "Ask for a completion of one token, with your key" if key else "Ask for a completion of one token"
        return ProbeRequest(purpose=purpose, method="POST", url=self.completion, headers=self.headers(key), json=body)

    def classify_listing(self, answer: ProbeResponse) -> Meaning:
        """What the answer of `listing` says."""
        return self._reading(answer, classify(answer, lambda json: self.key_facts(json) is not None))

    def classify_completion(self, answer: ProbeResponse) -> Meaning:
        """What the answer of `completion` says."""
        return self._reading(answer, classify(answer))

    def classify_one_token(self, answer: ProbeResponse) -> Meaning:
        """What the answer to `one_token_request` says; LISTED is a completion."""
        return self._reading(answer, classify(answer, is_completion))

    def _reading(self, answer: ProbeResponse, reading: Meaning) -> Meaning:
        """`reading`, with regard to what was sent.

        Without an organization in the request, words about one are a refusal of the key. A server that asks for
        another kind of login, and not in an API's words, refused the missing login and not the key.
        """
        sent = self.headers("key")
        if reading is Meaning.WRONG_ORGANIZATION and ORGANIZATION not in sent:
            return Meaning.REFUSED
        if reading is Meaning.REFUSED and answer.status == 401 and not is_api_error(answer.json):
            wanted = challenges(answer)
            # A header like X-Api-Key has no scheme; servers that take one call it "Key", "ApiKey" or so in a challenge.
            asked = "bearer" in wanted if "Authorization" in sent else any("key" in name for name in wanted)
            return Meaning.OTHER_LOGIN if wanted and not asked else reading
        return reading


def for_known_host(api: LlmApi) -> LlmApi:
    """`api` (in OpenAI's dialect) with the checks of the host that its base URL leads to, if that one is known.

    On a path that the host is not known to serve, the general protocol goes on, and the right path is offered.
    """
    host = host_of(api.base)
    if host is None:
        return api
    root, path = base_urls.url_origin(api.base), base_urls.url_path(api.base)
    api = replace(api, vendor_name=host.name, known_vendor=True, public_listing=host.public_listing)
    if host.key_header:
        api = replace(api, headers=lambda key: {host.key_header: key} if key else {})
    values = host.path_values(path)
    if values is None:
        return api if "*" in host.bases[0] else replace(api, siblings=(host.base_url_at(root),))
    return with_host_check(host, replace(api, siblings=()), values)


def with_host_check(host: Host, api: LlmApi, values: Sequence[str] = ()) -> LlmApi:
    """`api` with the host's own check instead of the listing; `values` are what each "*" of its paths stands for."""
    root = base_urls.url_origin(api.base)
    listing = "" if host.public_listing or host.no_listing else api.listing
    listing = root + _filled(host.check, values) if host.check else listing
    completion = root + _filled(host.completion, values) if host.completion else api.completion
    # An own check is no listing: it is proof, once it refused a made-up key.
    return replace(api, listing=listing, completion=completion, key_facts=host.key_facts, public_listing=not listing)


def _filled(path: str, values: Sequence[str]) -> str:
    for value in values:
        path = path.replace("*", value, 1)
    return path
