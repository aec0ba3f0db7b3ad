"""Hanging providers, SIGTERM during a test, kill -9 during a batch delete: real processes, default settings."""

import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.fixtures.serving import TWO_WORKERS, Serve, Server, serving
from tests.provider import Provider
from tests.serving.browser import Person

USERS = ("ann", "correct horse battery staple")
TESTS = 16


def count(server: Server, table: str = "credential") -> int:
    database = sqlite3.connect(server.data_dir / "credstore.sqlite3")
    try:
        return int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
    finally:
        database.close()


def test_sixteen_hanging_tests_leave_the_list_page_quick(serve: Serve, provider: Provider) -> None:
    server = serve(*TWO_WORKERS, admin=USERS)
    person = Person(server).sign_in()
    rows = [person.create(f"hanging {number}", base_url=provider.url("/hang/v1")) for number in range(TESTS)]
    person.get("/credentials")  # warm
    idle = sorted(person.get("/credentials").seconds for _ in range(9))[4]
    people = [Person(server, dict(person.cookies), token=person.token) for _ in rows]
    with ThreadPoolExecutor(TESTS) as pool:
        running = [pool.submit(p.post, f"/credentials/{row}/test") for p, row in zip(people, rows, strict=True)]
        try:
            provider.wait_for(4, "/hang")
            deadline = time.monotonic() + 10
            while sum(job.done() for job in running) < TESTS - 8:
                assert time.monotonic() < deadline, "the surplus must be answered at once"
                time.sleep(0.02)
            busy = sorted(person.get("/credentials").seconds for _ in range(9))[4]
            in_flight = sum(not job.done() for job in running)
        finally:
            provider.release()
        answers = [job.result() for job in running]
    assert 4 <= in_flight <= 8, "4 at once in each of 2 processes"
    assert busy < max(20 * idle, 0.5), f"idle {idle:.4f} s, with {in_flight} hanging tests {busy:.4f} s"
    surplus = [answer for answer in answers if answer.status == 429]
    assert Counter(answer.status for answer in answers) == {303: in_flight, 429: TESTS - in_flight}
    for answer in surplus:
        assert "tests are running already. Wait a few seconds, then test again." in answer.text
        assert int(answer.headers["Retry-After"]) >= 1


def test_sigterm_during_a_test_ends_cleanly_and_leaves_no_half_row(tmp_path: Path, provider: Provider) -> None:
    server = Server(tmp_path / "home", env={"CREDSTORE_TEST_SECONDS": "2"})
    with serving(server, *TWO_WORKERS, admin=USERS):
        person = Person(server).sign_in()
        row = person.create("hanging", base_url=provider.url("/hang/v1"))
        answers: list[object] = []

        def press() -> None:
            try:
                answers.append(person.post(f"/credentials/{row}/test").status)
            except OSError as cut:
                answers.append(type(cut))

        pressing = threading.Thread(target=press)
        pressing.start()
        provider.wait_for(1, "/hang")
        started = time.monotonic()
        assert server.stop(signal.SIGTERM) == 0
        assert time.monotonic() - started < 10
        pressing.join(20)
        assert answers == [303], "the running test was let end"
        assert "Traceback" not in server.log()
    database = sqlite3.connect(server.data_dir / "credstore.sqlite3")
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert database.execute("SELECT version, verdict_version FROM credential").fetchall() == [(1, 1)]
    database.close()


KILLED = """
import os, sys
from sqlalchemy import event
from credstore import create_app
from credstore.models import db
app = create_app()
seen = 0
with app.app_context():
    @event.listens_for(db.engine, "after_cursor_execute")
    def die(_connection, _cursor, statement, *_):
        global seen
        if statement.startswith(("INSERT INTO deleted_credential", "DELETE FROM credential")):
            seen += 1
            if seen == int(sys.argv[1]):
                os.kill(os.getpid(), 9)
    @event.listens_for(db.engine, "commit")
    def die_before_commit(_connection):
        if seen == 2 and sys.argv[1] == "3":
            os.kill(os.getpid(), 9)
    ids = [row[0] for row in db.session.connection().exec_driver_sql("SELECT public_id FROM credential")]
    app.extensions["credstore"].vault.delete(ids)
"""


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Server:
    """A stopped installation with 1,200 rows."""
    server = Server(
        tmp_path_factory.mktemp("full"), env={"SECRET_KEY": "s" * 40, "FIELD_ENCRYPTION_KEY": "A" * 43 + "="}
    )
    server.admin()
    fill = (
        "from credstore import create_app\nfrom credstore.models import Credential, db\n"
        "app = create_app()\n"
        "with app.app_context():\n"
        "    vault = app.extensions['credstore'].vault\n"
        "    for n in range(1200):\n"
        "        db.session.add(Credential(public_id=f'{n:036}', name=f'r{n}', name_key=f'r{n}', kind='git', public={},"
        " sealed='x', key_id='0'))\n"
        "    db.session.connection(execution_options={'credstore_writes': True})\n"
        "    db.session.commit()\n"
    )
    subprocess.run([sys.executable, "-c", fill], check=True, env=server.environment, cwd=server.home)
    assert count(server) == 1200
    return server


@pytest.mark.parametrize("point", [1, 2, 3])
def test_killed_in_the_middle_of_a_batch_delete_all_rows_are_there(full: Server, point: int) -> None:
    command = [sys.executable, "-c", KILLED, str(point)]
    done = subprocess.run(command, check=False, env=full.environment, cwd=full.home, timeout=30)
    assert done.returncode == -signal.SIGKILL
    assert (count(full), count(full, "deleted_credential")) == (1200, 0)


def test_not_killed_none_is_there(full: Server) -> None:
    subprocess.run([sys.executable, "-c", KILLED, "99"], check=True, env=full.environment, cwd=full.home, timeout=30)
    assert (count(full), count(full, "deleted_credential")) == (0, 1200)
