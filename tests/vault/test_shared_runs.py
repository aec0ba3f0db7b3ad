"""Several hosts on one database: they share a run, one goes on with what a killed one held, and one key wins."""

import runpy
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine
from cryptography.fernet import Fernet
from flask import Flask

from credstore import background_runner
from credstore.app_factory import build_app
from credstore.background_runner import BackgroundRunner
from credstore.config import Config
from credstore.database import write_transaction
from credstore.encryption.keyring import Keyring
from credstore.errors import Locked, StorageDown
from credstore.gunicorn_process import serving_options
from credstore.gunicorn_server import GunicornServer
from credstore.importing.candidate import Candidate
from credstore.migrate import newest_revision, upgrade
from credstore.minimal_app import database_app
from credstore.models import db, utc_now
from credstore.probe import Probe, Verdict
from credstore.run_models import TestRun, TestRunItem
from credstore.tester import Tester
from credstore.vault import Vault, run_claims
from credstore.vault.run_claims import LEASE, TAKEN_OVER_WITHIN
from credstore.vault.run_under_way import HEARTBEAT_TIMEOUT
from tests.conftest import close
from tests.fixtures.killing import processes
from tests.fixtures.serving import REPO
from tests.vault.conftest import ON_SQLITE, Provider, Together, scalar
from tests.vault.run_items import untested_items
from tests.vault.script import GOOD, ScriptedTester
from tests.vault.test_runs import fill

SECONDS = 60


class NotingTester:
    """Accepts every key, and notes in a file which host tested which."""

    def __init__(self, host: str, notes: Path) -> None:
        self._host = host
        self._notes = notes

    def run(self, probe: Probe, secrets: Collection[str]) -> Verdict:
        probe.close()
        with self._notes.open("a") as file:  # one line is one write: lines of several processes do not mix
            file.write(f"{self._host} {min(secrets)}\n")
        return replace(GOOD)


def host(name: str, config: Config, run_id: str, notes: Path, lease: float) -> None:
    """A process that works on the run until it ended."""
    run_claims.LEASE = timedelta(seconds=lease)
    background_runner.RENEW_SECONDS, background_runner.BUSY_PAUSE = lease / 4, 0.05
    app = build_app(config, NotingTester(name, notes))  # type: ignore[arg-type]
    BackgroundRunner(app, app.extensions["credstore"].vault).run(run_id)
    close(app)


def start_hosts(config: Config, run_id: str, notes: Path, lease: float) -> list[BaseProcess]:
    notes.touch()
    found = [processes.Process(target=host, args=(name, config, run_id, notes, lease)) for name in "AB"]
    for process in found:
        process.start()
    return found


def lines(notes: Path) -> list[list[str]]:
    return [line.split() for line in notes.read_text().splitlines()]


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def host_config(config: Config, database_url: str) -> Config:
    return replace(config, database_url=database_url)


def fill_with_own_secrets(vault: Vault, number: int) -> None:
    """So many credentials, each with another secret."""
    secrets = [{"provider_type": "openai", "api_key": f"sk-a-key-of-a-test-{n:04}"} for n in range(number)]
    candidates = [
        Candidate(origin=str(n), name=f"Key {n}", kind="llm", values=values) for n, values in enumerate(secrets)
    ]
    vault.new_import("skip").run(candidates, dry_run=False, tell=lambda _: None)


def check_complete(vault: Vault, run_id: str, number: int) -> None:
    vault.store.session.rollback()
    run = vault.run(run_id)
    assert (run.state, run.done, run.counts) == ("done", number, {"verified": number})
    assert len(untested_items(run_id)) == 0
    assert scalar("SELECT count(*) FROM credential WHERE status = 'verified'") == number


def test_two_hosts_share_a_run_and_test_each_item_once(vault: Vault, host_config: Config, tmp_path: Path) -> None:
    fill_with_own_secrets(vault, many := 40)
    run_id, notes = vault.start_run(), tmp_path / "notes"
    vault.store.session.rollback()
    hosts = start_hosts(host_config, run_id, notes, lease=SECONDS)
    for process in hosts:
        process.join(SECONDS)
    assert [process.exitcode for process in hosts] == [0, 0]
    check_complete(vault, run_id, many)
    tested = Counter(secret for _, secret in lines(notes))
    assert (len(tested), set(tested.values())) == (many, {1})


def test_what_a_killed_host_held_is_tested_by_the_other(vault: Vault, host_config: Config, tmp_path: Path) -> None:
    fill_with_own_secrets(vault, many := 500 if host_config.database_url else 60)
    run_id, notes = vault.start_run(), tmp_path / "notes"
    vault.store.session.rollback()
    killed, other = start_hosts(host_config, run_id, notes, lease=2.0)
    until(lambda: ["A"] in [line[:1] for line in lines(notes)] and len(lines(notes)) >= many // 5)
    killed.kill()
    killed.join(SECONDS)
    other.join(SECONDS)
    assert other.exitcode == 0
    check_complete(vault, run_id, many)
    tested = Counter(secret for _, secret in lines(notes))
    assert len(tested) == many, "none was left out"
    assert set(tested.values()) <= {1, 2}
    assert sum(tested.values()) - many < many // 5, "others than those that the killed one held are tested once"


def test_a_claim_waits_for_no_other_one(vault: Vault, database_url: str) -> None:
    fill(vault, 3)
    run_id = vault.start_run()
    assert vault.claim_item(run_id).item == (0, untested_items(run_id)[0][1])
    if database_url:  # one that is under way at this moment
        with db.engine.connect().execution_options(isolation_level="READ COMMITTED") as other:
            other.execute(sa.select(TestRunItem.position).where(TestRunItem.position == 1).with_for_update())
            item = vault.claim_item(run_id).item
            assert item is not None
            assert item[0] == 2
        assert vault.claim_item(run_id).item is not None
    else:
        assert [vault.claim_item(run_id).item is None for _ in range(2)] == [False, False]
    assert vault.claim_item(run_id) == run_claims.Claim(None, left=True)
    assert vault.claim_item(run_id, {0, 1, 2}) == run_claims.Claim(None, left=False), "all of them are one's own"
    vault.cancel_run(run_id)
    assert vault.claim_item(run_id) == run_claims.Claim(None, left=False)
    assert vault.claim_item("no such run") == run_claims.Claim(None, left=False)


def test_a_lease_that_is_not_renewed_runs_out(vault: Vault) -> None:
    fill(vault, 2)
    run_id = vault.start_run()
    assert (vault.claim_item(run_id).item or (9,))[0] == 0
    assert (vault.claim_item(run_id).item or (9,))[0] == 1
    with time_machine.travel(utc_now() + LEASE * 0.9, tick=False):
        vault.renew_claims(run_id, [1])
        assert vault.claim_item(run_id).item is None
        assert vault.run(run_id).running
    with time_machine.travel(utc_now() + LEASE * 1.5, tick=False):
        assert (vault.claim_item(run_id).item or (9,))[0] == 0
        assert vault.claim_item(run_id) == run_claims.Claim(None, left=True)


def silent_run(vault: Vault, silence: timedelta) -> str:
    """A run whose processes were last heard of so long ago."""
    run_id = vault.start_run()
    with write_transaction(db.session):
        db.session.execute(sa.update(TestRun).where(TestRun.id == run_id).values(heartbeat_at=utc_now() - silence))
    return run_id


def test_a_silent_run_is_taken_over_by_one_process(vault: Vault, together: Together) -> None:
    fill(vault, 1)
    assert LEASE < HEARTBEAT_TIMEOUT, "before the page says that it was interrupted"
    run_id = silent_run(vault, LEASE * 0.5)
    assert vault.take_over_run() is None
    vault.cancel_run(run_id)
    run_id = silent_run(vault, LEASE * 1.5)
    assert Counter(together(*[vault.take_over_run] * 3)) == {run_id: 1, None: 2}


@pytest.mark.parametrize("why", ["ended", "cancelled", "silent for long", "followed by another", "the key is wrong"])
@ON_SQLITE
def test_other_runs_are_not_taken_over(vault: Vault, why: str) -> None:
    fill(vault, 1)
    run_id = silent_run(vault, TAKEN_OVER_WITHIN * 1.1 if why == "silent for long" else HEARTBEAT_TIMEOUT * 1.1)
    taker = vault
    if why == "ended":
        vault.test_item(run_id, 0, untested_items(run_id)[0][1], lambda: None)
        vault.end_run(run_id)
    elif why == "cancelled":
        vault.cancel_run(run_id)
    elif why == "followed by another":
        vault.end_run(vault.start_run())
    elif why == "the key is wrong":
        taker = Vault(db.session, Keyring(Fernet.generate_key().decode()), Tester(Provider()))
    assert taker.take_over_run() is None


def test_a_server_goes_on_with_the_run_of_a_killed_one(
    stored_app: Flask, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background_runner, "TAKE_OVER_SECONDS", 0.02)
    vault.tests.tester = ScriptedTester()  # type: ignore[assignment]
    fill(vault, 3)
    run_id = silent_run(vault, LEASE * 1.5)
    runner = BackgroundRunner(stored_app, vault)
    thread = runner.take_over_runs()
    until(lambda: scalar("SELECT count(*) FROM test_run WHERE ended_at IS NOT NULL") == 1)
    runner.stop()
    thread.join(SECONDS)
    assert (vault.run(run_id).state, vault.run(run_id).done) == ("done", 3)


@ON_SQLITE
def test_a_database_in_trouble_is_no_result_and_a_mistake_of_credstore_is_one(vault: Vault) -> None:
    fill(vault, 1)
    vault.tests.tester = tester = ScriptedTester()  # type: ignore[assignment]
    run_id = vault.start_run()
    ((position, public_id),) = untested_items(run_id)

    def fail(error: Exception) -> None:
        raise error

    tester.meanwhile = lambda: fail(StorageDown("The database cannot be reached."))
    with pytest.raises(StorageDown):
        vault.test_item(run_id, position, public_id, lambda: None)
    vault.end_run(run_id)
    assert vault.run(run_id).running, "it is not tested"
    tester.meanwhile = lambda: fail(KeyError("CANARY"))
    assert vault.test_item(run_id, position, public_id, lambda: None)
    vault.end_run(run_id)
    assert (vault.run(run_id).state, vault.run(run_id).counts) == ("done", {"cannot-tell": 1})


def test_two_runs_that_are_started_at_once_are_one(vault: Vault, together: Together) -> None:
    fill(vault, 1)
    started = together(*[vault.start_run] * 4)
    assert sorted(type(one).__name__ for one in started) == ["RunActive"] * 3 + ["str"], started


def test_of_two_servers_with_different_keys_one_is_first(
    vault: Vault, stored_app: Flask, database_url: str, keys: str
) -> None:
    """On PostgreSQL the second waits for the first, who has not committed yet; SQLite has one writer anyway."""
    ours = Vault(db.session, Keyring(Fernet.generate_key().decode()), Tester(Provider()))
    refused: list[object] = []

    def store() -> None:
        with stored_app.app_context():
            try:
                fill(vault, 1)
            except Locked:
                refused.append(True)

    other = threading.Thread(target=store)
    with write_transaction(db.session):
        ours.store.register_key()
        other.start()
        if database_url:
            until(lambda: _waiting() == 1)
    other.join(SECONDS)
    assert refused == [True]
    assert scalar("SELECT count(*) FROM key_check") == 1
    assert scalar("SELECT count(*) FROM credential") == 0


def _waiting() -> int:
    """How many connections wait for an advisory lock."""
    with db.engine.connect() as connection:
        return int(
            connection.scalar(sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"))
        )


def first_start(config: Config) -> None:
    app = database_app(config)
    upgrade(app)
    close(app)


def test_two_first_starts_at_once_make_the_tables_once(
    config: Config, database_url: str, request: pytest.FixtureRequest
) -> None:
    if database_url:
        config = replace(config, database_url=request.getfixturevalue("empty_postgres_url"))
    starting = [processes.Process(target=first_start, args=(config,)) for _ in range(3)]
    for process in starting:
        process.start()
    for process in starting:
        process.join(SECONDS)
    assert [process.exitcode for process in starting] == [0, 0, 0]
    app = database_app(config)
    with app.app_context():
        assert scalar("SELECT max(version_num) FROM alembic_version") == newest_revision()
        assert scalar("SELECT count(*) FROM alembic_version") == 1
    close(app)


@pytest.mark.parametrize("start", ["credstore serve", "wsgi"])
def test_a_server_looks_for_silent_runs(start: str, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"FIELD_ENCRYPTION_KEY": config.field_encryption_key, "SECRET_KEY": config.secret_key}
    for name, value in (settings | {"CREDSTORE_DATA_DIR": str(config.data_dir)}).items():
        monkeypatch.setenv(name, value)
    before = set(threading.enumerate())
    if start == "wsgi":
        app = runpy.run_path(str(REPO / "wsgi.py"))["app"]
    else:
        serving = serving_options(config)
        known = {"bind": "127.0.0.1", "port": 8000}
        app = GunicornServer(known, workers=1, threads=1, locked=False, from_file=(), serving=serving).load()
    (thread,) = set(threading.enumerate()) - before
    assert thread.name == "credstore-takes-over"
    app.extensions["credstore"].runner.stop()
    thread.join(SECONDS)
    close(app)
