"""Test all over 500 credentials at a real gunicorn: bounded, a fast list page meanwhile, and kill -9 during a run."""

import json
import os
import signal
import sqlite3
import threading
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.browser.live_site import open_app
from tests.conftest import close
from tests.fixtures.serving import TWO_WORKERS, Server, serving_gunicorn
from tests.provider import BEHAVIOURS, Call, Provider, Reply, openai
from tests.serving.browser import Person

MANY = 500
JSON = {"Accept": "application/json"}


class Slow:
    """Behaves like OpenAI after 50 ms, and notes how many it serves at the same time."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self._lock = threading.Lock()

    def __call__(self, call: Call) -> Reply:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.05)
        with self._lock:
            self.now -= 1
        return openai(call)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    behaviour = Slow()
    monkeypatch.setitem(BEHAVIOURS, "slow", behaviour)
    return behaviour


def fill(server: Server, provider: Provider) -> None:
    app = open_app(server)
    with app.app_context():
        vault = app.extensions["credstore"].vault
        values = {"provider_type": "openai_compatible", "base_url": provider.url("/slow/v1"), "api_key": provider.key}
        for number in range(MANY):
            vault.create("llm", f"Model {number:03}", values)
    close(app)


def kill(server: Server) -> None:
    """The master first, so that it starts no worker anew; then its workers."""
    assert server.process
    master = server.process.pid
    workers = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    assert workers
    for pid in (master, *map(int, workers)):
        os.kill(pid, signal.SIGKILL)
    server.process.wait()


def median(person: Person) -> float:
    return sorted(person.get("/credentials").seconds for _ in range(9))[4]


def sql(server: Server, statement: str) -> list[Any]:
    with closing(sqlite3.connect(server.data_dir / "credstore.sqlite3", timeout=10)) as database, database:
        return database.execute(statement).fetchall()


def progress(person: Person, run_id: str) -> dict[str, Any]:
    return dict(json.loads(person.get(f"/credentials/runs/{run_id}", **JSON).text))


def test_five_hundred_tests_and_a_killed_server(tmp_path: Path, provider: Provider, slow: Slow) -> None:
    server = Server(tmp_path / "home", env={"CREDSTORE_EGRESS_ALLOW": provider.host})
    server.admin()
    with serving_gunicorn(server, *TWO_WORKERS):
        fill(server, provider)
        person = Person(server).sign_in()
        person.get("/credentials")  # warm
        idle = median(person)
        started = person.post("/credentials/test", **JSON)
        assert (started.status, started.seconds < 2) == (202, True), started
        run_id = json.loads(started.text)["id"]
        provider.wait_for(10, "/slow")
        busy = median(person)
        assert busy < max(20 * idle, 0.5), f"idle {idle:.4f} s, during the run {busy:.4f} s"
        deadline = time.monotonic() + 20
        while progress(person, run_id)["done"] < 10:
            assert time.monotonic() < deadline, "ten tests take far less"
            time.sleep(0.1)
        seen = progress(person, run_id)
        assert (seen["state"], len(seen["items"])) == ("running", MANY)
        assert person.post("/credentials/test", **JSON).status == 409
        kill(server)
    assert slow.most == 2, "half of the four places are left to people"

    outcomes = Counter(outcome for (outcome,) in sql(server, "SELECT outcome FROM test_run_item"))
    assert set(outcomes) == {"", "verified"}
    assert outcomes["verified"] >= 10
    with serving_gunicorn(server):
        assert progress(person, run_id)["state"] == "running", "it may be on another server: its silence decides"
        assert person.post("/credentials/test", **JSON).status == 409
        sql(server, "UPDATE test_run SET heartbeat_at = '2020-01-01 00:00:00.000000'")
        cut = progress(person, run_id)
        assert (cut["state"], cut["done"]) == ("interrupted", outcomes["verified"])
        page = person.get(f"/credentials/runs/{run_id}").text
        assert "The server stopped during this run." in page
        assert "Not tested" in page
        assert "data-poll" not in page
        shown = {item["test"]["outcome"] for item in json.loads(person.get("/credentials", **JSON).text)["items"]}
        assert shown <= {"untested", "verified"}

        undone = [item["id"] for item in cut["items"] if not item["outcome"]][:3]
        again = person.post("/credentials/test", {"ids": undone}, **JSON)
        assert again.status == 202
        deadline = time.monotonic() + 20
        while (last := progress(person, json.loads(again.text)["id"]))["state"] == "running":
            assert time.monotonic() < deadline, "three tests take far less"
            time.sleep(0.1)
        assert (last["state"], last["done"]) == ("done", 3)
        assert provider.key not in "".join(person.seen)
        assert "Traceback" not in server.log()
