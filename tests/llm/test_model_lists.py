"""Which models a test lists, and whose they are; no request is sent for it."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credstore.credential_types.llm import providers
from credstore.credential_types.llm.model_lists import MOST_NAMES
from credstore.probe import ModelList, ProbeRequest, ProbeResponse, Verdict
from credstore.redaction import MASK
from credstore.tester import MODEL_LENGTH, MOST_MODELS, Tester
from tests.llm.driving import KEY, LOCAL, Run, carries, drive, probe, server

REFUSED = ProbeResponse(status=401, json={"error": {"message": "Incorrect API key"}})
INVALID = ProbeResponse(status=400, json={"error": {"message": "you must provide a model parameter"}})


def listing(*ids: str) -> ProbeResponse:
    return ProbeResponse(status=200, json={"data": [{"id": name} for name in ids]})


def listed(run: Run) -> tuple[int, tuple[str, ...], str] | None:
    found = run.verdict.models
    return found and (found.count, found.names, found.listed_for)


TWO = listing("gpt-5-mini", "gpt-5")
BOTH = ("gpt-5-mini", "gpt-5")


@pytest.mark.parametrize("slug", ["openai", "anthropic", "openai_compatible"])
def test_a_listing_that_refuses_made_up_keys_names_the_models_of_this_key(slug: str) -> None:
    run = drive(probe(slug, base_url=LOCAL), server(listing=(TWO, REFUSED), completion=(INVALID, REFUSED)))
    assert listed(run) == (2, BOTH, "this-key")
    assert len(run.asks) == 4
    assert run.outcome == "verified"


def test_a_proven_key_gets_its_list_by_one_request() -> None:
    provider = providers.by_slug("openai_compatible")
    assert provider is not None
    access = providers.Access(api_key=KEY, base_url=LOCAL, openness="gated", key_proven=True)
    run = drive(provider.probe(access), server(listing=(TWO, REFUSED), completion=(INVALID, REFUSED)))
    assert listed(run) == (2, BOTH, "this-key")
    assert len(run.asks) == 1


@pytest.mark.parametrize("completion", [(INVALID, REFUSED), (INVALID, INVALID), (REFUSED, REFUSED)])
def test_a_listing_that_takes_any_key_names_nobodys_models(completion: tuple[ProbeResponse, ProbeResponse]) -> None:
    run = drive(probe("openai_compatible", base_url=LOCAL), server(listing=(TWO, TWO), completion=completion))
    assert listed(run) == (2, BOTH, "any-key")


def test_what_was_not_asked_is_not_claimed() -> None:
    provider = providers.by_slug("openai_compatible")
    assert provider is not None
    access = providers.Access(api_key=KEY, base_url=LOCAL, control=False)
    run = drive(provider.probe(access), server(listing=(TWO, TWO), completion=(INVALID, INVALID)))
    assert listed(run) == (2, BOTH, "not-known")
    other = server(listing=(TWO, listing("another")), completion=(INVALID, INVALID))
    assert listed(drive(probe("openai_compatible", base_url=LOCAL), other)) == (2, BOTH, "not-known")


def test_a_server_without_keys_names_what_it_has() -> None:
    run = drive(probe("openai_compatible", key="", base_url=LOCAL), lambda _: TWO)
    assert listed(run) == (2, BOTH, "any-key")


@pytest.mark.parametrize(
    "answer", [REFUSED, ProbeResponse(status=500), ProbeResponse(status=404), ProbeResponse(status=200, json={"a": 1})]
)
def test_what_is_no_listing_names_no_models(answer: ProbeResponse) -> None:
    assert drive(probe("openai_compatible", base_url=LOCAL), lambda _: answer).verdict.models is None


def test_the_answer_of_a_hosts_own_check_is_no_list_of_models() -> None:
    told = ProbeResponse(status=200, json={"data": {"usage": 1, "limit": None, "limit_remaining": None}})
    run = drive(
        probe("openai_compatible", base_url="https://openrouter.ai/api/v1"),
        server(listing=(told, REFUSED), completion=(INVALID, REFUSED)),
    )
    assert run.outcome == "verified"
    assert run.verdict.models is None


def test_many_models_are_counted_and_five_hundred_named() -> None:
    many = listing(*(f"model-{n}" for n in range(1200)), "model-7")
    run = drive(
        probe("openai_compatible", base_url=LOCAL), server(listing=(many, REFUSED), completion=(INVALID, REFUSED))
    )
    assert run.verdict.models is not None
    assert run.verdict.models.count == 1200
    assert run.verdict.models.names == tuple(f"model-{n}" for n in range(MOST_NAMES))
    assert MOST_NAMES == MOST_MODELS == 500


class Listing:
    """The outbound client of a listing that judges the key, with these names."""

    def __init__(self, names: list[str]) -> None:
        self.names = names

    def send(self, request: ProbeRequest, *, deadline: float) -> ProbeResponse:
        return listing(*self.names) if carries(request.headers, KEY) else REFUSED


def cleaned(names: list[str], run: Callable[..., Verdict] | None = None) -> ModelList:
    verdict = Tester(Listing(names)).run(probe("openai_compatible", base_url=LOCAL), [KEY])
    assert verdict.models is not None
    return verdict.models


pieces = st.text(max_size=12) | st.sampled_from([KEY, KEY[3:14], "\x1b[31m", "\0", "\u202e", "\r\n", "gpt-5", "<b>"])
names = st.lists(pieces, min_size=1, max_size=4).map("".join)


@settings(deadline=None)
@given(st.lists(names | st.text(min_size=100, max_size=400), min_size=1, max_size=8))
def test_names_are_cut_and_cleaned_and_hold_no_secret(given_names: list[str]) -> None:
    found = cleaned(given_names)
    assert found.count == len(set(given_names))
    assert len(set(found.names)) == len(found.names) <= found.count
    for name in found.names:
        assert 0 < len(name) <= MODEL_LENGTH
        assert name.isprintable()
        assert MASK not in name
        assert KEY not in name
        assert KEY[3:14] not in name


def test_a_name_with_a_part_of_the_key_is_left_out_and_counted() -> None:
    found = cleaned(["gpt-5", f"echo-{KEY}", KEY[4:20], "gpt-5-mini"])
    assert found.names == ("gpt-5", "gpt-5-mini")
    assert found.count == 4


def test_a_long_list_is_cleaned_in_the_time_of_a_test() -> None:
    odd: list[Any] = [f"vendor/{n}/" + "x" * 110 for n in range(500)]
    assert len(cleaned(odd).names) == 500
