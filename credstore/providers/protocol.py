"""The general check of a key, for every API with a model listing and a completion endpoint. Sans-IO; spends no tokens.

A listing that passes proves nothing by itself: many are public. So the same is asked with a made-up key of the same
shape; if that passes too, an empty completion request is asked with both. At most four requests.
"""

import secrets
import string
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from credstore.providers import verdicts
from credstore.providers.probe import Answer, Ask, Probe, Verdict
from credstore.providers.reading import Reading, moved_to, read

_REFUSALS = {Reading.REFUSED, Reading.FORBIDDEN}
_PREFIX = 16  # no vendor's prefix ("sk-proj-", "sk-ant-api03-") needs more to keep a made-up key's shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """How one API is asked. `headers` turns a key into headers; `official` is the vendor's name at its own address."""

    listing: str
    completion: str
    headers: Callable[[str], Mapping[str, str]]
    official: str = ""

    @property
    def actor(self) -> str:
        """Who answers, in words: the vendor at its own address, else the host."""
        return self.official or urlsplit(self.listing).netloc

    @property
    def plain_http(self) -> bool:
        return self.listing.startswith("http://")

    def list(self, purpose: str, key: str) -> Ask:
        return Ask(purpose=purpose, method="GET", url=self.listing, headers=self.headers(key))

    def complete(self, purpose: str, key: str) -> Ask:
        return Ask(purpose=purpose, method="POST", url=self.completion, headers=self.headers(key), json={})


def made_up(key: str) -> str:
    """A key of the same shape that is not the key: the vendor's prefix stays, the characters after it do not."""
    cut = max(key.rfind(mark, 0, _PREFIX) for mark in "-_") + 1
    for start in (cut, 0):
        if any(char not in "-_." for char in key[start:]):
            while (fake := key[:start] + "".join(_like(char) for char in key[start:])) == key:
                continue
            return fake
    return key + "x"


def _like(char: str) -> str:
    for alphabet in (string.digits, string.ascii_lowercase, string.ascii_uppercase):
        if char in alphabet:
            return secrets.choice(alphabet)
    return char if char in "-_." else secrets.choice(string.ascii_letters)


def check_key(api: Api, key: str) -> Probe:
    """Drive the whole check of `key` (may be empty: a server that needs none)."""
    if not key:
        answer = yield api.list("List the models, without a key", "")
        return verdicts.keyless(api.actor, read(answer), moved_to(answer))
    answer = yield api.list("List the models with your key", key)
    reading = read(answer)
    if reading in {Reading.LISTED, Reading.LIMITED, Reading.FORBIDDEN}:
        control = read((yield api.list("The same with a made-up key", made_up(key))))
        if reading is Reading.LISTED and control is Reading.LISTED:
            return (yield from _check_completion(api, key, listing_open=True))
        return verdicts.against_control(api.actor, reading, control)
    if reading is Reading.ABSENT:
        return (yield from _check_completion(api, key, listing_open=False))
    return verdicts.plain(api.actor, reading, moved_to(answer))


def _check_completion(api: Api, key: str, *, listing_open: bool) -> Generator[Ask, Answer, Verdict]:
    answer = yield api.complete("Send an empty request with your key", key)
    reading = read(answer)
    if reading not in {Reading.INVALID, Reading.ABSENT, Reading.FORBIDDEN, Reading.LIMITED}:
        return verdicts.plain(api.actor, reading, moved_to(answer))
    control = read((yield api.complete("The same with a made-up key", made_up(key))))
    if reading in {Reading.FORBIDDEN, Reading.LIMITED}:
        return verdicts.against_control(api.actor, reading, control)
    if control in _REFUSALS:
        return verdicts.accepted(api.actor)
    if listing_open and reading is control is Reading.INVALID and api.plain_http:
        # Plain http is permitted to local servers only, where an open server is the rule. On the public internet an
        # endpoint that validates before it authenticates looks just the same, and claiming "any key" would be a guess.
        return verdicts.any_key(api.actor)
    return verdicts.same_for_both(api.actor, found=listing_open or reading is Reading.INVALID)
