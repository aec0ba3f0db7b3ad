"""The sans-IO protocol of a probe: what it asks, what it is told, what it concludes. Pure data, no network.

A probe is a generator: it yields `Ask`, is sent `Answer`, and returns a `Verdict`. Only `tester` does I/O.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Literal

Openness = Literal["unknown", "open", "gated"]
Json = dict[str, Any] | list[Any] | str | int | float | bool | None


def openness_of(text: str | None) -> Openness:
    """The openness named by `text`; "unknown" for anything else."""
    return "gated" if text == "gated" else "open" if text == "open" else "unknown"


class Outcome(StrEnum):
    """The closed set of verdicts. The value is what is stored and what programs see."""

    VERIFIED = "verified"
    ACCEPTED_LIMITED = "accepted-limited"
    REJECTED = "rejected"
    KEY_NOT_CHECKED = "key-not-checked"
    CANNOT_TELL = "cannot-tell"
    NOT_REACHED = "not-reached"
    PROVIDER_TROUBLE = "provider-trouble"
    BLOCKED = "blocked"
    UNREADABLE = "unreadable"
    UNTESTED = "untested"
    STALE = "stale"

    @property
    def mark(self) -> Literal["pass", "fail", "unsure"]:
        """Which sign stands beside the word: green check, red X, or the amber mark."""
        if self in {Outcome.VERIFIED, Outcome.ACCEPTED_LIMITED}:
            return "pass"
        if self in {Outcome.REJECTED, Outcome.NOT_REACHED, Outcome.BLOCKED, Outcome.UNREADABLE}:
            return "fail"
        return "unsure"

    @property
    def label(self) -> str:
        """The verdict in words for a person."""
        return LABELS[self]


LABELS: Mapping[Outcome, str] = MappingProxyType(
    {
        Outcome.VERIFIED: "Verified",
        Outcome.ACCEPTED_LIMITED: "Accepted, limited",
        Outcome.REJECTED: "Rejected",
        Outcome.KEY_NOT_CHECKED: "Key not checked",
        Outcome.CANNOT_TELL: "Cannot tell",
        Outcome.NOT_REACHED: "Not reached",
        Outcome.PROVIDER_TROUBLE: "Provider trouble",
        Outcome.BLOCKED: "Blocked",
        Outcome.UNREADABLE: "Unreadable",
        Outcome.UNTESTED: "Not tested",
        Outcome.STALE: "Changed since test",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeRequest:
    """One request to make. `purpose` says in words why it is made; headers and body stay out of `repr`."""

    purpose: str
    method: Literal["GET", "HEAD", "POST"]
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    json: Json = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResponse:
    """One answer. `headers` are lower-cased; `json` is None when the body was not JSON; `start` is how it begins.

    `proxy` is the host:port of the egress proxy that it came through, "" when it came directly.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    json: Json = field(default=None, repr=False)
    body_start: bytes = field(default=b"", repr=False)
    proxy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Where one request went and what came back. `status` is None when nothing came back."""

    purpose: str
    method: str
    url: str
    status: int | None
    ms: int

    def __str__(self) -> str:
        came = "no answer" if self.status is None else str(self.status)
        return f"{self.method} {self.url} -> {came} in {self.ms} ms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a test concluded: `reason` says why, `advice` what to do next; our own words, never the provider's.

    `said` is the provider's own message (the tester scrubs and cuts it), `facts` what it told of the key ("@a_bot",
    "scopes: repo"), `expires_at` when the key ends, `openness` what was learned of the host: whether its listing takes
    any key ("open") or judges keys ("gated").
    """

    outcome: Outcome
    reason: str
    advice: str = ""
    provider_message: str = ""
    facts: tuple[str, ...] = ()
    expires_at: datetime | None = None
    openness: Openness = "unknown"
    steps: tuple[Step, ...] = ()

    def with_steps(self, steps: tuple[Step, ...]) -> "Verdict":
        return replace(self, steps=steps)


Probe = Generator[ProbeRequest, ProbeResponse, Verdict]


def probe_without_requests(verdict: Verdict) -> Probe:
    """A probe that asks nobody: the verdict is known without a request."""
    yield from ()
    return verdict
