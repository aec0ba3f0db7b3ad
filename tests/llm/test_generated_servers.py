"""The laws of the check, over servers made up at random: no wrong key is green, and no right key red.

A server is a function of method, path, key and history (`generated_servers`); a test is driven without a network, with
what earlier tests of the same destination learned (`memory`).
"""

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credstore.credential_types.llm.single_response_verdicts import CHECK_URL
from credstore.probe import Outcome, ProbeRequest, ProbeResponse
from tests.llm.driving import Run
from tests.llm.generated_servers import (
    FIREWALL,
    LAYERS,
    MODELS,
    REFUSALS,
    RIGHT,
    TURNED_AWAY,
    WANTING,
    Labelled,
    Server,
    any_server,
    error,
    key_of,
    wrong_key,
)
from tests.llm.memory import BASE, Memory, try_key

BASES = (BASE, BASE, BASE, BASE, BASE, BASE, "https://x.example", "https://x.example", "http://127.0.0.1:1/v1")
# Also as people paste them: the listing, or the completion endpoint, as base URL.
BASES += tuple(f"{base}{end}" for base in BASES[-3:] for end in ("/models", "/chat/completions"))
DRAWS, CHUNKS = 20_000, 8
# A guard that answers 401 to a request without a look at its key cannot be told from a server that refuses the key.
WITHOUT_401: tuple[Labelled, ...] = tuple(answer for answer in TURNED_AWAY if answer[1].status != 401)


def hold_the_laws(rng: Random) -> None:
    """Draw one server, test one to three keys there one after the other, and assert what must hold for any server."""
    exact = rng.random() < 0.3
    judge, guards = (rng.choice(("exact", "before routing")), WITHOUT_401) if exact else ("", TURNED_AWAY)
    server, memory, base = any_server(rng, judge, turned_away=guards), Memory(), rng.choice(BASES)
    for _ in range(rng.randint(1, 3)):
        key = RIGHT if rng.random() < 0.4 else wrong_key(rng)
        before = len(server.diary)
        run = try_key(server, key, memory, base=base)  # which asserts: four requests at most, none with a body
        if run.verdict.outcome.mark == "pass":
            proved(server, key)
        assert not (exact and key == RIGHT and run.verdict.outcome is Outcome.REJECTED), run
        answers = zip(run.asks, server.diary[before:], strict=True)
        if any(ask.url.startswith(base) and key_answered(ask, key, *said) for ask, said in answers):
            assert CHECK_URL not in run.verdict.advice, "an API answered at this base URL"


def key_answered(ask: ProbeRequest, key: str, asked: str, label: str, status: int) -> bool:
    """Whether an API accepted or refused this key, and that not by a 404."""
    return asked == key and label != "other" and status != 404 and not ask.purpose.startswith("Look for")


def proved(server: Server, key: str) -> None:
    accepted = [label for asked, label, _ in server.diary if asked == key].count("yes")
    refused = {asked for asked, label, _ in server.diary if asked != key and label == "no"}
    assert accepted >= 2, (server, key)
    assert len(refused) >= 2, (server, key)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_a_green_has_its_proof_and_a_right_key_is_never_red(chunk: int) -> None:
    for seed in range(chunk, DRAWS, CHUNKS):
        try:
            hold_the_laws(Random(seed))
        except AssertionError as broken:
            raise AssertionError(f"with the server of seed {seed}") from broken


@settings(max_examples=200, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_same_with_servers_that_shrink(rng: Random) -> None:
    hold_the_laws(rng)


# Which requests a guard turns away, whatever their key: by their number, from 0.
SCHEDULES: dict[str, Callable[[int], bool]] = {
    "none": lambda number: False,
    "the first": lambda number: number == 0,
    "all but the first": lambda number: number > 0,
    "from the third on": lambda number: number > 1,
    "from the fourth on": lambda number: number > 2,
    "odd ones": lambda number: number % 2 == 1,
    "even ones": lambda number: number % 2 == 0,
}


@settings(max_examples=400, deadline=None)
@given(
    st.randoms(use_true_random=False),
    st.sampled_from(sorted(SCHEDULES)),
    st.sampled_from(REFUSALS + tuple(answer for _, answer in TURNED_AWAY)),
    st.sampled_from(BASES),
)
def test_an_open_server_behind_any_guard_is_never_green(
    rng: Random, schedule: str, guard: ProbeResponse, base: str
) -> None:
    server, count, memory = any_server(rng, "nothing"), [0], Memory()

    def guarded(ask: ProbeRequest) -> ProbeResponse:
        count[0] += 1
        return guard if SCHEDULES[schedule](count[0] - 1) else server(ask)

    for _ in range(3):
        assert try_key(guarded, RIGHT, memory, base=base).verdict.outcome.mark != "pass"


def plain(judge: str, **options: object) -> Server:
    """A server with a listing and a completion endpoint, and nothing in front of it."""
    server = any_server(Random(1), judge, ())
    server.routes = frozenset({"listing", "completion"})
    server.empty_list, server.refusal, server.wanting = False, REFUSALS[0], WANTING[0]
    for name, value in options.items():
        setattr(server, name, value)
    return server


@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize("empty_list", [False, True])
def test_the_first_test_of_a_host_is_green_for_yes_no_no_yes_and_red_for_a_wrong_key(
    refusal: ProbeResponse, empty_list: bool
) -> None:
    server = plain("exact", refusal=refusal, empty_list=empty_list)
    run = try_key(server, RIGHT)
    assert run.verdict.outcome is Outcome.VERIFIED
    assert [label for _, label, _ in server.diary] == ["yes", "no", "no", "yes"]
    first, second, third, last = (key for key, _, _ in server.diary)
    assert first == last == RIGHT
    assert len({first, second, third}) == 3
    wrong = try_key(server, "sk-proj-" + "Zz9" * 8).verdict.outcome
    # An empty list, or a 403 without words, refuses only in comparison.
    assert wrong in ({Outcome.REJECTED} if refusal.status == 401 and not empty_list else {wrong} - {Outcome.VERIFIED})


@pytest.mark.parametrize("wanting", WANTING[:2])
@pytest.mark.parametrize(
    "server",
    [
        plain("per path", paths={"listing": "nothing", "completion": "exact"}),
        plain("per path", paths={"listing": "form", "completion": "exact"}),
        plain("per path", paths={"listing": "closed", "completion": "exact"}),
        plain("exact", routes=frozenset({"completion"})),
    ],
    ids=["open listing", "listing judges the form", "closed listing", "no listing"],
)
def test_where_completions_judge_the_first_test_accepts_and_the_second_proves(
    server: Server, wanting: ProbeResponse
) -> None:
    server.wanting, memory = wanting, Memory()
    first = try_key(server, RIGHT, memory).verdict
    assert (first.outcome, first.openness) == (Outcome.ACCEPTED_UNPROVEN, "open")
    assert first.advice.startswith("Test again")
    second = try_key(server, RIGHT, memory)
    assert (second.verdict.outcome, len(second.asks)) == (Outcome.VERIFIED, 4)
    third = try_key(server, RIGHT, memory)
    assert (third.verdict.outcome, len(third.asks)) == (Outcome.VERIFIED, 2)
    assert try_key(server, "sk-proj-" + "Zz9" * 8, memory).verdict.outcome is Outcome.REJECTED
    assert try_key(server, "sk-proj-" + "Zz9" * 8, Memory()).verdict.outcome is Outcome.REJECTED


@settings(deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from(["form", "prefix", "nothing"]), st.sampled_from(BASES))
def test_a_server_that_looks_at_the_form_only_checks_no_key(rng: Random, judge: str, base: str) -> None:
    server = plain(judge, prefix=rng.randint(1, len(RIGHT) - 12), wanting=rng.choice(WANTING))
    made = RIGHT[:-9] + "".join(rng.choice("ABC") + rng.choice("xyz") + rng.choice("123") for _ in range(3))
    for key in (RIGHT, made):
        run = try_key(server, key, base=base)
        if base.endswith("/v1"):
            assert run.verdict.outcome is Outcome.KEY_NOT_CHECKED, run.verdict
        assert run.verdict.outcome.mark == "unsure"
        assert ("takes any key" in run.verdict.reason) is (base == "http://127.0.0.1:1/v1")


@given(st.sampled_from(FIREWALL + WANTING), st.sampled_from(BASES), st.booleans())
def test_a_missing_listing_never_costs_a_fifth_request(posted: ProbeResponse, base: str, control: bool) -> None:
    """`try_key` asserts the number of requests. Whatever is posted is answered so, to any key."""

    def server(ask: ProbeRequest) -> ProbeResponse:
        return posted if ask.method == "POST" else error(404, "Not found")

    try_key(server, RIGHT, base=base, control=control)


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False))
def test_what_was_proven_of_one_key_makes_no_other_green(rng: Random) -> None:
    """A server that judged keys yesterday may be open today, or a cache may stand before it."""
    server, memory = plain("exact", refusal=rng.choice(REFUSALS)), Memory()
    assert try_key(server, RIGHT, memory).verdict.outcome is Outcome.VERIFIED
    again = try_key(server, RIGHT, memory)
    assert (again.verdict.outcome, len(again.asks)) == (Outcome.VERIFIED, 1)
    assert "in the last day" in again.verdict.reason
    server.judge = rng.choice(("nothing", "form"))
    for _ in range(3):
        assert try_key(server, wrong_key(rng), memory).verdict.outcome.mark != "pass"


def coin(rng: Random, luck: float) -> Callable[[ProbeRequest], ProbeResponse]:
    """Accepts or refuses at random, whatever the key."""

    def answer(ask: ProbeRequest) -> ProbeResponse:
        if rng.random() >= luck:
            return REFUSALS[0]
        return WANTING[0] if ask.method == "POST" else ProbeResponse(status=200, json=MODELS)

    return answer


def greens(runs: list[Run]) -> int:
    return sum(run.verdict.outcome.mark == "pass" for run in runs)


@pytest.mark.parametrize("luck", [0.1, 0.3, 0.5, 0.7, 0.9])
@pytest.mark.parametrize("seed", range(3))
def test_of_1000_wrong_keys_at_a_server_that_answers_at_random_at_most_10_are_green(luck: float, seed: int) -> None:
    rng, memory = Random(seed), Memory()
    server = coin(rng, luck)
    assert greens([try_key(server, wrong_key(rng), memory) for _ in range(1000)]) <= 10


def test_of_1000_servers_that_answer_anything_at_random_at_most_10_are_green_at_first() -> None:
    rng = Random(7)
    listed = ProbeResponse(status=200, json=MODELS)
    answers = (listed, *REFUSALS[:3], WANTING[0], WANTING[2], error(429), error(500), *FIREWALL)
    assert greens([try_key(lambda ask: rng.choice(answers), wrong_key(rng)) for _ in range(1000)]) <= 10


def test_four_tosses_of_a_coin_are_all_that_a_first_test_can_ask_for() -> None:
    """One coin in sixteen fits; what a destination contradicted is remembered, so that it does not go on so."""
    rng = Random(11)
    assert 30 < greens([try_key(coin(rng, 0.5), wrong_key(rng)) for _ in range(1000)]) < 100


@settings(max_examples=300, deadline=None)
@given(st.randoms(use_true_random=False))
def test_without_control_no_made_up_key_is_sent_and_nothing_is_green(rng: Random) -> None:
    server, memory, base = any_server(rng), Memory(), rng.choice(BASES)
    for key in (RIGHT, wrong_key(rng)):
        run = try_key(server, key, memory, base=base, control=False)
        assert {key_of(ask) for ask in run.asks} == {key}
        assert run.verdict.outcome.mark != "pass"


def test_without_control_an_accepted_key_is_called_so() -> None:
    memory = Memory()
    assert try_key(plain("exact"), RIGHT, memory).verdict.outcome is Outcome.VERIFIED
    run = try_key(plain("exact"), RIGHT, memory, control=False)
    assert (run.verdict.outcome, len(run.asks)) == (Outcome.ACCEPTED_UNPROVEN, 1)
    assert run.verdict.outcome.label == "Accepted, not proven"
    assert try_key(plain("exact"), "sk-proj-" + "Zz9" * 8, control=False).verdict.outcome is Outcome.REJECTED


@pytest.mark.parametrize("routes", [{"listing", "completion"}, {"completion"}])
@pytest.mark.parametrize("judge", ["exact", "before routing"])
def test_a_right_key_is_not_red_where_one_of_two_servers_refuses_all(routes: set[str], judge: str) -> None:
    """As where a load balancer has one backend that does not know the keys yet."""
    for odd in (0, 1):
        count, server = [odd], plain(judge, routes=frozenset(routes))

        def half(ask: ProbeRequest, count: list[int] = count, server: Server = server) -> ProbeResponse:
            count[0] += 1
            return REFUSALS[0] if count[0] % 2 else server(ask)

        assert try_key(half, RIGHT).verdict.outcome.mark == "unsure"


@given(st.sampled_from(REFUSALS[:2] + REFUSALS[4:5]))
def test_a_server_that_judges_keys_before_it_routes_shows_no_api(refusal: ProbeResponse) -> None:
    """Its 404 for the key and 401 for a made-up one tell of the key, not of an API at this address."""
    server = plain("before routing", refusal=refusal)
    run = try_key(server, RIGHT, base="https://x.example")
    assert run.verdict.outcome is Outcome.CANNOT_TELL
    assert "neither a model listing nor a completion endpoint" in run.verdict.reason
    assert "seems to know yours" in run.verdict.reason
    assert run.verdict.advice == f"The API answers at {BASE}: set that as base URL."
    server.routes = frozenset()
    assert try_key(server, RIGHT).verdict.outcome is Outcome.CANNOT_TELL


@pytest.mark.parametrize("layer", LAYERS)
def test_every_layer_stands_in_the_draw(layer: str) -> None:
    assert any(layer in any_server(Random(seed)).layers for seed in range(400))
