"""Every row of the known providers, through right key, wrong key, no credit, limited scope, rate limit, missing path,
HTML and redirect: the documented verdict, no false green, no false red, at most four requests, two once it is proven.
"""

import itertools
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credstore.credential_types.llm.hosts import HOSTS, SERVERS, host_of
from credstore.credential_types.llm.providers import by_slug
from credstore.probe import Openness, Outcome, ProbeRequest, ProbeResponse
from tests.llm.cloud_hosts import (
    AI_GATEWAY,
    CLOUD_ROWS,
    GITHUB_MODELS,
    MOONSHOT,
    NVIDIA,
    WORKERS_AI,
    XAI,
    error,
    flat,
)
from tests.llm.fake_host import KEY, ONE_MODEL, SITUATIONS, WRONG, FakeHost, drive, run

OPENROUTER_KEY = {"label": "sk-or-v1-0e6...c96", "usage": 1.5, "limit": 100, "limit_remaining": 74.5}
VENICE_KEY = {"accessPermitted": True, "apiTier": {"id": "paid"}, "balances": {"USD": 50.23, "DIEM": "7"}}
UNKNOWN_TO_OPENROUTER = ProbeResponse(status=401, json={"error": {"message": "User not found.", "code": 401}})
CLAUDE_401 = {"type": "error", "error": {"type": "authentication_error", "message": "invalid x-api-key"}}
CLAUDE_403 = {"type": "error", "error": {"type": "permission_error", "message": "Your key may not use this"}}
COMPLETION = frozenset({"completion"})
NONE: frozenset[str] = frozenset()


def balance(available: bool) -> dict[str, Any]:
    return {"is_available": available, "balance_infos": [{"currency": "CNY", "total_balance": "110.00"}]}


def signed_by(owner: str) -> dict[str, Any]:
    return {"object": "list", "data": [{"id": "m:latest", "object": "model", "owned_by": owner}]}


OPENROUTER = FakeHost(
    name="OpenRouter",
    base="https://openrouter.ai/api/v1",
    elsewhere="https://openrouter.ai/v1",
    offers="https://openrouter.ai/api/v1",
    check="https://openrouter.ai/api/v1/key",
    gates=frozenset({"check", "completion"}),
    refusal=UNKNOWN_TO_OPENROUTER,
    told={
        "right": {"data": {**OPENROUTER_KEY, "expires_at": "2027-12-31T23:59:59Z"}},
        "no credit": {"data": {**OPENROUTER_KEY, "limit_remaining": 0}},
        "limited": {"data": {**OPENROUTER_KEY, "is_management_key": True}},
    },
)
VENICE = FakeHost(
    name="Venice",
    base="https://api.venice.ai/api/v1",
    elsewhere="https://api.venice.ai/v1",
    offers="https://api.venice.ai/api/v1",
    check="https://api.venice.ai/api/v1/api_keys/rate_limits",
    gates=frozenset({"check", "completion"}),
    refusal=ProbeResponse(status=401, json={"error": "Authentication failed"}),
    told={
        "right": {"data": {**VENICE_KEY, "keyExpiration": "2027-06-01T00:00:00.000Z"}},
        "no credit": {"data": {"accessPermitted": False, "balances": {"USD": 0, "DIEM": 0}}},
        "limited": {"data": {**VENICE_KEY, "accessPermitted": False}},
    },
)
DEEPSEEK = FakeHost(
    name="DeepSeek",
    base="https://api.deepseek.com",
    elsewhere="https://api.deepseek.com/api",
    offers="https://api.deepseek.com",
    listing="https://api.deepseek.com/models",
    check="https://api.deepseek.com/user/balance",
    told={"right": balance(True), "no credit": balance(False)},
    scopes=False,
)
AZURE = FakeHost(
    name="Azure OpenAI",
    base="https://acme.openai.azure.com/openai/v1",
    elsewhere="https://acme.openai.azure.com/openai/deployments/gpt",
    header="api-key",
    listing="https://acme.openai.azure.com/openai/models?api-version=2024-10-21",
    refusal=ProbeResponse(status=401, json={"error": {"code": "401", "message": "Access denied due to invalid key"}}),
)
LLAMA_CPP = FakeHost(
    name="llama.cpp with a key",
    base="http://127.0.0.1:8080/v1",
    elsewhere="http://127.0.0.1:8080/api",
    gates=COMPLETION,
    signed={"server": "llama.cpp"},
    refusal=ProbeResponse(status=401, json={"error": {"message": "Invalid API Key", "code": 401}}),
)
ROWS = (
    FakeHost(
        name="OpenAI",
        provider="openai",
        base="https://api.openai.com/v1",
        elsewhere="https://api.openai.com",
        offers="https://api.openai.com/v1",
        no_credit=ProbeResponse(status=429, json={"error": {"message": "Quota", "code": "insufficient_quota"}}),
    ),
    FakeHost(
        name="Anthropic",
        provider="anthropic",
        base="https://api.anthropic.com",
        elsewhere="https://api.anthropic.com/v1/messages",
        offers="https://api.anthropic.com",
        header="x-api-key",
        listing="https://api.anthropic.com/v1/models?limit=500",
        completion="https://api.anthropic.com/v1/messages",
        refusal=ProbeResponse(status=401, json=CLAUDE_401),
        limited=ProbeResponse(status=403, json=CLAUDE_403),
        no_credit=ProbeResponse(
            status=400, json={"type": "error", "error": {"message": "Your credit balance is too low"}}
        ),
    ),
    OPENROUTER,
    replace(OPENROUTER, name="OpenRouter as OpenAI", provider="openai"),
    VENICE,
    DEEPSEEK,
    replace(DEEPSEEK, name="DeepSeek with /v1", base="https://api.deepseek.com/v1"),
    replace(
        DEEPSEEK,
        name="DeepSeek as Anthropic",
        provider="anthropic",
        base="https://api.deepseek.com/anthropic",
        elsewhere="https://api.deepseek.com/wrong",
        offers="",
    ),
    FakeHost(
        name="Groq",
        base="https://api.groq.com/openai/v1",
        elsewhere="https://api.groq.com/v1",
        offers="https://api.groq.com/openai/v1",
        refusal=ProbeResponse(status=401, json={"error": {"message": "Invalid API Key"}}),
    ),
    FakeHost(
        name="Mistral",
        base="https://api.mistral.ai/v1",
        elsewhere="https://api.mistral.ai",
        offers="https://api.mistral.ai/v1",
        refusal=ProbeResponse(status=401, json={"detail": "Unauthorized"}),
    ),
    FakeHost(
        name="Together",
        base="https://api.together.xyz/v1",
        elsewhere="https://api.together.xyz",
        offers="https://api.together.xyz/v1",
        models=ONE_MODEL["data"],
    ),
    FakeHost(
        name="Ollama Cloud",
        base="https://ollama.com/v1",
        elsewhere="https://ollama.com/api/v1",
        offers="https://ollama.com/v1",
        gates=COMPLETION,
        refusal=ProbeResponse(status=401, json={"error": "unauthorized"}),
    ),
    AZURE,
    replace(AZURE, name="Azure without /v1", base="https://acme.openai.azure.com/openai"),
    replace(AZURE, name="Azure bare", base="https://acme.openai.azure.com"),
    FakeHost(
        name="Ollama",
        base="http://127.0.0.1:11434/v1",
        elsewhere="http://127.0.0.1:11434",
        offers="http://127.0.0.1:11434/v1",
        gates=NONE,
        models=signed_by("library"),
    ),
    FakeHost(
        name="vLLM with a key",
        base="http://10.0.0.5:8000/v1",
        elsewhere="http://10.0.0.5:8000",
        models=signed_by("vllm"),
        offers="http://10.0.0.5:8000/v1",
        refusal=ProbeResponse(status=401, json={"error": "Unauthorized"}),
    ),
    FakeHost(
        name="vLLM",
        base="http://10.0.0.5:8000/v1",
        elsewhere="http://10.0.0.5:8000",
        offers="http://10.0.0.5:8000/v1",
        gates=NONE,
        models=signed_by("vllm"),
    ),
    FakeHost(
        name="LM Studio",
        base="http://127.0.0.1:1234/v1",
        elsewhere="http://127.0.0.1:1234",
        offers="http://127.0.0.1:1234/v1",
        gates=NONE,
        models=signed_by("organization_owner"),
    ),
    FakeHost(
        name="LM Studio with a token",
        base="http://127.0.0.1:1234/v1",
        elsewhere="http://127.0.0.1:1234",
        offers="http://127.0.0.1:1234/v1",
        models=signed_by("organization_owner"),
    ),
    LLAMA_CPP,
    replace(LLAMA_CPP, name="llama.cpp", gates=NONE),
    FakeHost(
        name="a gateway with an open listing",
        base="https://llm.example.com/v1",
        elsewhere="https://llm.example.com",
        offers="https://llm.example.com/v1",
        gates=COMPLETION,
    ),
    FakeHost(
        name="a vendor without a listing",
        base="https://open.example.cn/api/paas/v4",
        elsewhere="https://open.example.cn/v9",
        lists=False,
    ),
    *CLOUD_ROWS,
)
JUDGED = {
    "right": Outcome.VERIFIED,
    "wrong": Outcome.REJECTED,
    "no credit": Outcome.PROVIDER_TROUBLE,
    "limited": Outcome.ACCEPTED_LIMITED,
    "busy": Outcome.PROVIDER_TROUBLE,
    "missing path": Outcome.CANNOT_TELL,
    "html": Outcome.CANNOT_TELL,
    "redirect": Outcome.CANNOT_TELL,
}
CASES = [
    pytest.param(row, situation, id=f"{row.name}: {situation}")
    for row in ROWS
    for situation in SITUATIONS
    if row.scopes or situation != "limited"
]


# Where only completions judge keys, and nothing but the first test could tell so: the second one proves the key.
PROVEN_BY_THE_SECOND = {"llama.cpp with a key", "a gateway with an open listing", "a vendor without a listing"}


def expected(row: FakeHost, situation: str, *, first: bool = True) -> Outcome:
    if not row.gates and situation in {"right", "wrong", "no credit", "limited"}:
        return Outcome.KEY_NOT_CHECKED
    if first and row.name in PROVEN_BY_THE_SECOND and situation in {"right", "limited"}:
        return Outcome.ACCEPTED_UNPROVEN
    if situation == "no credit" and not row.shows_credit:
        return Outcome.VERIFIED
    return row.limited_means if situation == "limited" else JUDGED[situation]


@pytest.mark.parametrize(("row", "situation"), CASES)
def test_the_documented_verdict(row: FakeHost, situation: str) -> None:
    key = WRONG if situation == "wrong" else KEY
    first = run(row, situation, key=key)
    assert first.verdict.outcome is expected(row, situation), first.verdict
    assert first.verdict.reason.endswith(".")
    if row.offers and situation == "missing path":
        assert first.verdict.advice == f"The API answers at {row.offers}: set that as base URL."
    learned = run(row, key=KEY).verdict.openness
    assert learned in ({"gated", "open"} if row.gates else {"unknown"})
    second = run(row, situation, key=key, openness="open" if learned == "open" else "unknown")
    assert second.verdict.outcome is expected(row, situation, first=False)
    if row.gates:
        third = run(row, situation, openness=learned, key_proven=True)
        assert third.verdict.outcome is expected(row, "right" if situation == "wrong" else situation, first=False)
        assert len(third.asks) <= 2 or third.verdict.outcome.mark != "pass" or situation == "limited"


def is_known(row: FakeHost) -> bool:
    """Whether the code knows this host by its name, or its software by a signature."""
    return host_of(row.base) is not None or bool(row.signed)


def memories(row: FakeHost) -> tuple[Openness, ...]:
    """What earlier tests may have learned. Of a listing that nobody knows to be public, "gated" would be untrue."""
    learned: tuple[Openness, ...] = ("unknown", "open", "erratic")
    return (*learned, "gated") if is_known(row) or "listing" in row.gates else learned


def test_no_false_green_and_no_false_red_in_the_whole_table() -> None:
    greens, reds, tests = [], [], 0
    for row in ROWS:
        cases = itertools.product(SITUATIONS, memories(row), (False, True), (KEY, WRONG))
        for situation, openness, proven, key in cases:
            verdict = run(row, situation, key=key, openness=openness, key_proven=proven and key is KEY).verdict
            tests += 1
            good = {"right", "wrong", "limited"} | (
                {"no credit"} if not row.shows_credit else set()
            )  # "wrong" is the key
            true = key is KEY and situation in good and bool(row.gates)
            if verdict.outcome.mark == "pass" and not true:
                greens.append((row.name, situation, openness))
            if verdict.outcome is Outcome.REJECTED and key is KEY:
                reds.append((row.name, situation, openness))
    assert tests > 1000
    assert greens == []
    assert reds == []


def test_what_openrouter_tells_of_a_key() -> None:
    verdict = run(OPENROUTER).verdict
    assert verdict.facts == ("credit left on this key: $74.50 of $100.00",)
    assert verdict.expires_at == datetime(2027, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert "management key" in run(OPENROUTER, "limited").verdict.reason
    assert "no credit" in run(OPENROUTER, "no credit").verdict.reason
    refused = run(OPENROUTER, "wrong", key=WRONG).verdict
    assert (refused.provider_message, refused.facts, refused.expires_at) == ("User not found.", (), None)


def test_what_venice_tells_of_a_key() -> None:
    verdict = run(VENICE).verdict
    assert verdict.facts == ("tier: paid", "balance: 50.23 USD", "balance: 7.00 DIEM")
    assert verdict.expires_at == datetime(2027, 6, 1, tzinfo=UTC)
    assert "may not call models" in run(VENICE, "limited").verdict.reason


def test_what_deepseek_tells_of_a_key() -> None:
    assert run(DEEPSEEK).verdict.facts == ("balance: 110.00 CNY",)
    assert run(DEEPSEEK, "no credit").verdict.facts == ("balance: 110.00 CNY",)


def test_what_xai_tells_of_a_key() -> None:
    assert "api-key:endpoint:embed" in run(XAI, "limited").verdict.reason
    for name in ("api_key_blocked", "api_key_disabled", "team_blocked"):
        told = {"right": XAI.told["right"] | {name: True}}
        assert "blocked" in run(replace(XAI, told=told)).verdict.reason or name == "api_key_disabled"
        assert run(replace(XAI, told=told)).verdict.outcome is Outcome.ACCEPTED_LIMITED


def test_what_moonshot_tells_of_a_key() -> None:
    assert run(MOONSHOT).verdict.facts == ("balance: 49.58",)
    assert run(MOONSHOT, "no credit").verdict.facts == ("balance: -0.20",)


@pytest.mark.parametrize("key", [KEY, WRONG])
def test_a_service_that_was_switched_off_says_so(key: str) -> None:
    gone = error(410, "GitHub Models is temporarily unavailable.", code="github_models_retirement_brownout")
    verdict = drive(lambda ask: gone, "openai_compatible", GITHUB_MODELS.base, key=key).verdict
    assert verdict.outcome is Outcome.CANNOT_TELL
    assert verdict.reason == "GitHub Models says that this API was switched off (410)."
    assert verdict.provider_message.startswith("GitHub Models is temporarily")


def test_a_key_of_another_nvidia_service_is_neither_good_nor_bad() -> None:
    """Such a key gets 403 "Authorization failed", and so does a made-up one of its form."""
    verdict = run(replace(NVIDIA, refusal=NVIDIA.limited), key=WRONG).verdict
    assert verdict.outcome is Outcome.CANNOT_TELL


def test_a_cloudflare_token_without_the_permission_is_refused_as_a_wrong_one_is() -> None:
    verdict = run(WORKERS_AI, key=WRONG).verdict
    assert (verdict.outcome, verdict.provider_message) == (Outcome.REJECTED, "Authentication error")


def test_a_gateway_that_wants_a_token_of_its_own_refuses_any_key() -> None:
    closed = flat(401, success=False, result=[], error=[{"code": 2009, "message": "Unauthorized"}])
    verdict = drive(lambda ask: closed, "openai_compatible", AI_GATEWAY.base).verdict
    assert verdict.outcome.mark != "pass"


def test_the_anthropic_path_of_a_gateway_is_asked_as_anthropic_is() -> None:
    base = AI_GATEWAY.base.replace("/openai", "/anthropic")
    claude = replace(
        AI_GATEWAY,
        provider="anthropic",
        base=base,
        header="x-api-key",
        listing=f"{base}/v1/models?limit=500",
        completion=f"{base}/v1/messages",
        refusal=ProbeResponse(status=401, json=CLAUDE_401),
    )
    assert run(claude).verdict.outcome is Outcome.VERIFIED
    assert run(claude, key=WRONG).verdict.outcome is Outcome.REJECTED


@pytest.mark.parametrize("openness", ["unknown", "gated", "open"])
def test_llama_cpp_that_loads_its_model_is_no_rejection(openness: Openness) -> None:
    loading = ProbeResponse(
        status=503,
        headers={"server": "llama.cpp"},
        json={"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}},
    )
    verdict = drive(lambda ask: loading, "openai_compatible", "http://127.0.0.1:8080/v1", openness=openness).verdict
    assert verdict.outcome is Outcome.PROVIDER_TROUBLE
    assert "loading its model" in verdict.reason
    assert verdict.provider_message == "Loading model"


@pytest.mark.parametrize("openness", ["unknown", "gated", "open"])
@pytest.mark.parametrize(
    "row", [r for r in ROWS if "completion" in r.gates and "listing" not in r.gates and is_known(r)]
)
def test_a_public_listing_is_no_proof_whatever_was_learned(row: FakeHost, openness: Openness) -> None:
    def lists_only(ask: ProbeRequest) -> ProbeResponse:
        return ProbeResponse(status=200, headers=row.signed, json=ONE_MODEL)

    for key in (KEY, WRONG):
        assert drive(lists_only, row.provider, row.base, key=key, openness=openness).verdict.outcome.mark == "unsure"


@pytest.mark.parametrize(
    ("row", "outcome"),
    [
        (OPENROUTER, Outcome.REJECTED),
        (LLAMA_CPP, Outcome.REJECTED),
        (replace(LLAMA_CPP, gates=NONE), Outcome.KEY_NOT_CHECKED),
        (next(row for row in ROWS if row.name == "Ollama Cloud"), Outcome.REJECTED),
        (next(row for row in ROWS if row.name == "Ollama"), Outcome.KEY_NOT_CHECKED),
        (next(row for row in ROWS if row.name == "vLLM with a key"), Outcome.REJECTED),
    ],
)
def test_without_a_key_a_public_listing_does_not_hide_that_one_is_wanted(row: FakeHost, outcome: Outcome) -> None:
    assert run(row, key="").verdict.outcome is outcome


def test_a_refusal_in_anothers_dialect_never_counts_against_the_key() -> None:
    cloud = next(row for row in ROWS if row.name == "Ollama Cloud")
    everything = replace(cloud, provider="anthropic", base="https://ollama.com")

    def bearer_only(ask: ProbeRequest) -> ProbeResponse:
        return cloud.refusal if everything.key_of(ask) != KEY else ProbeResponse(status=200, json=ONE_MODEL)

    verdict = drive(bearer_only, "anthropic", "https://ollama.com").verdict
    assert verdict.outcome is Outcome.CANNOT_TELL
    assert "OpenAI Compatible" in verdict.advice
    assert "https://ollama.com/v1" in verdict.advice


@pytest.mark.parametrize(
    ("base", "name"),
    [
        ("https://openrouter.ai/api/v1", "OpenRouter"),
        ("https://acme.openai.azure.com", "Azure OpenAI"),
        ("https://openai.azure.com", None),
        ("https://evil-openai.azure.com", None),
        ("https://openrouter.ai.evil.example/api/v1", None),
        ("https://notopenrouter.ai/api/v1", None),
        ("https://sub.openrouter.ai/api/v1", None),
        ("http://openrouter.ai/api/v1", None),
        ("https://openrouter.ai:8443/api/v1", None),
    ],
)
def test_a_host_is_known_by_its_exact_name_only(base: str, name: str | None) -> None:
    host = host_of(base)
    assert (host and host.name) == name


def test_the_declarations_are_whole() -> None:
    assert len({host.name for host in (*HOSTS, *SERVERS)}) == len(HOSTS) + len(SERVERS)
    for host in HOSTS:
        assert host.bases
        for path in (*host.bases, *host.anthropic):
            assert path == "" or (path.startswith("/") and not path.endswith("/"))
        assert host.check == "" or host.check.startswith("/")
        assert len({path.count("*") for path in (host.bases[0], host.check, host.completion) if "*" in path}) <= 1
    assert {row.name for row in ROWS} >= {host.name for host in (*HOSTS, *SERVERS)}


JSON_LEAF = (
    st.none() | st.booleans() | st.integers(-5, 500) | st.text(max_size=6) | st.sampled_from(["library", "vllm"])
)
NAMES = ["data", "id", "error", "message", "code", "detail", "limit_remaining", "usage", "is_available", "owned_by"]
NAMES += ["accessPermitted", "balances", "balance_infos", "expires_at", "acls", "api_key_blocked", "success", "result"]
JSON = st.recursive(
    JSON_LEAF,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=10,
)
PASSING = st.sampled_from(
    [ONE_MODEL, signed_by("library"), OPENROUTER.told["right"], VENICE.told["right"], balance(True), {"data": []}]
    + [row.told["right"] for row in (XAI, MOONSHOT, WORKERS_AI)]
)
ANSWERS = st.builds(
    ProbeResponse,
    status=st.sampled_from([200, 200, 200, 201, 301, 400, 401, 402, 403, 404, 405, 422, 429, 500, 501, 503]),
    headers=st.sampled_from([{}, {}, {"server": "llama.cpp"}, {"location": "https://x.example/"}]),
    json=JSON | PASSING,
)


@settings(max_examples=400)
@given(
    row=st.sampled_from(ROWS),
    canned=st.dictionaries(st.integers(0, 5), ANSWERS, min_size=1),
    openness=st.sampled_from(["unknown", "open"]),
    astray=st.booleans(),
)
def test_answers_that_do_not_depend_on_the_key_never_pass(
    row: FakeHost, canned: dict[int, ProbeResponse], openness: Openness, astray: bool
) -> None:
    """Whatever a host says at each URL: if it says so to any key, there is no green."""
    urls: list[tuple[str, str]] = []

    def answer(ask: ProbeRequest) -> ProbeResponse:
        if (ask.method, ask.url) not in urls:
            urls.append((ask.method, ask.url))
        return canned.get(urls.index((ask.method, ask.url)), next(iter(canned.values())))

    base = row.elsewhere if astray else row.base
    for key in (KEY, ""):
        assert drive(answer, row.provider, base, key=key, openness=openness).verdict.outcome.mark != "pass"


def test_every_vendor_of_the_table_is_known() -> None:
    assert all(by_slug(row.provider) for row in ROWS)
