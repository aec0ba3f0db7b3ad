"""Errors in any shape: the words that call a key wrong are found wherever a vendor puts them, and nothing else is."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credstore.credential_types.llm.response_meaning import Meaning, classify, provider_message
from credstore.credential_types.llm.single_response_verdicts import CHECK_URL
from credstore.probe import Outcome, ProbeRequest, ProbeResponse
from tests.llm.driving import KEY, LOCAL, REMOTE, carries, drive, probe, server

BAD_KEY = (
    "Incorrect API key provided",
    "API key not found. Please pass a valid API key.",
    "invalid_api_key",
    "API_KEY_INVALID",
    "InvalidApiKey",
    "invalid x-api-key",
    "Please pass a valid API key",
    "No connected db.",
    "Invalid access token",
    "authentication failed",
)
NO_CREDIT = ("billing_not_active", "insufficient_quota", "Your credit balance is too low", "Insufficient Balance")
ADDRESS = ("ip_not_authorized", "Your IP is not authorized", "IP address 10.0.0.1 is not allowed", "blocked IP")
BUSY = ("Too many requests", "Duplicate request", "rate_limit_exceeded", "IP blocked: too many attempts")
NAMES = (
    "error",
    "errors",
    "message",
    "msg",
    "detail",
    "details",
    "title",
    "description",
    "error_description",
    "reason",
)

Wrap = Callable[[Any], Any]


def named(name: str) -> Wrap:
    return lambda inner: {name: inner}


def cased(name: str) -> st.SearchStrategy[str]:
    return st.sampled_from([name, name.upper(), name.capitalize()])


names = st.sampled_from(NAMES).flatmap(cased)
wraps = names.map(named)
listed = names.map(lambda name: lambda inner: {name: [inner, {"other": 1}]})
# How an error is written: a name around the text, in up to two objects or arrays, in an array or not.
shapes = st.tuples(wraps, st.lists(wraps | listed, max_size=2), st.booleans())
spellings = st.sampled_from([str, str.upper, quote, quote_plus, lambda text: text.replace(" ", "  ")])
bases = st.sampled_from([LOCAL, REMOTE])


def written(text: str, shape: tuple[Wrap, list[Wrap], bool]) -> Any:
    inner, outer, array = shape
    json = inner(text)
    for wrap in outer:
        json = wrap(json)
    return [json] if array else json


@given(st.sampled_from(BAD_KEY), shapes, spellings, st.sampled_from([400, 401, 403]))
def test_a_bad_key_is_one_in_every_shape(text: str, shape: Any, spelling: Callable[[str], str], status: int) -> None:
    if spelling is str.upper:
        text = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", text)  # capitals alone tell no words apart
    answer = ProbeResponse(status=status, json=written(spelling(text), shape))
    assert classify(answer) is Meaning.REFUSED
    assert provider_message(answer) == spelling(text)


@given(st.sampled_from(NO_CREDIT), shapes, spellings, st.sampled_from([400, 401, 402, 403, 429]), bases)
def test_no_credit_is_no_fault_of_the_key_in_every_shape(
    text: str, shape: Any, spelling: Callable[[str], str], status: int, base: str
) -> None:
    answer = ProbeResponse(status=status, json=written(spelling(text), shape))
    assert classify(answer) is Meaning.NO_CREDIT
    run = drive(probe("openai_compatible", base_url=base), lambda ask: answer)
    assert run.verdict.outcome is Outcome.PROVIDER_TROUBLE
    assert "credit" in run.words


@given(st.sampled_from(ADDRESS + BUSY), shapes, st.sampled_from([401, 403]), bases)
def test_a_refused_address_or_a_locked_out_one_is_no_red_for_the_key(
    text: str, shape: Any, status: int, base: str
) -> None:
    answer = ProbeResponse(status=status, json=written(text, shape))
    run = drive(probe("openai_compatible", base_url=base), lambda ask: answer)
    assert run.verdict.outcome.mark == "unsure"
    assert ("IP address of this machine" in run.verdict.reason) is (text in ADDRESS)


@given(st.sampled_from(ADDRESS + BUSY), shapes, st.sampled_from([401, 403]), bases)
def test_nor_does_it_refuse_a_made_up_key(text: str, shape: Any, status: int, base: str) -> None:
    listed = ProbeResponse(status=200, json={"data": [{"id": "m"}]})
    refusal = ProbeResponse(status=status, json=written(text, shape))
    run = drive(probe("openai_compatible", base_url=base), server(listing=(listed, refusal), completion=(listed,) * 2))
    assert run.verdict.outcome.mark == "unsure"


leaves = st.none() | st.booleans() | st.integers() | st.text(max_size=6)
trees = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
)


@given(trees.filter(lambda json: json is not None), st.sampled_from([400, 403]), bases, st.booleans())
def test_json_that_is_not_understood_is_never_called_a_firewalls(
    json: Any, status: int, base: str, for_the_control: bool
) -> None:
    listed = ProbeResponse(status=200, json={"data": [{"id": "m"}]})
    odd = ProbeResponse(status=status, json=json)

    def answer(ask: ProbeRequest) -> ProbeResponse:
        return listed if for_the_control and carries(ask.headers, KEY) else odd

    assert "firewall" not in drive(probe("openai_compatible", base_url=base), answer).words


@given(shapes, st.sampled_from([400, 401, 403, 409, 418, 422, 429]), st.text("abc ", min_size=1), bases)
def test_after_an_api_answered_the_base_url_is_not_doubted(shape: Any, status: int, text: str, base: str) -> None:
    answer = ProbeResponse(status=status, json=written(f"w{text}", shape))
    assert CHECK_URL not in drive(probe("openai_compatible", base_url=base), lambda ask: answer).words


@pytest.mark.parametrize(
    ("status", "json", "words"),
    [
        (400, [{"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT"}}], "API key not"),
        (400, {"error": {"code": 400, "details": [{"reason": "API_KEY_INVALID"}]}}, "API_KEY_INVALID"),
        (
            400,
            {"error": {"message": "No connected db.", "type": "no_db_connection", "code": "400"}},
            "No connected db.",
        ),
        (403, {"success": False, "errors": [{"code": 10000, "message": "Authentication failed"}]}, "Authentication f"),
        (403, {"Message": "Invalid API Key"}, "Invalid API Key"),
        (401, {"detail": {"error": "Invalid API key"}}, "Invalid API key"),
        (400, {"error": "Invalid%20API%20key"}, "Invalid%20API%20key"),
        (200, {"code": 401, "msg": "invalid api key", "success": False}, "invalid api key"),
        (200, {"error": {"message": "Invalid API key"}}, "Invalid API key"),
    ],
)
def test_the_shapes_of_real_vendors(status: int, json: Any, words: str) -> None:
    answer = ProbeResponse(status=status, json=json)
    assert classify(answer) is Meaning.REFUSED
    assert provider_message(answer).startswith(words)


@pytest.mark.parametrize("text", ["you must provide a model parameter", "max_tokens is invalid", "Invalid JSON token"])
def test_what_is_wrong_with_a_request_is_not_wrong_with_its_key(text: str) -> None:
    assert classify(ProbeResponse(status=400, json={"error": {"message": text}})) is Meaning.BAD_REQUEST


@given(st.integers(0, 30), st.sampled_from([400, 401]))
def test_what_is_asked_of_the_text_is_found_at_any_depth_that_is_read(depth: int, status: int) -> None:
    json: Any = "Incorrect API key provided"
    for _ in range(depth):
        json = {"error": json}
    meaning = classify(ProbeResponse(status=status, json=json))
    assert meaning is Meaning.REFUSED or (status == 400 and (depth == 0 or depth > 6))
