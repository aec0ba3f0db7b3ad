"""Drives a probe with a function in place of a network, and keeps what it asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from credstore.credential_types.llm import providers
from credstore.probe import Openness, Probe, ProbeRequest, ProbeResponse, Verdict

KEY = "sk-proj-RightKey123abcXYZ"
LOCAL = "http://127.0.0.1:11434/v1"
REMOTE = "https://gateway.example.com/v1"

Responder = Callable[[ProbeRequest], ProbeResponse]


@dataclass(frozen=True)
class Run:
    verdict: Verdict
    asks: tuple[ProbeRequest, ...]

    @property
    def outcome(self) -> str:
        return self.verdict.outcome.value

    @property
    def words(self) -> str:
        return f"{self.verdict.reason} {self.verdict.advice}"


def drive(probe: Probe, respond: Responder) -> Run:
    asks: list[ProbeRequest] = []
    try:
        ask = next(probe)
        while True:
            asks.append(ask)
            assert len(asks) <= 10, "the probe asks without end"
            ask = probe.send(respond(ask))
    except StopIteration as end:
        return Run(end.value, tuple(asks))


def probe(
    slug: str, *, key: str = KEY, base_url: str = "", organization: str = "", openness: Openness = "unknown"
) -> Probe:
    provider = providers.by_slug(slug)
    assert provider is not None
    where = base_url or provider.base_url
    assert where is not None
    access = providers.Access(api_key=key, base_url=where, organization_id=organization, openness=openness)
    return provider.probe(access)


def carries(headers: Mapping[str, str], key: str) -> bool:
    return any(key in value.split() for value in headers.values())


def server(
    *, listing: tuple[ProbeResponse, ProbeResponse], completion: tuple[ProbeResponse, ProbeResponse], key: str = KEY
) -> Responder:
    """Answers by endpoint, and by whether the right key came: (with the right key, with any other)."""

    def respond(ask: ProbeRequest) -> ProbeResponse:
        right, wrong = completion if ask.method == "POST" else listing
        return right if carries(ask.headers, key) else wrong

    return respond
