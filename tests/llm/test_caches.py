"""A cache in front of a server: what it repeats proves no key, however it says that it is one.

It keys what it keeps by `Authorization`, as caches do where a server sends `Vary: Authorization`: each key gets its own
answer back, also after the server took the key back.
"""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credstore.probe import Outcome, ProbeRequest, ProbeResponse
from tests.llm.driving import Responder
from tests.llm.generated_servers import MODELS, REFUSALS, RIGHT, WANTING, error, key_of
from tests.llm.memory import Memory, try_key

LISTED = ProbeResponse(status=200, json=MODELS)
REVOKED = "sk-proj-Zz9Yy8Xx7Ww6Vv5Uu4Tt3Ss2"
SAYS = st.sampled_from(
    [
        {"x-cache": "HIT", "age": "120"},
        {"age": "1"},
        {"cf-cache-status": "HIT"},
        {"cache-status": "edge; hit; ttl=30"},
        {"x-cache": "Hit from cloudfront"},
    ]
)


def behind_cache(
    says: dict[str, str], refusal: ProbeResponse, posted: ProbeResponse | None, *, ignores_query: bool
) -> Responder:
    """A server that accepts RIGHT alone; its cache kept a listing for REVOKED and RIGHT.

    `posted` is what completions answer to any key; None: they judge keys too.
    """
    kept = {("https://x.example/v1/models", key): LISTED for key in (RIGHT, REVOKED)}

    def origin(ask: ProbeRequest) -> ProbeResponse:
        if ask.method == "POST":
            return posted or (WANTING[0] if key_of(ask) == RIGHT else refusal)
        return LISTED if key_of(ask) == RIGHT else refusal

    def respond(ask: ProbeRequest) -> ProbeResponse:
        place = (re.sub(r"\?.*", "", ask.url) if ignores_query else ask.url, key_of(ask))
        if ask.method != "GET" or place not in kept:
            answer = origin(ask)
            if ask.method == "GET":
                kept[place] = answer
            return answer
        return ProbeResponse(status=kept[place].status, headers=says, json=kept[place].json)

    return respond


@given(SAYS, st.sampled_from(REFUSALS), st.sampled_from([None, *WANTING, error(404)]), st.booleans(), st.booleans())
def test_a_revoked_key_that_a_cache_still_lists_models_for_is_not_accepted(
    says: dict[str, str], refusal: ProbeResponse, posted: ProbeResponse | None, ignores_query: bool, control: bool
) -> None:
    server, memory = behind_cache(says, refusal, posted, ignores_query=ignores_query), Memory()
    memory.keys[REVOKED] = "gated"  # proven yesterday
    for known in (memory, Memory()):
        outcome = try_key(server, REVOKED, known, control=control).verdict.outcome
        assert outcome in {Outcome.REJECTED, Outcome.CANNOT_TELL, Outcome.KEY_NOT_CHECKED}, outcome


@given(st.sampled_from(REFUSALS), st.sampled_from([None, *WANTING, error(404)]))
def test_nor_does_a_cache_that_does_not_tell_make_a_revoked_key_green(
    refusal: ProbeResponse, posted: ProbeResponse | None
) -> None:
    server, memory = behind_cache({}, refusal, posted, ignores_query=False), Memory()
    assert try_key(server, REVOKED).verdict.outcome is Outcome.CANNOT_TELL
    memory.keys[REVOKED] = "gated"
    outcome = try_key(server, REVOKED, memory).verdict.outcome
    assert outcome in {Outcome.REJECTED, Outcome.CANNOT_TELL, Outcome.KEY_NOT_CHECKED}


@given(SAYS, st.sampled_from(REFUSALS), st.sampled_from([None, *WANTING, error(404)]), st.booleans())
def test_a_right_key_behind_a_cache_is_never_red_and_can_be_proven(
    says: dict[str, str], refusal: ProbeResponse, posted: ProbeResponse | None, ignores_query: bool
) -> None:
    server, memory = behind_cache(says, refusal, posted, ignores_query=ignores_query), Memory()
    first = try_key(server, RIGHT, memory).verdict
    assert first.outcome.mark == "unsure"
    second = try_key(server, RIGHT, memory).verdict
    assert second.outcome.mark != "fail"
    if not ignores_query and posted is None:
        assert first.outcome is Outcome.ACCEPTED_UNPROVEN
        assert second.outcome is Outcome.VERIFIED
    elif ignores_query:
        assert "A cache answered" in first.reason


@given(SAYS, st.sampled_from([1, 2, 3]), st.sampled_from(REFUSALS))
def test_no_request_of_the_control_may_be_answered_by_a_cache(
    says: dict[str, str], cached: int, refusal: ProbeResponse
) -> None:
    """Accept, refuse, refuse, accept, of which a cache gave one."""
    count = [-1]

    def server(ask: ProbeRequest) -> ProbeResponse:
        count[0] += 1
        answer = LISTED if key_of(ask) == RIGHT else refusal
        headers = says if count[0] == cached else {}
        return ProbeResponse(status=answer.status, headers=headers, json=answer.json)

    verdict = try_key(server, RIGHT).verdict
    assert verdict.outcome is Outcome.CANNOT_TELL
    assert "A cache answered" in verdict.reason


@pytest.mark.parametrize("status", ["DYNAMIC", "MISS", "BYPASS"])
def test_a_cache_that_let_the_request_through_takes_no_proof_away(status: str) -> None:
    def server(ask: ProbeRequest) -> ProbeResponse:
        answer = LISTED if key_of(ask) == RIGHT else REFUSALS[0]
        return ProbeResponse(status=answer.status, headers={"cf-cache-status": status, "age": "0"}, json=answer.json)

    assert try_key(server, RIGHT).verdict.outcome is Outcome.VERIFIED
