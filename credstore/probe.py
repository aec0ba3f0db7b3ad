"""The types of a test: `ProbeRequest`, `ProbeResponse`, `Verdict` and `Outcome`. Data only; no network.

A probe is a generator without I/O: it yields `ProbeRequest`, is sent `ProbeResponse`, and returns a `Verdict`. `tester`
sends the requests.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Literal

# What earlier tests learned of a destination. "gated": its listing checks keys. "open": its listing does not, and its
# completion endpoint is asked instead. "erratic": it accepted and refused the same thing within one test.
Openness = Literal["unknown", "open", "gated", "erratic"]
# No test of any type makes more requests than this; the tester ends one that tries to.
MAX_REQUESTS = 4
Json = dict[str, Any] | list[Any] | str | int | float | bool | None


def openness_of(text: str | None) -> Openness:
    """The openness named by `text`; "unknown" for anything else."""
    known: dict[str, Openness] = {"gated": "gated", "open": "open", "erratic": "erratic"}
    return known.get(text or "", "unknown")


class Outcome(StrEnum):
    """All outcomes of a test. The value is stored and is part of the JSON."""

    VERIFIED = "verified"
    ACCEPTED_LIMITED = "accepted-limited"
    ACCEPTED_UNPROVEN = "accepted-not-proven"
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
        """Which icon is shown: "pass" a green check, "fail" a red X, "unsure" an amber mark."""
        if self in {Outcome.VERIFIED, Outcome.ACCEPTED_LIMITED}:
            return "pass"
        if self in {Outcome.REJECTED, Outcome.NOT_REACHED, Outcome.BLOCKED, Outcome.UNREADABLE}:
            return "fail"
        return "unsure"

    @property
    def label(self) -> str:
        """The outcome in words, for the page."""
        return LABELS[self]


class Cause(StrEnum):
    """What decided, where the outcome alone does not tell it. The value is stored; `facts` says what follows."""

    NONE = ""
    USED = "used"  # the test used the credential as a workflow does
    NO_SECRET = "no-secret"  # noqa: S105 - none is stored, so that there was none to check
    NO_CREDIT = "no-credit"
    RATE_LIMITED = "rate-limited"
    MODEL_LOADING = "model-loading"
    SERVER_ERROR = "server-error"
    ADDRESS_REFUSED = "address-refused"  # the address of this machine, not the credential
    SWITCHED_OFF = "switched-off"
    COMPLETED = "completed"  # a completion was asked for, and the model ran
    UNKNOWN_MODEL = "unknown-model"
    NOT_ALLOWED = "not-allowed"  # known, but not for this model or repository
    OTHER_LIMIT_NAME = "other-limit-name"  # the limit of one token has another name there


LABELS: Mapping[Outcome, str] = MappingProxyType(
    {
        Outcome.VERIFIED: "Verified",
        Outcome.ACCEPTED_LIMITED: "Accepted, limited",
        Outcome.ACCEPTED_UNPROVEN: "Accepted, not proven",
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
    """A request that the tester shall send. `purpose` says in words why; headers and body are not part of `repr`.

    `body` is sent as it is, where it is not empty; `json` otherwise.
    """

    purpose: str
    method: Literal["GET", "HEAD", "POST"]
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    json: Json = field(default=None, repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResponse:
    """The response to a request. Names of `headers` are in lower case; `json` is None when the body was not JSON.

    `body_start` are the first bytes of the body. `proxy` is the host:port of the egress proxy, "" without one.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    json: Json = field(default=None, repr=False)
    body_start: bytes = field(default=b"", repr=False)
    proxy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One request of a test, and its result. `status` is None when no response came; `ms` are milliseconds."""

    purpose: str
    method: str
    url: str
    status: int | None
    ms: int

    def __str__(self) -> str:
        result = "no answer" if self.status is None else str(self.status)
        return f"{self.method} {self.url} -> {result} in {self.ms} ms"


# Whose models a listing names: those of this key (made-up keys were refused), those of any key, or it was not asked.
ListedFor = Literal["this-key", "any-key", "not-known"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelList:
    """The models of a listing: how many, and the first names. A provider's text, which the tester cleans."""

    count: int
    names: tuple[str, ...] = ()
    listed_for: ListedFor = "not-known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The result of a test. `reason` says why, `advice` what to do next, both in credstore's words.

    `provider_message` is the provider's own message, which the tester redacts and shortens. `facts` are what the
    provider reports about the key ("@a_bot", "scopes: repo"), `expires_at` is when the key expires. `openness` is what
    is known of the destination after this test; None when it learned nothing, so that earlier knowledge stays.
    `key_proven`: the destination accepted this very key and refused made-up ones, in this test or in a recent one.
    `models` is what a model listing named, `completion` the completion that was asked for since the test.
    """

    outcome: Outcome
    reason: str
    advice: str = ""
    provider_message: str = ""
    facts: tuple[str, ...] = ()
    expires_at: datetime | None = None
    openness: Openness | None = None
    key_proven: bool = False
    steps: tuple[Step, ...] = ()
    cause: Cause = Cause.NONE
    models: ModelList | None = None
    completion: "Completion | None" = None

    def with_steps(self, steps: tuple[Step, ...]) -> "Verdict":
        return replace(self, steps=steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """One completion of `model` that a person asked for at `tried_at`, and the verdict on its answer."""

    model: str
    verdict: Verdict
    tried_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What a check starts with. `openness` and `key_proven` come from earlier tests, see `Verdict`.

    `control` False means that no made-up key may be sent; the verdict is then never a pass.
    """

    openness: Openness = "unknown"
    key_proven: bool = False
    control: bool = True


Probe = Generator[ProbeRequest, ProbeResponse, Verdict]


def probe_without_requests(verdict: Verdict) -> Probe:
    """A probe that sends nothing, for a verdict that is known without a request."""
    yield from ()
    return verdict


def counted(probe: Probe) -> Generator[ProbeRequest, ProbeResponse, tuple[Verdict, int]]:
    """Drive `probe` as a part of another one. Returns its verdict, and how many requests it made."""
    made = 0
    try:
        request = next(probe)
        while True:
            made += 1
            request = probe.send((yield request))
    except StopIteration as end:
        return end.value, made
    finally:
        probe.close()
