"""Runs are read in pages, failures first; their results are counted once each; old runs are deleted, new ones kept."""

import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from credstore.background_runner import BackgroundRunner
from credstore.errors import NotFound
from credstore.models import db, utc_now
from credstore.run_models import TestRun, TestRunItem
from credstore.vault import Group, ItemKey, ListFilters, Vault, runs
from credstore.vault.runs import KEPT_ALWAYS, KEPT_RUNS, LARGE_RUN
from credstore.vault.testable import scope_in_words
from tests.vault.conftest import ON_SQLITE, Together, scalar, statements
from tests.vault.run_items import untested_items
from tests.vault.script import BAD, GOOD, ScriptedTester

OUTCOMES = ("", "verified", "accepted-limited", "rejected", "not-reached", "cannot-tell", "gone")


@pytest.fixture
def tester(vault: Any) -> Iterator[ScriptedTester]:
    vault.tests.tester = ScriptedTester()
    return vault.tests.tester


def fill(vault: Vault, count: int) -> list[str]:
    values = {"provider_type": "openai", "api_key": "sk-a-key-of-a-test"}
    return [vault.create("llm", f"Key {number}", values).public_id for number in range(count)]


def store_run(outcomes: list[str], **values: Any) -> str:
    run_id, moment = str(uuid.uuid4()), utc_now()
    facts = {"started_at": moment, "heartbeat_at": moment, "ended_at": moment, "total": len(outcomes)} | values
    db.session.execute(insert(TestRun).values(id=run_id, **facts))
    rows = [
        {"run_id": run_id, "position": n, "public_id": str(n), "name": str(n), "outcome": o, "rank": int(Group.of(o))}
        for n, o in enumerate(outcomes)
    ]
    if rows:
        db.session.execute(insert(TestRunItem), rows)
    db.session.commit()
    return run_id


@ON_SQLITE
@pytest.mark.usefixtures("stored_app")
def test_pages_show_every_item_once_in_order_in_both_directions(vault: Vault) -> None:
    @settings(max_examples=40)
    @given(
        st.lists(st.sampled_from(OUTCOMES), max_size=30), st.sampled_from([None, *Group]), st.sampled_from([1, 3, 10])
    )
    def check(outcomes: list[str], group: Group | None, limit: int) -> None:
        run_id = store_run(outcomes)
        expected = sorted(
            (Group.of(outcome), place)
            for place, outcome in enumerate(outcomes)
            if group is None or Group.of(outcome) is group
        )
        pages, key = [vault.run_page(run_id, group, limit=limit)], None
        while key := pages[-1].next_key:
            pages.append(vault.run_page(run_id, group, key, limit))
        assert [(item.group, item.position) for page in pages for item in page.items] == expected
        assert pages[0].previous_key is None
        for page, before in zip(pages[:0:-1], pages[-2::-1], strict=True):
            assert page.previous_key
            assert vault.run_page(run_id, group, page.previous_key, limit).items == before.items

    check()


def test_pages_and_both_directions_on_both_databases(vault: Vault) -> None:
    run_id = store_run(["verified", "rejected", "", "rejected", "cannot-tell", "verified"])
    first = vault.run_page(run_id, limit=4)
    assert [item.position for item in first.items] == [1, 3, 4, 0]
    assert first.next_key == ItemKey(Group.PASSED, 0)
    second = vault.run_page(run_id, start=first.next_key, limit=4)
    assert [item.position for item in second.items] == [5, 2]
    assert (second.next_key, second.previous_key) == (None, ItemKey(Group.PASSED, 5, forward=False))
    assert vault.run_page(run_id, start=second.previous_key, limit=4).items == first.items
    assert [item.position for item in vault.run_page(run_id, Group.FAILED).items] == [1, 3]
    assert sorted(vault.run_ids_in(run_id, [Group.FAILED, Group.UNCLEAR])) == ["1", "3", "4"]


def test_a_page_that_was_emptied_meanwhile_is_the_beginning(vault: Vault) -> None:
    run_id = store_run(["verified"] * 3)
    page = vault.run_page(run_id, start=ItemKey(Group.UNTESTED, 9))
    assert [item.position for item in page.items] == [0, 1, 2]
    assert (page.next_key, page.previous_key) == (None, None)


def test_results_are_counted_as_they_come(stored_app: Flask, vault: Vault, tester: ScriptedTester) -> None:
    ids = fill(vault, 6)
    run_id = vault.start_run(started_by="ann")
    run = vault.run(run_id)
    assert (run.total, run.done, run.started_by, run.scope) == (6, 0, "ann", "All credentials")
    assert run.number_of(Group.UNTESTED) == 6
    vault.delete(ids[:1])
    tester.meanwhile = lambda: setattr(tester, "verdict", BAD if tester.ran % 2 else GOOD)
    BackgroundRunner(stored_app, vault).run(run_id)
    run = vault.run(run_id)
    outcomes = Counter(item.outcome.value if item.outcome else "gone" for item in vault.progress(run_id).items)
    assert run.counts == outcomes
    assert (run.state, run.done, run.number_of(Group.UNTESTED), run.counts["gone"]) == ("done", 6, 0, 1)
    items = vault.run_page(run_id).items
    assert [item.group for item in items] == sorted(Group.of(item.outcome or "gone") for item in items)


def test_an_item_that_two_processes_tested_is_counted_once(
    vault: Vault, tester: ScriptedTester, together: Together
) -> None:
    ids = fill(vault, 1)
    run_id = vault.start_run()
    tester.seconds = 0.1
    done = together(*[lambda: vault.test_item(run_id, 0, ids[0], lambda: None)] * 2)
    assert done == [True, True]
    assert vault.run(run_id).counts == {"verified": 1}


def test_different_items_at_once_are_all_counted(vault: Vault, tester: ScriptedTester, together: Together) -> None:
    fill(vault, 8)
    run_id = vault.start_run()
    calls = [
        lambda place=place, public_id=public_id: vault.test_item(run_id, place, public_id, lambda: None)
        for place, public_id in untested_items(run_id)
    ]
    assert together(*calls) == [True] * 8
    assert vault.run(run_id).counts == {"verified": 8}


def test_a_result_of_a_deleted_run_is_dropped(vault: Vault, tester: ScriptedTester) -> None:
    ids = fill(vault, 1)
    run_id = vault.start_run()

    def delete_the_run() -> None:
        with db.engine.begin() as connection:
            connection.execute(sa.delete(TestRun))

    tester.meanwhile = delete_the_run
    assert vault.test_item(run_id, 0, ids[0], lambda: None)
    assert scalar("SELECT count(*) FROM test_run_count") == 0
    with pytest.raises(NotFound):
        vault.run(run_id)


def test_the_list_knows_the_run_that_is_under_way(vault: Vault, tester: ScriptedTester) -> None:
    fill(vault, 1)
    with statements() as without:
        assert vault.list_page().run_id == ""
    run_id = vault.start_run()
    with statements() as during:
        assert vault.list_page().run_id == run_id
        assert vault.list_page(ListFilters.clean(query="nothing")).run_id == run_id
    assert len([text for text in during if "test_run" in text]) == 2
    with time_machine.travel(utc_now() + timedelta(minutes=2), tick=True):
        assert vault.list_page().run_id == "", "its server stopped"
    assert vault.list_page().run_id == run_id
    assert len([text for text in without if text not in {"BEGIN", "COMMIT"}]) == 1
    vault.cancel_run(run_id)
    assert vault.list_page().run_id == ""


def test_old_runs_are_deleted_and_others_stay(vault: Vault, tester: ScriptedTester) -> None:
    fill(vault, 1)
    now = utc_now()
    # From the newest to the oldest: always kept, however old or large; then by age, size and number.
    ages = [timedelta(days=100, seconds=n) for n in range(KEPT_ALWAYS)]
    newest = [store_run([], started_at=now - age, total=LARGE_RUN + 1) for age in ages]
    old = [store_run([], started_at=now - timedelta(days=101 + n)) for n in range(2)]
    vault.start_run()
    assert set(_ids()) == {*newest, _ids()[0]}, old


def test_young_runs_are_kept_up_to_a_number_unless_they_are_large(
    vault: Vault, tester: ScriptedTester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "KEPT_ALWAYS", 2)
    monkeypatch.setattr(runs, "KEPT_RUNS", 5)
    fill(vault, 1)
    now = utc_now()
    sizes = [1, 1, LARGE_RUN, LARGE_RUN + 1, 1, 1, 1]
    stored = [store_run([], started_at=now - timedelta(hours=n + 1), total=size) for n, size in enumerate(sizes)]
    vault.start_run()
    assert _ids()[1:] == [stored[0], stored[1], stored[2], stored[4]]
    assert KEPT_RUNS > KEPT_ALWAYS


def _ids() -> list[str]:
    found = list(db.session.scalars(sa.select(TestRun.id).order_by(TestRun.started_at.desc())))
    db.session.rollback()
    return found


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        ({}, "All credentials"),
        ({"kind": "llm"}, "LLM credentials"),
        ({"query": "a b", "kind": "git"}, "Git credentials with “a b” in the name"),
        ({"status": "rejected", "expiring": 14}, "All credentials, status Rejected, ending within 14 days"),
    ],
)
def test_a_run_says_what_it_covers(filters: dict[str, Any], words: str) -> None:
    assert scope_in_words(ListFilters.clean(**filters)) == words


def test_the_longest_search_fits_into_the_scope(vault: Vault, tester: ScriptedTester) -> None:
    name = "x" * 255
    vault.create("llm", name, {"provider_type": "openai", "api_key": "sk-a-key-of-a-test"})
    run_id = vault.start_run(filters=ListFilters.clean(query=name, kind="llm"), started_by="y" * 300)
    assert vault.run(run_id).scope == f"LLM credentials with “{name}” in the name"
