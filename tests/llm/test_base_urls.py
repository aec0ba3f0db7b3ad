"""Base URLs as people type them: another place is tried and offered, never applied, never green, never a stranger's."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credstore.credential_types.llm.base_urls import (
    ENDPOINTS,
    sibling_base_urls,
    url_origin,
    url_path,
    without_endpoint,
)
from credstore.errors import Refused
from credstore.probe import Outcome, ProbeRequest, ProbeResponse
from credstore.urls import canonical_url
from tests.llm.fake_host import KEY, NOT_FOUND, OPENAI_401, WRONG, FakeHost, drive, run

RIGHT = "https://llm.example.com/v1"
BARE = "https://llm.example.com"
HTML = ProbeResponse(status=200, headers={"content-type": "text/html"}, body_start=b"<html>")
UNEXPECTED = ProbeResponse(status=200, json={"error": "Unexpected endpoint or method. (GET /models)"})  # LM Studio


def host(base: str, typed: str, **rest: object) -> FakeHost:
    return FakeHost(name="x", base=base, elsewhere=typed, **rest)  # type: ignore[arg-type]


@pytest.mark.parametrize("key", [KEY, WRONG, ""])
@pytest.mark.parametrize(
    ("typed", "right"),
    [
        (BARE, RIGHT),
        (RIGHT, BARE),
        (f"{RIGHT}/v1", RIGHT),
        *((RIGHT + end, RIGHT) for end in (*ENDPOINTS, "/models")),
        *((BARE + end, BARE) for end in ENDPOINTS),
        (f"{BARE}/chat/completions", RIGHT),
        ("https://llm.example.com/openai/v1/chat/completions", "https://llm.example.com/openai/v1"),
        ("https://llm.example.com/proxy", "https://llm.example.com/proxy/v1"),
    ],
)
def test_where_the_api_answers_is_offered_and_not_applied(typed: str, right: str, key: str) -> None:
    made = run(host(right, typed), "missing path", key=key)
    assert made.verdict.outcome is Outcome.CANNOT_TELL
    assert made.verdict.advice == f"The API answers at {right}: set that as base URL."


@pytest.mark.parametrize("base", [RIGHT, BARE, "https://llm.example.com/a/b/v1", "https://llm.example.com/v1beta"])
def test_the_right_url_is_green_with_and_without_v1_and_slash(base: str) -> None:
    assert run(host(base, "")).verdict.outcome is Outcome.VERIFIED
    assert run(host(base, base + "/"), "missing path").verdict.outcome is Outcome.VERIFIED


@pytest.mark.parametrize("key", [KEY, ""])
@pytest.mark.parametrize("stray", [HTML, UNEXPECTED, ProbeResponse(status=405), NOT_FOUND])
def test_every_way_to_say_not_here_leads_to_the_sibling(stray: ProbeResponse, key: str) -> None:
    right = host(RIGHT, BARE)

    def answer(ask: ProbeRequest) -> ProbeResponse:
        found = right.answer(ask, "right")
        return stray if found is NOT_FOUND or found.status == 404 else found

    verdict = drive(answer, "openai_compatible", BARE, key=key).verdict
    assert verdict.outcome is Outcome.CANNOT_TELL
    assert RIGHT in verdict.advice


@pytest.mark.parametrize("typed", [*(RIGHT + end for end in ENDPOINTS), *(BARE + end for end in ENDPOINTS)])
def test_a_pasted_endpoint_is_never_green_even_where_anything_answers(typed: str) -> None:
    def answer(ask: ProbeRequest) -> ProbeResponse:
        if KEY not in str(ask.headers):
            return ProbeResponse(status=401, json=OPENAI_401)
        return ProbeResponse(status=200, json={"data": []}) if ask.method == "GET" else ProbeResponse(status=400)

    made = drive(answer, "openai_compatible", typed)
    assert made.verdict.outcome is Outcome.CANNOT_TELL
    assert len(made.asks) <= 2
    assert made.verdict.openness == "unknown"


@pytest.mark.parametrize("typed", ["https://api.anthropic.com/v1/messages", "https://api.anthropic.com/messages"])
def test_a_pasted_endpoint_of_anthropic(typed: str) -> None:
    right = FakeHost(
        name="x",
        base="https://api.anthropic.com",
        elsewhere=typed,
        provider="anthropic",
        header="x-api-key",
        listing="https://api.anthropic.com/v1/models?limit=500",
    )
    verdict = run(right, "missing path").verdict
    assert verdict.outcome is Outcome.CANNOT_TELL
    assert verdict.advice == "The API answers at https://api.anthropic.com: set that as base URL."


@pytest.mark.parametrize("status", [401, 403])
def test_a_sibling_that_refuses_without_json_is_no_api(status: int) -> None:
    def answer(ask: ProbeRequest) -> ProbeResponse:
        return ProbeResponse(status=status) if "/v1/" in ask.url else NOT_FOUND

    verdict = drive(answer, "openai_compatible", BARE).verdict
    assert verdict.outcome is Outcome.CANNOT_TELL
    assert "answers at" not in verdict.advice


def test_nothing_anywhere_says_so() -> None:
    made = drive(lambda ask: NOT_FOUND, "openai_compatible", BARE)
    assert made.verdict.outcome is Outcome.CANNOT_TELL
    assert "neither a model listing nor a completion endpoint" in made.verdict.reason
    assert made.verdict.provider_message == "Not found"


@pytest.mark.parametrize(
    ("base", "others"),
    [
        (RIGHT, (BARE,)),
        (BARE, (RIGHT,)),
        (f"{RIGHT}/chat/completions", (RIGHT, BARE)),
        (f"{BARE}/messages", (BARE, RIGHT)),
        ("https://h/api/paas/v4", ()),
        ("https://h/api/paas/v4/chat/completions", ("https://h/api/paas/v4",)),
        ("https://h/v1beta/openai", ("https://h/v1beta/openai/v1",)),
        ("https://v1", ("https://v1/v1",)),
        ("https://messages", ("https://messages/v1",)),
        ("http://[::1]:8080/v1", ("http://[::1]:8080",)),
    ],
)
def test_siblings(base: str, others: tuple[str, ...]) -> None:
    assert sibling_base_urls(base) == others


SEGMENTS = st.lists(
    st.sampled_from(["v1", "v2", "models", "messages", "chat", "completions", "a", "openai"]), max_size=5
)


@given(SEGMENTS, st.sampled_from(["https://h.example", "http://127.0.0.1:8080", "https://[2001:db8::1]:444"]))
def test_no_sibling_leaves_the_scheme_host_and_port(segments: list[str], root: str) -> None:
    base = "/".join([root, *segments])
    assert url_origin(base) == root
    assert url_origin(base) + url_path(base) == base
    assert base.startswith(without_endpoint(base))
    others = sibling_base_urls(base)
    assert base not in others
    assert len(set(others)) == len(others) <= 2
    for other in others:
        assert urlsplit(other)[:2] == urlsplit(base)[:2]
        try:
            assert canonical_url(other) == other
        except Refused as refused:  # it would be offered in vain
            raise AssertionError(other) from refused
