"""What is learned of a host, what that saves, and what happens when it is no longer so."""

from collections.abc import Callable

import pytest

from credstore.probe import Json, Openness, Outcome, ProbeRequest, ProbeResponse
from tests.llm.fake_host import KEY, NEEDS_MODEL, NOT_FOUND, ONE_MODEL, OPENAI_401, WRONG, FakeHost, drive, run

BASE = "https://llm.example.com/v1"
LISTED = ProbeResponse(status=200, json=ONE_MODEL)
REFUSED = ProbeResponse(status=401, json=OPENAI_401)


def host(*gates: str, **rest: object) -> FakeHost:
    return FakeHost(name="x", base=BASE, elsewhere="https://llm.example.com", gates=frozenset(gates), **rest)  # type: ignore[arg-type]


GATED, OPEN, NO_LISTING = host("listing", "completion"), host("completion"), host("completion", lists=False)
LOCAL = FakeHost(name="x", base="http://127.0.0.1:1/v1", elsewhere="", gates=frozenset())


@pytest.mark.parametrize(
    ("row", "openness", "proven", "key", "asks", "outcome", "learned"),
    [
        (GATED, "unknown", False, KEY, 4, Outcome.VERIFIED, "gated"),
        (GATED, "unknown", False, WRONG, 2, Outcome.REJECTED, "unknown"),  # perhaps it refuses every key
        (GATED, "gated", True, KEY, 1, Outcome.VERIFIED, "gated"),
        (GATED, "gated", False, KEY, 4, Outcome.VERIFIED, "gated"),  # what was proven of another key
        (GATED, "gated", False, WRONG, 2, Outcome.REJECTED, "unknown"),
        (GATED, "gated", True, WRONG, 2, Outcome.REJECTED, "unknown"),  # revoked since
        (GATED, "open", False, KEY, 4, Outcome.VERIFIED, "open"),
        (GATED, "erratic", False, KEY, 4, Outcome.CANNOT_TELL, "erratic"),
        (GATED, "erratic", False, WRONG, 2, Outcome.REJECTED, "erratic"),
        (OPEN, "unknown", False, KEY, 4, Outcome.ACCEPTED_UNPROVEN, "open"),
        (OPEN, "unknown", False, WRONG, 4, Outcome.REJECTED, "open"),
        (OPEN, "open", False, KEY, 4, Outcome.VERIFIED, "open"),
        (OPEN, "open", True, KEY, 2, Outcome.VERIFIED, "open"),
        (OPEN, "open", False, WRONG, 2, Outcome.REJECTED, "open"),
        (OPEN, "open", True, WRONG, 2, Outcome.REJECTED, "open"),
        (OPEN, "gated", False, KEY, 4, Outcome.ACCEPTED_UNPROVEN, "open"),
        (NO_LISTING, "unknown", False, KEY, 3, Outcome.ACCEPTED_UNPROVEN, "open"),
        (NO_LISTING, "open", False, KEY, 4, Outcome.VERIFIED, "open"),
        (NO_LISTING, "open", True, KEY, 2, Outcome.VERIFIED, "open"),
        (NO_LISTING, "gated", True, KEY, 3, Outcome.ACCEPTED_UNPROVEN, "open"),
        (LOCAL, "unknown", False, KEY, 4, Outcome.KEY_NOT_CHECKED, "unknown"),
        (LOCAL, "open", False, KEY, 2, Outcome.KEY_NOT_CHECKED, "unknown"),
        (LOCAL, "open", True, KEY, 2, Outcome.KEY_NOT_CHECKED, "unknown"),
    ],
)
def test_what_is_learned_and_what_it_saves(
    row: FakeHost, openness: Openness, key: str, *, proven: bool, asks: int, outcome: Outcome, learned: Openness
) -> None:
    made = run(row, openness=openness, key_proven=proven, key=key)
    assert (made.verdict.outcome, len(made.asks), made.verdict.openness) == (outcome, asks, learned)
    assert made.verdict.key_proven is (outcome is Outcome.VERIFIED)


def test_a_proof_of_an_earlier_test_is_said_to_be_one() -> None:
    assert "in the last day" in run(GATED, openness="gated", key_proven=True).verdict.reason
    assert "in the last day" in run(OPEN, openness="open", key_proven=True).verdict.reason
    assert "in the last day" not in run(GATED).verdict.reason


def test_a_limited_key_is_told_by_a_control_even_where_it_was_proven() -> None:
    made = run(GATED, "limited", openness="gated", key_proven=True)
    assert made.verdict.outcome is Outcome.ACCEPTED_LIMITED
    assert len(made.asks) == 4


def test_a_listing_that_became_public_is_learned_anew_on_a_known_public_server() -> None:
    answer = ProbeResponse(status=200, json=ONE_MODEL, headers={"server": "llama.cpp"})
    verdict = drive(lambda ask: answer, "openai_compatible", BASE, openness="gated", key_proven=True).verdict
    assert (verdict.outcome, verdict.openness, verdict.key_proven) == (Outcome.CANNOT_TELL, "unknown", False)


@pytest.mark.parametrize("base", ["https://openrouter.ai/api/v2", "https://ollama.com/api/v1", "https://api.venice.ai"])
def test_a_known_public_listing_on_another_path_is_no_proof_either(base: str) -> None:
    verdict = drive(lambda ask: LISTED, "openai_compatible", base, openness="gated", key_proven=True).verdict
    assert (verdict.outcome, verdict.openness) == (Outcome.CANNOT_TELL, "unknown")


@pytest.mark.parametrize(("openness", "asks"), [("unknown", 4), ("gated", 4), ("erratic", 4), ("open", 1)])
def test_the_search_for_the_api_stays_within_the_budget(openness: Openness, asks: int) -> None:
    """A URL with two likely siblings, and nothing anywhere."""
    made = drive(lambda ask: NOT_FOUND, "openai_compatible", f"{BASE}/models", openness=openness)
    assert (made.verdict.outcome, len(made.asks)) == (Outcome.CANNOT_TELL, asks)


@pytest.mark.parametrize("openness", ["unknown", "open"])
def test_any_key_is_not_claimed_of_a_host_on_the_internet(openness: Openness) -> None:
    """It may find the request wanting before it looks at the key."""
    verdict = run(host(), openness=openness).verdict
    assert verdict.outcome is Outcome.KEY_NOT_CHECKED
    assert "takes any key" not in verdict.reason
    assert "it checked neither" in verdict.reason


def test_a_completion_endpoint_that_is_gone_is_learned_anew() -> None:
    verdict = drive(lambda ask: NOT_FOUND, "openai_compatible", BASE, openness="open").verdict
    assert (verdict.outcome, verdict.openness) == (Outcome.CANNOT_TELL, "unknown")


@pytest.mark.parametrize(
    ("openness", "proven"),
    [("unknown", False), ("open", False), ("erratic", False), ("gated", True), ("open", True)],
)
@pytest.mark.parametrize("status", [301, 429, 500, 503, 418])
def test_trouble_neither_learns_nor_forgets(openness: Openness, status: int, *, proven: bool) -> None:
    broken = ProbeResponse(status=status)
    verdict = drive(lambda ask: broken, "openai_compatible", BASE, openness=openness, key_proven=proven).verdict
    assert verdict.outcome.mark == "unsure"
    assert (verdict.openness, verdict.key_proven) == (openness, proven)


@pytest.mark.parametrize("control", [429, 500, 302])
def test_a_control_without_a_clear_answer_proves_nothing(control: int) -> None:
    def answer(ask: ProbeRequest) -> ProbeResponse:
        return LISTED if KEY in str(ask.headers) else ProbeResponse(status=control)

    verdict = drive(answer, "openai_compatible", BASE).verdict
    assert (verdict.outcome, verdict.openness) == (Outcome.CANNOT_TELL, "unknown")


@pytest.mark.parametrize(
    "refusal",
    [
        REFUSED,
        ProbeResponse(status=401),
        ProbeResponse(status=403, json={"message": "Forbidden"}),
        ProbeResponse(status=403, json={"error": {"code": 403}}),
        ProbeResponse(status=400, json={"error": {"message": "API key not valid."}}),
        ProbeResponse(status=400, json={"detail": "bad"}),
        ProbeResponse(status=403, json={"error": {"type": "permission_error"}}),
        ProbeResponse(status=200, json={"error": {"code": 401, "message": "No auth"}}),
    ],
)
def test_however_a_made_up_key_is_refused_the_listing_is_proof(refusal: ProbeResponse) -> None:
    def answer(ask: ProbeRequest) -> ProbeResponse:
        return LISTED if KEY in str(ask.headers) else refusal

    verdict = drive(answer, "openai_compatible", BASE).verdict
    assert (verdict.outcome, verdict.openness) == (Outcome.VERIFIED, "gated")


@pytest.mark.parametrize("status", [400, 403])
@pytest.mark.parametrize("body", [None, {}, [], "no", {"error": None}, {"error": {}}, {"error": " "}, {"ray": "1"}])
def test_what_a_firewall_may_have_answered_to_a_made_up_key_is_no_refusal(status: int, body: Json) -> None:
    def answer(ask: ProbeRequest) -> ProbeResponse:
        return LISTED if KEY in str(ask.headers) else ProbeResponse(status=status, json=body, body_start=b"<html>")

    verdict = drive(answer, "openai_compatible", BASE).verdict
    assert (verdict.outcome, verdict.openness) == (Outcome.CANNOT_TELL, "unknown")
    assert ("firewall" in verdict.reason) is (body is None), "JSON that was not understood is no firewall's"
    assert "minute" not in verdict.advice


def test_ollama_behind_https_is_not_remembered_by_what_it_showed() -> None:
    shown = {"data": [{"id": "m", "owned_by": "library"}]}
    row = host(models=shown)
    verdict = run(row).verdict
    assert (verdict.outcome, verdict.openness) == (Outcome.KEY_NOT_CHECKED, "unknown")
    assert verdict.reason.startswith("Ollama at llm.example.com")


@pytest.mark.parametrize("answer", [lambda ask: LISTED, lambda ask: NEEDS_MODEL, lambda ask: REFUSED])
def test_the_made_up_key_has_the_shape_and_never_the_value(answer: Callable[[ProbeRequest], ProbeResponse]) -> None:
    for ask in drive(answer, "openai_compatible", BASE).asks:
        key = ask.headers["Authorization"].removeprefix("Bearer ")
        assert len(key) == len(KEY)
        assert key.startswith("sk-")
