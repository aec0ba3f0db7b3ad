"""The use case Test: the verdict and its version, edits and deletions meanwhile, and no connection held."""

import threading

import pytest
from flask import Flask

from credstore.credential_types.tool.declaration import Tool
from credstore.errors import NotFound, NotTestable, TestsBusy
from credstore.models import db
from credstore.probe import Outcome, ProbeResponse
from credstore.vault import Vault
from credstore.verdict_facts import facts_of
from tests.vault.conftest import KEY, LLM, LOCAL, ON_SQLITE, PUBLIC, TOKEN, Provider, Together, llm, scalar, sql


@pytest.mark.spec("Sends a test request to the provider's API")
@pytest.mark.parametrize(
    ("key", "outcome"), [(KEY, Outcome.VERIFIED), ("sk-CANARY-wrong-0123456789", Outcome.REJECTED)]
)
def test_the_verdict_is_kept_with_its_steps(vault: Vault, llm_provider: Provider, key: str, outcome: Outcome) -> None:
    record = llm(vault, api_key=key)
    assert record.verdict.outcome is Outcome.UNTESTED
    tested = vault.test(record.public_id)
    assert tested.verdict.outcome is outcome
    assert tested.tested_at is not None
    assert tested.verdict.steps[0].url == f"{LOCAL}/models"
    assert vault.get(record.public_id) == tested
    assert tested.version == record.version
    assert "CANARY" not in scalar("SELECT verdict FROM credential")


def test_what_cannot_be_tested_is_refused_without_a_request(
    vault: Vault, llm_provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Tool, "testable", False)  # as a type that declares none
    record = vault.create("tool", "n", {"extra_config": '{"a": 1}'})
    assert not record.testable
    with pytest.raises(NotTestable):
        vault.test(record.public_id)
    assert llm_provider.asks == []


@pytest.mark.parametrize(
    ("name", "values", "outcome"),
    [("an LLM", LLM, Outcome.STALE), ("renamed meanwhile", PUBLIC, Outcome.VERIFIED)],
    ids=["new secret", "new name"],
)
def test_a_changed_secret_during_the_test_leaves_the_verdict_stale_and_a_new_name_does_not(
    vault: Vault, llm_provider: Provider, together: Together, name: str, values: dict[str, str], outcome: Outcome
) -> None:
    record = llm(vault)

    def edit() -> None:
        llm_provider.before = lambda: None
        done = together(lambda: vault.edit(record.public_id, version=1, name=name, values=values))
        assert not isinstance(done[0], Exception), done

    llm_provider.before = edit
    tested = vault.test(record.public_id)
    assert (tested.name, tested.version, tested.verdict.outcome) == (name, 2, outcome)
    assert vault.list_page().records[0].outcome is outcome


def test_a_deletion_during_the_test_is_not_found(vault: Vault, llm_provider: Provider, together: Together) -> None:
    record = llm(vault)

    def delete() -> None:
        llm_provider.before = lambda: None
        assert together(lambda: vault.delete([record.public_id]))[0].deleted == 1

    llm_provider.before = delete
    with pytest.raises(NotFound):
        vault.test(record.public_id)
    for table in ("verdict_history", "model_names"):  # nothing would ever erase it
        assert scalar(f"SELECT count(*) FROM {table}") == 0


def test_a_second_test_of_the_same_credential_at_the_same_time_is_refused(
    vault: Vault, llm_provider: Provider, together: Together
) -> None:
    record, other = llm(vault), llm(vault, "other")
    refused: list[object] = []

    def again() -> None:
        llm_provider.before = lambda: None
        refused.extend(together(lambda: vault.test(record.public_id), lambda: vault.test(other.public_id)))

    llm_provider.before = again
    assert vault.test(record.public_id).verdict.outcome is Outcome.VERIFIED
    assert isinstance(refused[0], TestsBusy)
    assert not isinstance(refused[1], Exception), refused[1]
    assert vault.test(record.public_id).verdict.outcome is Outcome.VERIFIED, "the place is free again"


def test_no_database_connection_is_held_while_the_provider_thinks(
    vault: Vault, llm_provider: Provider, stored_app: Flask
) -> None:
    record = llm(vault)
    held: list[bool] = []
    llm_provider.before = lambda: held.append(db.session().in_transaction())
    vault.test(record.public_id)
    assert held == [False] * 4


def test_a_provider_that_hangs_blocks_no_writer(vault: Vault, llm_provider: Provider, together: Together) -> None:
    record = llm(vault)
    arrived, release = threading.Event(), threading.Event()

    def wait() -> None:
        arrived.set()
        assert release.wait(10)

    def write() -> object:
        try:
            assert arrived.wait(10)
            return llm(vault, "written meanwhile")
        finally:
            release.set()

    llm_provider.before = wait
    results = together(lambda: vault.test(record.public_id), write)
    assert not [result for result in results if isinstance(result, Exception)]


def test_the_secret_goes_to_the_destination_it_was_sealed_with_and_to_no_other(
    vault: Vault, llm_provider: Provider
) -> None:
    record = llm(vault)
    sql(
        "UPDATE credential SET public = :p",
        p='{"provider_type": "openai_compatible", "base_url": "https://evil.example"}',
    )
    tested = vault.test(record.public_id)
    assert tested.verdict.outcome is Outcome.UNREADABLE
    assert llm_provider.asks == []


@ON_SQLITE
def test_a_test_that_does_what_a_workflow_does_shows_that_the_secret_is_usable(
    vault: Vault, llm_provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    me = ProbeResponse(
        status=200, json={"ok": True, "result": {"id": int(TOKEN.partition(":")[0]), "username": "a_bot"}}
    )
    bot, model = vault.create("telegram", "Bot", {"bot_token": TOKEN}), llm(vault)
    assert facts_of(vault.test(model.public_id).verdict).usable.state == "unknown"
    monkeypatch.setattr(llm_provider, "send", lambda *_, **__: me)
    assert facts_of(vault.test(bot.public_id).verdict).usable.state == "yes"
    monkeypatch.setattr(llm_provider, "send", lambda *_, **__: ProbeResponse(status=503))
    assert facts_of(vault.test(bot.public_id).verdict).usable.state == "unknown"
