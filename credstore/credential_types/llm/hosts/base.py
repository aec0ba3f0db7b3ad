"""The types that the modules of this folder use. They hold data and pure functions, and send no request.

`Host` describes a known host, `ServerSoftware` describes server software, and `KeyFacts` holds what a response
says about a key.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from credstore.credential_types.llm.response_meaning import is_listing
from credstore.probe import Json, ProbeResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFacts:
    """What the response of a host that accepted a key says about it.

    `facts` are shown as they are. `spent`: no credit is left. `limited`: what the key may not do, as the words after
    "but" in a sentence; "" where there is no limit.
    """

    facts: tuple[str, ...] = ()
    expires_at: datetime | None = None
    spent: bool = False
    limited: str = ""


def facts_of_listing(json: Json) -> KeyFacts | None:
    """For most hosts, whose response is a model listing: no further facts. None when `json` is not a listing."""
    return KeyFacts() if is_listing(json) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A host whose API is known by its name.

    `domains` match exactly, or with a leading dot any name below; "*" stands for one label. `bases` are the paths that
    work as a base URL, the first one is offered to who typed another; "*" stands for one segment of the path.
    `check` is the path of the request that checks keys, "" for the listing; what "*" stood for is put in its place.
    `public_listing`: that listing answers any key, so that it never counts as proof, whatever was learned before.
    `no_listing`: there is none, or none that answers every good key; the completion endpoint checks keys.
    `key_facts` reads the response to `check`; None means that it is not a response of that API.
    `completion` is the path of the completion endpoint where it does not follow the base URL.
    `key_header` carries the bare key instead of `Authorization: Bearer`.
    `anthropic` are the paths where it takes `x-api-key` as Anthropic does, for keys that `check` checks too, and
    `anthropic_itself` those where Anthropic's own API answers.
    `base_urls` are the base URLs that the form offers, where they do not follow from `domains` and `bases`; unless the
    host is no longer `offered`.
    """

    name: str
    domains: tuple[str, ...]
    bases: tuple[str, ...]
    check: str = ""
    public_listing: bool = False
    no_listing: bool = False
    key_facts: Callable[[Json], KeyFacts | None] = facts_of_listing
    completion: str = ""
    key_header: str = ""
    anthropic: tuple[str, ...] = ()
    anthropic_itself: tuple[str, ...] = ()
    base_urls: tuple[str, ...] = ()
    offered: bool = True

    def owns(self, name: str) -> bool:
        return any(
            name.endswith(domain) if domain.startswith(".") else wildcards(domain, name, ".") is not None
            for domain in self.domains
        )

    @property
    def presets(self) -> tuple[str, ...]:
        """The base URLs that the form offers."""
        if not self.offered:
            return ()
        return self.base_urls or tuple(f"https://{domain}{self.bases[0]}" for domain in self.domains)

    def base_url_at(self, origin: str) -> str:
        """The base URL to offer to who typed another path of `origin`; with words to replace where "*" stands."""
        return self.base_urls[0] if "*" in self.bases[0] else origin + self.bases[0]

    def path_values(self, path: str) -> tuple[str, ...] | None:
        """What each "*" stands for when `path` is one of `bases`, None when it is none."""
        return next((found for base in self.bases if (found := wildcards(base, path, "/")) is not None), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSoftware:
    """Server software that may run at any address. `recognises` finds it by its response.

    A response may be forged, so a recognised server never makes the result of a test green.
    """

    name: str
    recognises: Callable[[ProbeResponse], bool]
    base_url: str  # where it listens unless told otherwise, as the form offers it
    public_listing: bool = False
    any_key: bool = False  # it is known to ignore keys


def wildcards(pattern: str, text: str, separator: str) -> tuple[str, ...] | None:
    """The parts of `text` where `pattern` has "*", None unless all other parts between separators are the same."""
    expected, found = pattern.split(separator), text.split(separator)
    if len(expected) != len(found) or any(
        part != other if part != "*" else not other for part, other in zip(expected, found, strict=True)
    ):
        return None
    return tuple(other for part, other in zip(expected, found, strict=True) if part == "*")


def owned_by(*owners: str) -> Callable[[ProbeResponse], bool]:
    """A function for `recognises`, for servers that name themselves in `owned_by` of each model that they list."""

    def recognises(answer: ProbeResponse) -> bool:
        items = answer.json.get("data") if isinstance(answer.json, dict) else None
        return bool(items) and isinstance(items, list) and all(json_at(item, "owned_by") in owners for item in items)

    return recognises


def json_at(json: Json, *names: str) -> Any:
    """The item at the end of this path of names, None where there is none."""
    found: Any = json
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def parse_number(value: object) -> float | None:
    """A finite number, also one written as a text; None for everything else (True is no number)."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if abs(found) < 1e15 else None


def parse_time(value: object) -> datetime | None:
    """An ISO 8601 time as an aware datetime (UTC when it names no zone); None when it is none."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
        return found and (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
