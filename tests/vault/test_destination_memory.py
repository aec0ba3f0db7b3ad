"""What the vault remembers of a destination, and of the very key that was proven there, and for how long."""

import base64
import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from hypothesis import assume, given
from hypothesis import strategies as st

from credstore.credential_types import by_slug
from credstore.credential_types.llm.declaration import Llm
from credstore.models import HostOpenness
from credstore.probe import Knowledge, Openness, Outcome, ProbeRequest, ProbeResponse, Verdict
from credstore.tester import Tester
from credstore.vault.destination_memory import (
    destination_hash,
    key_fingerprint,
    recall,
    remember,
    sealed_destination_hash,
)

BASE = "https://api.example.com/v1"
PROVEN = Knowledge(openness="gated", key_proven=True)
RIGHT, OTHER = "sk-right-0123456789abcdef", "sk-other-0123456789abcdef"


def asked(url: str = BASE) -> str:
    return destination_hash(Llm, {"provider_type": "openai_compatible", "base_url": url})


def later(**much: float) -> time_machine.travel:
    return time_machine.travel(datetime.now(UTC) + timedelta(**much), tick=False)


def test_a_proof_counts_for_the_very_key_at_the_very_destination_for_a_day(vault: Any) -> None:
    session = vault.store.session
    remember(session, asked(), "f1", PROVEN)
    assert recall(session, asked(), "f1") == PROVEN
    for place, fingerprint in ((asked(), "f2"), (asked(), ""), (asked("https://api.example.com:8443/v1"), "f1")):
        assert recall(session, place, fingerprint) == Knowledge()
    with later(hours=25):
        assert recall(session, asked(), "f1") == Knowledge()


CONTEXTS = st.fixed_dictionaries(
    {"provider_type": st.sampled_from(["openai", "openai_compatible", "anthropic"])},
    optional={
        "base_url": st.sampled_from(["", BASE, "https://api.example.com", "https://api.openai.com/v1"]),
        "organization_id": st.sampled_from(["", "org-a", "org-b"]),
        "test_control": st.sampled_from(["", "without"]),
    },
)


@given(CONTEXTS, CONTEXTS)
def test_the_memory_is_about_all_that_a_secret_is_bound_to(one: dict[str, str], other: dict[str, str]) -> None:
    """Two credentials share a memory where neither provider, destination nor organization differs, and only there."""
    assume(Llm.destination(one) and Llm.destination(other))
    bound = [tuple(value or "" for _, value in sorted(Llm.sealed_context(public).items())) for public in (one, other)]
    assert (destination_hash(Llm, one) == destination_hash(Llm, other)) == (bound[0] == bound[1])


def test_a_key_that_was_proven_for_one_organization_is_not_for_another(vault: Any, gateway: "Gateway") -> None:
    first, second = (
        vault.create("llm", name, values(RIGHT, organization_id=name)).public_id for name in ("org-a", "org-b")
    )
    assert outcome(vault, first) is Outcome.VERIFIED
    before = len(gateway.came)
    assert outcome(vault, second) is Outcome.VERIFIED
    assert len(gateway.came) - before == 4, "the whole control is asked for each organization"


def test_what_was_accepted_by_an_earlier_proof_does_not_make_it_last_longer(vault: Any) -> None:
    session = vault.store.session
    remember(session, asked(), "f1", PROVEN)
    with later(hours=20):
        remember(session, asked(), "f1", PROVEN)
        assert recall(session, asked(), "f1") == PROVEN
    with later(hours=25):
        assert recall(session, asked(), "f1") == Knowledge()


@pytest.mark.parametrize(("openness", "hours"), [("open", 30 * 24), ("erratic", 1)])
def test_what_is_known_of_a_destination_is_forgotten_by_itself(vault: Any, openness: Openness, hours: int) -> None:
    session, known = vault.store.session, Knowledge(openness=openness)
    remember(session, asked(), "f1", known)
    for fingerprint in ("", "f1", "f2"):
        assert recall(session, asked(), fingerprint) == known
    with later(hours=hours - 0.1):
        assert recall(session, asked(), "f1") == known
    with later(hours=hours + 0.1):
        assert recall(session, asked(), "f1") == Knowledge()


def test_the_hour_of_a_contradiction_begins_only_once_and_outweighs_every_proof(vault: Any) -> None:
    session = vault.store.session
    remember(session, asked(), "f1", PROVEN)
    remember(session, asked(), "f2", Knowledge(openness="erratic"))
    assert recall(session, asked(), "f1") == Knowledge(openness="erratic")
    with later(hours=0.9):
        remember(session, asked(), "f2", Knowledge(openness="erratic"))
    with later(hours=1.1):
        assert recall(session, asked(), "f1") == PROVEN
        assert recall(session, asked(), "f2") == Knowledge()


def test_what_is_no_longer_so_and_what_is_too_old_leaves_the_table(vault: Any) -> None:
    session = vault.store.session
    remember(session, asked(), "f1", PROVEN)
    remember(session, asked("https://a.example/v1"), "", Knowledge(openness="open"))
    remember(session, asked(), "f1", Knowledge())
    assert session.query(HostOpenness).count() == 1
    remember(session, asked(), "f1", PROVEN)
    with later(days=31):
        remember(session, asked("https://b.example/v1"), "", Knowledge())
        assert session.query(HostOpenness).count() == 0


class Gateway:
    """A client of a server that refuses every key but one, until it is opened; keeps the keys that came."""

    def __init__(self) -> None:
        self.open = False
        self.came: list[str] = []

    def send(self, ask: ProbeRequest, *, deadline: float) -> ProbeResponse:
        assert deadline
        self.came.append(ask.headers["Authorization"].removeprefix("Bearer "))
        if not self.open and self.came[-1] != RIGHT:
            return ProbeResponse(status=401, json={"error": "unauthorized"})
        if ask.method == "POST":
            return ProbeResponse(status=400, json={"error": "model is required"})
        return ProbeResponse(status=200, json={"data": [{"id": "m"}]})


@pytest.fixture
def gateway(vault: Any) -> Gateway:
    gateway = Gateway()
    vault.tests.tester = Tester(gateway)
    return gateway


def values(key: str, **more: str) -> dict[str, str]:
    return {"provider_type": "openai_compatible", "api_key": key, "base_url": BASE} | more


def outcome(vault: Any, public_id: str) -> Outcome:
    verdict: Verdict = vault.test(public_id).verdict
    return verdict.outcome


def test_a_proven_key_is_asked_once_and_no_other_key_profits(vault: Any, gateway: Gateway) -> None:
    right, other = (vault.create("llm", f"{key[3:8]} key", values(key)).public_id for key in (RIGHT, OTHER))
    assert outcome(vault, right) is Outcome.VERIFIED
    assert len(gateway.came) == 4
    assert outcome(vault, right) is Outcome.VERIFIED
    assert gateway.came[4:] == [RIGHT]
    gateway.open = True  # restarted without its key
    assert outcome(vault, other) is Outcome.KEY_NOT_CHECKED


def test_the_memory_holds_no_key_and_of_a_draft_not_even_a_fingerprint(vault: Any, gateway: Gateway) -> None:
    assert vault.test_draft("llm", values(RIGHT)).outcome is Outcome.VERIFIED
    session = vault.store.session
    assert session.query(HostOpenness).count() == 0
    vault.test(vault.create("llm", "A", values(RIGHT)).public_id)
    (row,) = session.query(HostOpenness).all()
    kind = by_slug("llm")
    assert kind is not None
    assert row.key_fingerprint == key_fingerprint(kind, vault.store.keyring, {"api_key": RIGHT})
    assert RIGHT not in f"{row.destination_hash} {row.key_fingerprint} {row.openness}"


def test_a_credential_may_be_tested_without_made_up_keys(vault: Any, gateway: Gateway) -> None:
    public_id = vault.create("llm", "A", values(RIGHT, test_control="without")).public_id
    assert outcome(vault, public_id) is Outcome.ACCEPTED_UNPROVEN
    assert set(gateway.came) == {RIGHT}
    wrong = vault.create("llm", "B", values(OTHER, test_control="without")).public_id
    assert outcome(vault, wrong) is Outcome.REJECTED
    assert set(gateway.came) == {RIGHT, OTHER}


def test_a_test_that_learned_nothing_forgets_nothing(vault: Any, gateway: Gateway) -> None:
    public_id = vault.create("llm", "A", values(RIGHT)).public_id
    vault.test(public_id)
    vault.tests.tester = type("Down", (), {"run": lambda *_: replace(NOT_REACHED)})()
    assert outcome(vault, public_id) is Outcome.NOT_REACHED
    vault.tests.tester, gateway.came[:] = Tester(gateway), []
    assert outcome(vault, public_id) is Outcome.VERIFIED
    assert gateway.came == [RIGHT]


class Fickle:
    """A client of a server that accepts and refuses by a list, whatever was sent; then it judges as it should."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)

    def send(self, ask: ProbeRequest, *, deadline: float) -> ProbeResponse:
        assert deadline
        right = RIGHT in ask.headers.get("Authorization", "") or pair(RIGHT) in ask.headers.get("Authorization", "")
        status = self.statuses.pop(0) if self.statuses else 200 if right else 401
        git = {"content-type": "application/x-git-upload-pack-advertisement"} if "service=" in ask.url else {}
        return ProbeResponse(status=status, headers=git, body_start=b"001e# service=")


def pair(token: str) -> str:
    return base64.b64encode(f"git:{token}".encode()).decode()


def extra_config(kind: str, url: str) -> dict[str, str]:
    config: dict[str, Any] = {"url": url}
    config |= {"token": RIGHT} if kind == "git" else {"headers": {"Authorization": f"Bearer {RIGHT}"}}
    return {"extra_config": json.dumps(config)}


@pytest.mark.parametrize("kind", ["git", "tool"])
@pytest.mark.parametrize("statuses", [(200, 401, 200), (200, 401, 401, 401)])
def test_a_git_host_or_tool_that_contradicted_itself_proves_nothing_for_an_hour(
    vault: Any, kind: str, statuses: tuple[int, ...]
) -> None:
    url = "https://example.com/a"
    row, elsewhere = (vault.create(kind, name, extra_config(kind, name)).public_id for name in (url, f"{url}/b"))
    vault.tests.tester = Tester(Fickle(*statuses))
    assert "contradicted itself" in vault.test(row).verdict.reason
    vault.tests.tester = Tester(Fickle())
    assert outcome(vault, row) is Outcome.CANNOT_TELL
    assert vault.test_draft(kind, extra_config(kind, url)).outcome is Outcome.CANNOT_TELL
    assert outcome(vault, elsewhere) is Outcome.VERIFIED
    with later(hours=1.1):
        assert outcome(vault, row) is Outcome.VERIFIED


@pytest.mark.parametrize(("kind", "query"), [("git", ""), ("tool", f"?key={OTHER}")])
def test_the_memory_of_an_encrypted_destination_tells_nothing_of_it(vault: Any, kind: str, query: str) -> None:
    url = "https://example.com/a"
    vault.tests.tester = Tester(Fickle(200, 401, 200))
    vault.test(vault.create(kind, "A", extra_config(kind, f"{url}{query}")).public_id)
    (row,) = vault.store.session.query(HostOpenness).all()
    declared = by_slug(kind)
    assert declared is not None
    assert row.destination_hash == sealed_destination_hash(declared, vault.store.keyring, extra_config(kind, url))
    # No plain hash of what could be guessed.
    guesses = [f"{before}{url}{query}" for before in ("", kind, f"{kind}\0", f"{kind}\0\0")]
    assert row.destination_hash not in {hashlib.sha256(guess.encode()).hexdigest() for guess in guesses}


@pytest.mark.parametrize("written", [{"note": "x"}, {"url": "ssh://git@example.com/a"}, {"url": "git@example.com:a"}])
@pytest.mark.parametrize("kind", ["git", "tool"])
def test_where_no_url_is_asked_there_is_nothing_to_remember(vault: Any, kind: str, written: dict[str, str]) -> None:
    declared = by_slug(kind)
    assert declared is not None
    assert sealed_destination_hash(declared, vault.store.keyring, {"extra_config": json.dumps(written)}) == ""


NOT_REACHED = Verdict(outcome=Outcome.NOT_REACHED, reason="No answer.")
