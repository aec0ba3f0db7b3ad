"""Try a completion: one request, its result beside the verdict, and what refuses it; the list of models beside it."""

import pytest
from flask import Flask

from credstore.errors import InvalidFields, Locked, NotFound, NotTestable, TestsBusy, Unreadable
from credstore.probe import Cause, Outcome, ProbeRequest, ProbeResponse
from credstore.tester import MODEL_LENGTH, Tester
from credstore.vault import Vault
from credstore.verdict_facts import facts_of
from tests.vault.conftest import KEY, LLM, LOCAL, ON_SQLITE, PUBLIC, TOKEN, Provider, Together, llm, scalar, sql

DONE = {"choices": [{"message": {"content": "H"}}]}
NEEDS_MODEL = ProbeResponse(status=400, json={"error": {"message": "you must provide a model parameter"}})


class Completing(Provider):
    """Accepts KEY alone; knows the model "m"."""

    def __init__(self) -> None:
        super().__init__()
        self.models = ["m", "n"]
        self.open = False

    def send(self, ask: ProbeRequest, *, deadline: float) -> ProbeResponse:
        answer = super().send(ask, deadline=deadline)
        if ask.method == "GET" and (answer.status == 200 or self.open):
            return ProbeResponse(status=200, json={"data": [{"id": name} for name in self.models]})
        if answer.status != 200:
            return answer
        if not isinstance(ask.json, dict) or "model" not in ask.json:
            return NEEDS_MODEL
        known = ask.json["model"] == "m"
        return ProbeResponse(status=200, json=DONE) if known else ProbeResponse(status=404, json={"error": "no model"})

    def completions(self) -> list[ProbeRequest]:
        return [ask for ask in self.asks if ask.method == "POST" and ask.json]


@pytest.fixture
def completing(stored_app: Flask) -> Completing:
    fake_client = Completing()
    stored_app.extensions["credstore"].vault.tests.tester = Tester(fake_client)
    return fake_client


def test_no_test_asks_for_a_completion(vault: Vault, completing: Completing) -> None:
    record = llm(vault)
    for opened in (False, True, True):
        completing.open = opened
        vault.test(record.public_id)
        vault.test_draft("llm", LLM)
    assert completing.asks
    assert not completing.completions()


def test_a_completion_is_one_request_and_its_result_is_kept_with_the_verdict(
    vault: Vault, completing: Completing
) -> None:
    record = llm(vault)
    tested = vault.test(record.public_id)
    before = len(completing.asks)
    tried = vault.try_completion(record.public_id, " m ")
    assert len(completing.asks) == before + 1
    (ask,) = completing.completions()
    assert ask.url == f"{LOCAL}/chat/completions"
    assert ask.headers["Authorization"] == f"Bearer {KEY}"
    assert tried.completion.model == "m"
    assert tried.record == vault.get(record.public_id)
    assert tried.record.verdict.completion == tried.completion
    assert tried.record.verdict.outcome is tested.verdict.outcome is Outcome.VERIFIED
    assert tried.record.tested_at == tested.tested_at
    assert facts_of(tested.verdict).usable.state == "unknown"
    assert facts_of(tried.record.verdict).usable.state == "yes"
    unknown = vault.try_completion(record.public_id, "other").record
    assert facts_of(unknown.verdict).usable.state == "no"
    assert "CANARY" not in scalar("SELECT verdict FROM credential")
    assert vault.history(record.public_id)[0].verdict.completion is None, "a completion is no test"
    assert vault.test(record.public_id).verdict.completion is None, "usable now, not usable then"


@ON_SQLITE
@pytest.mark.parametrize("values", [LLM, PUBLIC], ids=["new secret", "new name"])
def test_an_edit_meanwhile_keeps_the_result_only_where_the_same_was_tried(
    vault: Vault, completing: Completing, together: Together, values: dict[str, str]
) -> None:
    record = llm(vault)
    vault.test(record.public_id)

    def edit() -> None:
        completing.before = lambda: None
        together(lambda: vault.edit(record.public_id, version=1, name="renamed", values=values))

    completing.before = edit
    tried = vault.try_completion(record.public_id, "m")
    assert tried.completion.verdict.cause is Cause.COMPLETED
    stale = values is LLM
    assert (tried.record.verdict.outcome is Outcome.STALE) == stale
    assert (tried.record.verdict.completion is None) == stale


@ON_SQLITE
@pytest.mark.parametrize(
    "model",
    ["", "  ", "x" * (MODEL_LENGTH + 1), "a\nb", "a\0b", "a\u202eb", KEY, f"model-{KEY}", "\x7f"],
    ids=lambda model: repr(model)[:20],
)
def test_what_cannot_be_the_name_of_a_model_is_not_sent(vault: Vault, completing: Completing, model: str) -> None:
    record = llm(vault)
    vault.test(record.public_id)
    before = len(completing.asks)
    with pytest.raises(InvalidFields) as refusal:
        vault.try_completion(record.public_id, model)
    assert set(refusal.value.fields) == {"model"}
    assert KEY not in refusal.value.fields["model"]
    assert len(completing.asks) == before


def test_only_what_was_tested_and_reached_can_be_tried(vault: Vault, completing: Completing) -> None:
    record = llm(vault)
    with pytest.raises(NotTestable, match="Test this credential first"):
        vault.try_completion(record.public_id, "m")
    vault.test(record.public_id)
    vault.edit(record.public_id, version=1, name="an LLM", values=LLM)
    with pytest.raises(NotTestable, match="Test this credential first"):
        vault.try_completion(record.public_id, "m")
    bot = vault.create("telegram", "Bot", {"bot_token": TOKEN})
    with pytest.raises(NotTestable, match="no completion"):
        vault.try_completion(bot.public_id, "m")
    with pytest.raises(NotFound):
        vault.try_completion("11111111-1111-4111-8111-111111111111", "m")
    assert not completing.completions()


@ON_SQLITE
def test_a_key_goes_only_where_it_was_encrypted_for(vault: Vault, completing: Completing) -> None:
    """Who changes the address in the database gets nothing sent there."""
    record = llm(vault)
    vault.test(record.public_id)
    before = len(completing.asks)
    sql("UPDATE credential SET public = replace(public, '11434', '11435')")
    with pytest.raises(Unreadable):
        vault.try_completion(record.public_id, "m")
    assert len(completing.asks) == before


@ON_SQLITE
def test_a_second_press_of_the_button_waits_for_the_first(
    vault: Vault, completing: Completing, together: Together
) -> None:
    record = llm(vault)
    vault.test(record.public_id)
    found: list[object] = []
    completing.before = lambda: found.extend(together(lambda: vault.try_completion(record.public_id, "m")))
    vault.try_completion(record.public_id, "m")
    assert [type(refusal) for refusal in found] == [TestsBusy]
    assert len(completing.completions()) == 1


def test_the_names_of_models_are_kept_beside_the_verdict_and_go_with_it(vault: Vault, completing: Completing) -> None:
    record = llm(vault)
    assert vault.model_names(record) == ()
    tested = vault.test(record.public_id)
    assert tested.verdict.models is not None
    assert (tested.verdict.models.count, tested.verdict.models.names) == (2, ())
    assert vault.model_names(tested) == ("m", "n")
    assert '"n"' not in scalar("SELECT verdict FROM credential")
    completing.models = ["o"]
    assert vault.model_names(vault.test(record.public_id)) == ("o",)
    completing.key = "another"
    refused = vault.test(record.public_id)
    assert refused.verdict.models is None
    assert vault.model_names(refused) == ()
    assert scalar("SELECT count(*) FROM model_names") == 0


def test_a_test_that_asks_completions_alone_keeps_the_list(vault: Vault, completing: Completing) -> None:
    completing.open = True  # it lists for anybody, so that the next test asks the completion endpoint alone
    record = llm(vault)
    vault.test(record.public_id)
    asked = len(completing.asks)
    again = vault.test(record.public_id)
    assert all(ask.method == "POST" for ask in completing.asks[asked:])
    assert again.verdict.models is not None
    assert again.verdict.models.listed_for == "any-key"
    assert vault.model_names(again) == ("m", "n")
    edited = vault.edit(record.public_id, version=1, name="an LLM", values=LLM | {"base_url": f"{LOCAL}/other"})
    assert vault.model_names(edited) == ()


def test_names_are_erased_with_the_credential_and_come_back_with_it(vault: Vault, completing: Completing) -> None:
    record = llm(vault)
    vault.test(record.public_id)
    vault.restore(vault.delete([record.public_id]).batch)
    assert vault.model_names(vault.get(record.public_id)) == ("m", "n")
    vault.delete([record.public_id])
    vault.purge_deleted()
    assert scalar("SELECT count(*) FROM model_names") == 0


@ON_SQLITE
def test_nothing_is_tried_while_credstore_is_locked(
    vault: Vault, completing: Completing, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = llm(vault)
    vault.test(record.public_id)

    def locked() -> None:
        raise Locked("locked")

    monkeypatch.setattr(vault.store, "require_unlocked", locked)
    with pytest.raises(Locked):
        vault.try_completion(record.public_id, "m")
    assert not completing.completions()
