"""Runs of many tests: progress, cancel, a killed server, one at a time, and no more at once than permitted."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from credstore.background_runner import BackgroundRunner
from credstore.errors import NotFound, NotTestable, RunActive, TestsBusy
from credstore.probe import Outcome
from credstore.vault import ListFilters, Vault
from tests.vault.script import BAD, ScriptedTester


@pytest.fixture
def tester(vault: Any) -> Iterator[ScriptedTester]:
    vault.tests.tester = ScriptedTester()
    return vault.tests.tester


def fill(vault: Vault, count: int) -> list[str]:
    values = {"provider_type": "openai", "api_key": "sk-a-key-of-a-test"}
    return [vault.create("llm", f"Key {number}", values).public_id for number in range(count)]


def test_a_run_tests_everything_that_can_be_tested(stored_app: Flask, vault: Any, tester: ScriptedTester) -> None:
    ids = fill(vault, 5)
    run_id = vault.start_run()
    assert vault.progress(run_id).state == "running"
    vault.store.session.rollback()  # a request ends here, and with it what it saw of the database
    BackgroundRunner(stored_app, vault).run(run_id)
    progress = vault.progress(run_id)
    assert (progress.state, progress.done) == ("done", 5)
    assert [item.public_id for item in progress.items] == ids[::-1]
    assert {item.outcome for item in progress.items} == {Outcome.VERIFIED}
    assert {vault.get(public_id).verdict.outcome for public_id in ids} == {Outcome.VERIFIED}


def test_a_run_of_chosen_ids_tests_those_alone(stored_app: Flask, vault: Vault, tester: ScriptedTester) -> None:
    ids = fill(vault, 3)
    run_id = vault.start_run([ids[1], "no-such-id"])
    BackgroundRunner(stored_app, vault).run(run_id)
    assert tester.ran == 1
    assert [item.public_id for item in vault.progress(run_id).items] == [ids[1]]


def test_a_run_follows_the_search_and_the_filter(stored_app: Flask, vault: Vault, tester: ScriptedTester) -> None:
    fill(vault, 12)
    assert len(vault.progress(vault.start_run(filters=ListFilters.clean(query="key 1", kind="llm"))).items) == 3


def test_a_run_of_nothing_is_refused(vault: Vault, tester: ScriptedTester) -> None:
    with pytest.raises(NotTestable):
        vault.start_run()


def test_no_more_tests_at_once_than_the_runner_may(stored_app: Flask, vault: Vault, tester: ScriptedTester) -> None:
    fill(vault, 8)
    tester.seconds = 0.05
    BackgroundRunner(stored_app, vault, at_once=2).run(vault.start_run())
    assert (tester.ran, tester.most) == (8, 2)


def test_a_second_run_waits_for_the_first(vault: Vault, tester: ScriptedTester) -> None:
    fill(vault, 1)
    vault.start_run()
    with pytest.raises(RunActive):
        vault.start_run()


def test_cancel_stops_after_the_tests_under_way(stored_app: Flask, vault: Vault, tester: ScriptedTester) -> None:
    fill(vault, 10)
    run_id = vault.start_run()
    tester.meanwhile = lambda: vault.cancel_run(run_id) if tester.ran == 3 else None
    BackgroundRunner(stored_app, vault, at_once=1).run(run_id)
    progress = vault.progress(run_id)
    assert (progress.state, progress.done, tester.ran) == ("cancelled", 3, 3)
    assert vault.start_run()


def test_a_killed_server_leaves_an_interrupted_run_and_no_row_under_test(vault: Vault, tester: ScriptedTester) -> None:
    ids = fill(vault, 2)
    run_id = vault.start_run()
    assert vault.test_item(run_id, 0, ids[1], lambda: None)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=2), tick=True):
        progress = vault.progress(run_id)
        assert (progress.state, progress.done) == ("interrupted", 1)
        assert vault.get(ids[0]).verdict.outcome is Outcome.UNTESTED
        assert vault.start_run()


def test_a_credential_deleted_meanwhile_is_said_to_be_gone(
    stored_app: Flask, vault: Vault, tester: ScriptedTester
) -> None:
    ids = fill(vault, 2)
    run_id = vault.start_run()
    vault.delete(ids[:1])
    BackgroundRunner(stored_app, vault).run(run_id)
    gone = vault.progress(run_id).items[1]
    assert (gone.done, gone.outcome) == (True, None)
    assert "deleted" in gone.reason


def test_a_run_waits_while_people_hold_every_place(vault: Vault, tester: ScriptedTester) -> None:
    ids = fill(vault, 1)
    run_id = vault.start_run()
    busy = [True, True, False]

    def meanwhile() -> None:
        if busy.pop(0):
            raise TestsBusy("4 tests are running already.")

    tester.meanwhile = meanwhile
    waited: list[float] = []
    assert vault.test_item(run_id, 0, ids[0], lambda: waited.append(time.monotonic()))
    assert len(waited) == 2


def test_an_unknown_run_is_not_found(vault: Vault) -> None:
    with pytest.raises(NotFound):
        vault.progress("00000000-0000-4000-8000-000000000000")


def test_failures_are_counted_with_their_reasons(stored_app: Flask, vault: Vault, tester: ScriptedTester) -> None:
    fill(vault, 1)
    tester.verdict = BAD
    run_id = vault.start_run()
    BackgroundRunner(stored_app, vault).run(run_id)
    assert vault.progress(run_id).items[0].reason == BAD.reason
