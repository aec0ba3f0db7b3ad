"""Tests on a schedule: by one of several processes, once each interval, also after a restart and a kill."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from credstore.audit import AuditFilters, AuditLog
from credstore.background_runner import BackgroundRunner
from credstore.config import Config
from credstore.database import write_transaction
from credstore.extension import Credstore
from credstore.models import Credential, db
from credstore.notice_models import Watcher
from credstore.notices.notifier import SETTLED
from credstore.vault import Vault
from credstore.vault.run_under_way import HEARTBEAT_TIMEOUT
from credstore.watch import CHECK_EXPIRY_EVERY, Watch
from credstore.watch.lease import LEASE, WRONG_CLOCK, hold
from tests.conftest import MakeApp
from tests.notices.conftest import MOMENT, at
from tests.provider import Provider
from tests.vault.conftest import ON_SQLITE
from tests.vault.run_items import untested_items

DAY = timedelta(hours=24)
SECOND = timedelta(seconds=1)
MakeWatch = Callable[..., Watch]


@pytest.fixture
def watch(hooked: Flask) -> MakeWatch:
    """A factory: the watch of another process."""
    ours: Credstore = hooked.extensions["credstore"]

    def make(every: timedelta | None = DAY) -> Watch:
        return Watch(hooked, ours.vault, BackgroundRunner(hooked, ours.vault), ours.notifier, every=every)

    return make


def tick(one: Watch, moment: datetime) -> bool:
    """Whether it started or took over a run, which it then carries out."""
    with at(moment):
        thread = one.tick()
        if thread is not None:
            thread.join(30)
            assert not thread.is_alive()
    return thread is not None


def store(app: Flask, provider: Provider, *names: str, key: str = "") -> list[str]:
    values = {"provider_type": "openai_compatible", "base_url": provider.url("/openai/v1")}
    with app.app_context():
        vault: Vault = app.extensions["credstore"].vault
        keys = dict.fromkeys(names, key or f"{provider.key}")
        return [vault.create("llm", name, values | {"api_key": keys[name]}).public_id for name in names]


def holder(app: Flask) -> str | None:
    with app.app_context():
        return db.session.scalar(select(Watcher.holder))


@ON_SQLITE
def test_all_are_tested_each_interval_also_after_a_restart(hooked: Flask, watch: MakeWatch, provider: Provider) -> None:
    store(hooked, provider, "One", "Two")
    first = watch()
    assert tick(first, MOMENT)
    tested = len(provider.asked("/openai"))
    assert tested
    assert not tick(first, MOMENT + DAY - SECOND)
    restarted = watch()
    assert not tick(restarted, MOMENT + DAY - SECOND), "the first one still holds the lease"
    restarted = watch()
    assert tick(restarted, MOMENT + DAY + LEASE)
    with hooked.app_context():
        runs, _more = hooked.extensions["credstore"].vault.runs()
        entries = AuditLog(db.session).page(AuditFilters(act="test")).entries
        assert {entry.actor for entry in entries} == {"schedule"}
        assert [(run.started_by, run.state, run.done) for run in runs] == [("schedule", "done", 2)] * 2


def test_one_of_several_processes_works_and_another_one_takes_over(
    hooked: Flask, watch: MakeWatch, provider: Provider
) -> None:
    store(hooked, provider, "One")
    watches = [watch() for _ in range(4)]
    assert [tick(one, MOMENT) for one in watches] == [True, False, False, False]
    for seconds in range(0, 200, 20):  # the first one renews its lease, however often the others look
        assert not any(tick(one, MOMENT + seconds * SECOND) for one in watches)
    assert holder(hooked) == watches[0]._holder
    assert [tick(one, MOMENT + DAY + LEASE) for one in watches[2:]] == [True, False]
    assert not tick(watches[0], MOMENT + DAY + LEASE), "the one that was away does not take it back"


def test_the_lease_is_free_after_its_time_or_a_wrong_clock(hooked: Flask) -> None:
    with hooked.app_context():
        steps = [
            ("a", timedelta(0), True),
            ("b", timedelta(0), False),
            ("b", LEASE - SECOND, False),
            ("a", LEASE - SECOND, True),
            ("b", 2 * LEASE - 2 * SECOND, False),
            ("b", 2 * LEASE, True),
            ("a", 2 * LEASE, False),
            ("a", 2 * LEASE - WRONG_CLOCK, True),  # written by a clock that was far ahead
        ]
        for holder, after, held in steps:
            assert hold(db.session, holder, MOMENT + after) is held, (holder, after)


def test_a_run_of_a_killed_process_is_finished_by_another_one(
    hooked: Flask, watch: MakeWatch, provider: Provider
) -> None:
    store(hooked, provider, *(f"row {number}" for number in range(4)))
    vault: Vault = hooked.extensions["credstore"].vault
    killed = watch()
    killed._runner = Killed(hooked, vault)  # type: ignore[assignment]  # it tests two, and then the process is gone
    assert tick(killed, MOMENT)
    with hooked.app_context():
        (run,), _more = vault.runs()
        assert run.done == 2
    other = watch()
    assert not tick(other, MOMENT + LEASE - SECOND)
    assert tick(other, MOMENT + LEASE + HEARTBEAT_TIMEOUT)
    with hooked.app_context():
        ((run,), _more) = vault.runs()
        assert (run.state, run.done, dict(run.counts)) == ("done", 4, {"verified": 4})
    assert not tick(other, MOMENT + DAY - SECOND)


class Killed(BackgroundRunner):
    """Ends in the middle of a run, without a word."""

    def run(self, run_id: str) -> None:
        with self._app.app_context():
            for position, public_id in untested_items(run_id)[:2]:
                self._vault.test_item(run_id, position, public_id, lambda: None)


@ON_SQLITE
def test_what_the_schedule_finds_is_told_after_the_run(hooked: Flask, watch: MakeWatch, provider: Provider) -> None:
    store(hooked, provider, "Good")
    store(hooked, provider, "Bad", "Worse", key="sk-wrong-0123456789")
    one = watch()
    assert tick(one, MOMENT)
    assert not tick(one, MOMENT + SETTLED + SECOND)
    (message,) = [request.json for request in provider.asked("/bare/hook")]
    assert sorted(change["name"] for change in message["changes"]) == ["Bad", "Worse"]
    assert "sk-wrong" not in provider.asked("/bare/hook")[0].body.decode()
    for days in (1, 2):
        assert tick(one, MOMENT + days * DAY)
        tick(one, MOMENT + days * DAY + SETTLED + SECOND)
    assert len(provider.asked("/bare/hook")) == 1, "red on the next days is no news"


@ON_SQLITE
def test_an_end_that_is_near_is_told_without_a_schedule(hooked: Flask, watch: MakeWatch, provider: Provider) -> None:
    (public_id,) = store(hooked, provider, "Ends")
    one = watch(None)
    assert not tick(one, MOMENT)
    with hooked.app_context():
        ends = MOMENT + timedelta(days=14) + CHECK_EXPIRY_EVERY / 2
        with write_transaction(db.session):
            db.session.execute(update(Credential).where(Credential.public_id == public_id).values(expires_at=ends))
    for after in (timedelta(minutes=1), CHECK_EXPIRY_EVERY, CHECK_EXPIRY_EVERY + SETTLED + SECOND):
        tick(one, MOMENT + after)
    (message,) = [request.json for request in provider.asked("/bare/hook")]
    assert message["text"] == "1 credential ends soon"
    assert not provider.asked("/openai")


@ON_SQLITE
def test_nothing_to_test_and_a_run_under_way_wait(hooked: Flask, watch: MakeWatch, provider: Provider) -> None:
    one = watch()
    assert not tick(one, MOMENT), "nothing is stored"
    store(hooked, provider, "One")
    with at(MOMENT + DAY), hooked.app_context():
        hooked.extensions["credstore"].vault.start_run(started_by="ann")
    assert not tick(one, MOMENT + DAY)
    assert tick(one, MOMENT + DAY + HEARTBEAT_TIMEOUT)


@ON_SQLITE
def test_a_clock_that_was_ahead_does_not_stop_the_schedule(hooked: Flask, watch: MakeWatch, provider: Provider) -> None:
    store(hooked, provider, "One")
    assert tick(watch(), MOMENT + 100 * DAY)
    assert tick(watch(), MOMENT)


@ON_SQLITE
def test_the_thread_goes_on_after_a_problem(
    hooked: Flask,
    watch: MakeWatch,
    provider: Provider,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("credstore.watch.POLL_SECONDS", 0.01)
    store(hooked, provider, "One")
    one = watch()
    ticks, work = iter([RuntimeError("CANARY"), RuntimeError("CANARY")]), one.tick

    def fail_first() -> None:
        if problem := next(ticks, None):
            raise problem
        if thread := work():
            thread.join(30)

    monkeypatch.setattr(one, "tick", fail_first)
    thread = one.start()
    provider.wait_for(1, "/openai")
    one.stop()
    thread.join(10)
    assert not thread.is_alive()
    assert caplog.text.count("unexpected RuntimeError") == 1
    assert "CANARY" not in caplog.text


def test_a_process_without_schedule_and_notices_has_no_thread(app: Flask) -> None:
    before = threading.active_count()
    app.extensions["credstore"].start_watch(app)
    assert threading.active_count() == before


def test_the_schedule_needs_no_channel(config: Config, make_app: MakeApp, provider: Provider) -> None:
    app = make_app(replace(config, test_every=60))
    ours: Credstore = app.extensions["credstore"]
    store(app, provider, "One")
    assert tick(Watch(app, ours.vault, ours.runner, ours.notifier, every=timedelta(seconds=60)), MOMENT)
    assert provider.asked("/openai")
