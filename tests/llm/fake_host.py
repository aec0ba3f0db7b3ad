"""A scripted host: a function from request to response that knows one right key and answers in one vendor's shapes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from credstore.credential_types.llm.providers import Access, by_slug
from credstore.probe import Openness, Outcome, ProbeRequest, ProbeResponse, Verdict

KEY = "sk-right-0123456789abcdefABCDEF"
WRONG = "sk-wrong-9876543210fedcbaFEDCBA"
ONE_MODEL = {"object": "list", "data": [{"id": "some-model", "object": "model", "owned_by": "somebody"}]}
OPENAI_401 = {"error": {"message": "Incorrect API key", "type": "invalid_request_error", "code": "invalid_api_key"}}
NEEDS_MODEL = ProbeResponse(status=400, json={"error": {"message": "you must provide a model parameter"}})
NOT_FOUND = ProbeResponse(status=404, json={"error": {"message": "Not found"}})
SITUATIONS = ("right", "wrong", "no credit", "limited", "busy", "missing path", "html", "redirect")


@dataclass(frozen=True, kw_only=True)
class FakeHost:
    """One row. `base` is right, `elsewhere` a base URL where this host serves nothing.

    `check` is the URL of its own check, with what it says in each situation in `told`. `gates` are the endpoints that
    judge keys, and one that `judges_first` does so before it looks where the request went. `offers` is the base URL
    that a test at `elsewhere` is expected to offer. `shows_credit` and `scopes`: whether a free request can show that
    there is no credit, and whether the host knows a good key that may not do this; `limited_means` is how that is told.
    """

    name: str
    base: str
    elsewhere: str
    offers: str = ""
    provider: str = "openai_compatible"
    header: str = "authorization"
    listing: str = ""
    completion: str = ""
    check: str = ""
    told: Mapping[str, Any] = field(default_factory=dict)
    models: Any = field(default_factory=lambda: ONE_MODEL)
    lists: bool = True
    gates: frozenset[str] = frozenset({"check", "listing", "completion"})
    refusal: ProbeResponse = ProbeResponse(status=401, json=OPENAI_401)
    no_credit: ProbeResponse = ProbeResponse(status=402, json={"error": {"message": "Insufficient Balance"}})
    limited: ProbeResponse = ProbeResponse(status=401, json={"error": {"message": "Missing scopes: api.model.read"}})
    missing: ProbeResponse = NOT_FOUND
    signed: Mapping[str, str] = field(default_factory=dict)
    judges_first: bool = False
    shows_credit: bool = True
    scopes: bool = True
    limited_means: Outcome = Outcome.ACCEPTED_LIMITED

    def key_of(self, ask: ProbeRequest) -> str:
        headers = {name.lower(): value for name, value in ask.headers.items()}
        return headers.get(self.header, "").removeprefix("Bearer ")

    def answer(self, ask: ProbeRequest, situation: str) -> ProbeResponse:
        if situation == "busy":
            return ProbeResponse(
                status=429, json={"error": {"message": "Rate limit reached", "code": "rate_limit_exceeded"}}
            )
        if situation == "html":
            return ProbeResponse(status=200, headers={"content-type": "text/html"}, body_start=b"<!doctype html>")
        if situation == "redirect":
            return ProbeResponse(status=302, headers={"location": "https://login.example.net/"})
        told = self._endpoint(ask, situation)
        if self.judges_first and self.key_of(ask) != KEY:
            told = self.refusal
        return replace(told, headers={**told.headers, **self.signed})

    def _endpoint(self, ask: ProbeRequest, situation: str) -> ProbeResponse:
        endpoint = {
            ("GET", self.check or "-"): "check",
            ("GET", (self.listing or f"{self.base}/models") if self.lists else "-"): "listing",
            ("POST", self.completion or f"{self.base}/chat/completions"): "completion",
        }.get((ask.method, re.sub(r"[?&]nocache=[0-9a-f]+$", "", ask.url)))
        if endpoint is None:
            return self.missing
        if endpoint in self.gates:
            if self.key_of(ask) != KEY:
                return self.refusal
            if endpoint == "check":
                return ProbeResponse(status=200, json=self.told.get(situation, self.told["right"]))
            if situation == "no credit":
                return self.no_credit
            if situation == "limited":
                return self.limited
        return ProbeResponse(status=200, json=self.models) if endpoint == "listing" else NEEDS_MODEL


@dataclass(frozen=True, kw_only=True)
class Run:
    verdict: Verdict
    asks: list[ProbeRequest]


def run(
    host: FakeHost,
    situation: str = "right",
    *,
    openness: Openness = "unknown",
    key_proven: bool = False,
    key: str = KEY,
) -> Run:
    """One test of `host`, with every rule that holds for any test asserted on the way.

    `openness` and `key_proven` are what earlier tests learned of the host and of this very key there.
    """
    base = host.elsewhere if situation == "missing path" else host.base
    answer = lambda ask: host.answer(ask, situation)  # noqa: E731
    return drive(answer, host.provider, base, key=key, openness=openness, key_proven=key_proven)


def drive(
    answer: Any,
    provider: str,
    base: str,
    *,
    key: str = KEY,
    openness: Openness = "unknown",
    key_proven: bool = False,
) -> Run:
    """A probe to its verdict against the function `answer`."""
    vendor = by_slug(provider)
    assert vendor is not None
    probe = vendor.probe(Access(api_key=key, base_url=base, openness=openness, key_proven=key_proven))
    asks: list[ProbeRequest] = []
    try:
        ask = next(probe)
        while True:
            asks.append(ask)
            ask = probe.send(answer(ask))
    except StopIteration as end:
        verdict = end.value
    assert isinstance(verdict, Verdict)
    assert len(asks) <= 4, [ask.purpose for ask in asks]
    assert all(ask.json == {} if ask.method == "POST" else ask.json is None for ask in asks)
    assert {urlsplit(ask.url)[:2] for ask in asks} == {urlsplit(base)[:2]}
    assert KEY not in verdict.reason + verdict.advice
    assert WRONG not in verdict.reason + verdict.advice
    return Run(verdict=verdict, asks=asks)
