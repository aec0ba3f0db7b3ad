"""PostgreSQL is restarted, replaced and read-only while people work: 503 with words, nothing half-done, no restart."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.fixtures.own_postgres import PASSWORD, OwnPostgres, own_postgres
from tests.fixtures.serving import Server, serving
from tests.serving.browser import Person, Response

pytestmark = pytest.mark.postgres
JSON = {"Accept": "application/json"}
SECONDS = 30
WRITERS = 3


@dataclass
class Load:
    """People who create credentials and read the list, without end; what was acknowledged, and what was refused."""

    person: Person
    stored: list[str] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)
    read: int = 0
    refused: list[Response] = field(default_factory=list)
    others: list[Response] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def write(self, number: int) -> None:
        person = Person(self.person.server, dict(self.person.cookies), token=self.person.token)
        count = 0
        while not self.ended.is_set():
            name = f"{number}-{count}"
            self.tried.append(name)
            data = {"type": "tool", "name": name, "tool-extra_config": '{"token": "sk-CANARY"}'}
            answer = person.post("/credentials/new", data, **JSON)
            if answer.status == 201:
                self.stored.append(name)
            self.note(answer, 201)
            answer = person.get("/credentials", **(JSON if count % 2 else {"Accept": "text/html"}))
            self.note(answer, 200)
            self.read += answer.status == 200
            count += 1

    def note(self, answer: Response, expected: int) -> None:
        if answer.status == 503:
            self.refused.append(answer)
            time.sleep(0.05)
        elif answer.status != expected:
            self.others.append(answer)

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + SECONDS
        while not condition():
            assert time.monotonic() < deadline, (len(self.stored), len(self.refused), self.others[:1])
            time.sleep(0.01)

    def works(self, more: int = 3) -> None:
        """Wait until so many more are stored and read."""
        stored, read = len(self.stored) + more, self.read + more
        self.until(lambda: len(self.stored) >= stored and self.read >= read)

    def is_refused(self, more: int = 3) -> None:
        refused = len(self.refused) + more
        self.until(lambda: len(self.refused) >= refused)


@contextmanager
def load(person: Person) -> Iterator[Load]:
    found = Load(person)
    threads = [threading.Thread(target=found.write, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    try:
        yield found
    finally:
        found.ended.set()
        for thread in threads:
            thread.join(SECONDS)


@pytest.fixture
def database() -> Iterator[OwnPostgres]:
    with own_postgres() as server:
        yield server


def test_a_restarted_a_replaced_and_a_read_only_database_under_load(database: OwnPostgres, tmp_path: Path) -> None:
    server = Server(tmp_path / "home", env={"DATABASE_URL": database.url})
    with serving(server, "--threads", "8", admin=("ann", "correct horse battery staple")):
        with load(Person(server).sign_in()) as people:
            people.works()
            database.stop("immediate")
            people.is_refused()
            assert server.get("/healthz")[0] == 200
            assert server.get("/readyz")[0] == 503
            database.start()
            people.works()

            database.stop("fast")
            database.copy_data("other")  # another server at the same address
            database.start()
            people.works()

            database.stop("fast")
            database.start("-c default_transaction_read_only=on")
            people.is_refused()
            read, refused = people.read + 5, len(people.refused)
            people.until(lambda: people.read >= read)
            people.is_refused(WRITERS * 3)
            assert any("The database is read-only just now." in answer.text for answer in people.refused[refused:])
            database.stop("fast")
            database.start()
            people.works()
        assert server.process is not None
        assert server.process.poll() is None
        log = server.log()
    check_answers(people)
    assert f"The database cannot be reached: nothing accepts connections at 127.0.0.1:{database.port}." in log
    assert "Traceback" not in log
    assert not any(secret in log for secret in ("CANARY", PASSWORD))
    check_content(server, database, people)


def check_answers(people: Load) -> None:
    assert not people.others, [(answer.status, answer.text[:2000]) for answer in people.others[:2]]
    for answer in people.refused:
        assert int(answer.headers["Retry-After"]) >= 1
        assert "database" in answer.text
        assert "CANARY" not in answer.text


def check_content(server: Server, database: OwnPostgres, people: Load) -> None:
    """Each acknowledged one is there once; of the others each is there whole or not at all."""
    output = server.run_here("db", "check")
    assert "Counts: right." in output
    opened = server.run_here("keys", "verify")
    stored = int(output.split("Credentials: ")[1].split(".")[0])
    assert opened.startswith(f"Opened with the first key alone: {stored} credential")
    assert len(set(people.stored)) == len(people.stored) <= stored <= len(people.tried)
    names = {row[0] for row in database.rows("SELECT name FROM credential")}
    assert set(people.stored) <= names <= set(people.tried)
