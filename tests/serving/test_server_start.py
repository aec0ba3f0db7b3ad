"""One worker has the start prepared, by a process of its own; the others wait for its outcome."""

import os
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from credstore.encryption.keyring import generate_key
from credstore.log_lines import configure_logging
from credstore.server_start import FAILED, PREPARED, REFUSED, ServerStart
from tests.fixtures.serving import TWO_WORKERS, Server, serving

SECONDS = 10
# Python 3.12 warns of a fork where threads run, as those of pytest-xdist do; the children here use none of them.
pytestmark = pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")


class Prepared(ServerStart):
    """A start whose preparation is `work`, which returns an exit status."""

    def __init__(self, work: Callable[[], int]) -> None:
        super().__init__(dict, locked=False, from_file=())
        self._prepare = work  # type: ignore[method-assign]


def worker(start: ServerStart, *, still_alive: Callable[[], None] = lambda: None) -> int:
    """A process that waits as a worker does. It ends with 7 where it would go on to load the application."""
    child = os.fork()
    if child:
        return child
    try:
        start.wait_until_prepared(still_alive)
    finally:
        os._exit(7)


def status(process: int) -> int:
    """How the process ended: its exit status, or the negative number of a signal."""
    deadline = time.monotonic() + SECONDS
    while not (ended := os.waitpid(process, os.WNOHANG))[0]:
        assert time.monotonic() < deadline, "it goes on"
        time.sleep(0.005)
    return os.waitstatus_to_exitcode(ended[1])


def noted(file: Path, text: str, result: int = PREPARED) -> int:
    with file.open("a") as notes:
        notes.write(text)
    return result


def test_one_of_many_prepares_and_all_go_on(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    start = Prepared(lambda: noted(notes, "once "))
    workers = [worker(start) for _ in range(8)]
    assert {status(process) for process in workers} == {7}
    assert start.outcome == PREPARED
    assert status(worker(start)) == 7, "one that comes later, too"
    assert notes.read_text() == "once "


@pytest.mark.parametrize("outcome", [REFUSED, FAILED])
def test_where_it_is_refused_or_fails_no_worker_goes_on(outcome: int) -> None:
    start = Prepared(lambda: outcome)
    assert [status(process) for process in [worker(start), worker(start)]] == [0, 0]
    assert start.outcome == outcome


def test_an_exception_is_a_failure_without_its_text(capfd: pytest.CaptureFixture[str]) -> None:
    configure_logging("text", "info")
    text = "-".join(("canary", "text"))  # which the line of the source does not hold
    start = Prepared(lambda: int(text))
    assert status(worker(start)) == 0
    assert start.outcome == FAILED
    told = capfd.readouterr().err
    assert "the start failed" in told
    assert text not in told


@pytest.mark.parametrize("_time", range(5))
def test_a_preparation_that_is_killed_is_a_failure_and_no_other_one_begins(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], _time: int
) -> None:
    """Whichever worker sees it first: its own, which is told of it, or another, which finds the lock free."""
    configure_logging("text", "info")
    notes = tmp_path / "notes"
    start = Prepared(lambda: noted(notes, "once ") or os.kill(os.getpid(), signal.SIGKILL) or PREPARED)
    workers = [worker(start) for _ in range(3)]
    assert [status(process) for process in workers] == [0, 0, 0]
    assert start.outcome == FAILED
    assert notes.read_text() == "once "
    assert "was killed" in capfd.readouterr().err


@pytest.mark.parametrize("ending", [SystemExit, KeyboardInterrupt, MemoryError])
def test_what_ends_the_preparation_from_within_is_a_failure(ending: type[BaseException]) -> None:
    def end() -> int:
        raise ending

    start = Prepared(end)
    assert status(worker(start)) == 0
    assert start.outcome == FAILED


def test_where_its_worker_is_killed_the_preparation_goes_on_and_others_wait_for_it(tmp_path: Path) -> None:
    """Two preparations at once would print two set-up links, of which one works."""
    notes, gate = tmp_path / "notes", tmp_path / "gate"

    def slow() -> int:
        noted(notes, "once ")
        _until(gate.exists)
        return PREPARED

    start = Prepared(slow)
    first = worker(start)
    _until(notes.exists)
    others = [worker(start) for _ in range(3)]
    os.kill(first, signal.SIGKILL)
    assert status(first) == -signal.SIGKILL
    time.sleep(0.1)
    assert start.outcome is None
    gate.touch()
    assert [status(other) for other in others] == [7, 7, 7]
    assert notes.read_text() == "once "


def test_where_the_preparation_is_asked_to_end_another_one_prepares(tmp_path: Path) -> None:
    notes = tmp_path / "notes"

    def ended_at_first() -> int:
        if notes.exists():
            return noted(notes, "second")
        noted(notes, "first ")
        os.kill(os.getpid(), signal.SIGTERM)
        return FAILED

    start = Prepared(ended_at_first)
    assert status(worker(start)) == 7
    assert notes.read_text() == "first second"


def test_whoever_prepares_or_waits_gives_signs_of_life_and_can_be_ended(tmp_path: Path) -> None:
    """A migration may take longer than gunicorn waits for a worker; and a server that starts can be stopped."""
    begun = tmp_path / "begun"
    signs = [tmp_path / "signs of the first", tmp_path / "signs of the second"]

    def sign(file: Path) -> None:
        noted(file, ".")
        if len(file.read_text()) == 20:
            raise SystemExit

    start = Prepared(lambda: noted(begun, str(os.getpid())) or time.sleep(SECONDS) or FAILED)
    first = worker(start, still_alive=lambda: sign(signs[0]))
    second = worker(start, still_alive=lambda: sign(signs[1]))
    assert {status(first), status(second)} == {7}
    assert [len(file.read_text()) for file in signs] == [20, 20]
    _until(lambda: not any(_runs(int(pid)) for pid in begun.read_text().split()))


def _runs(process: int) -> bool:
    stat = Path(f"/proc/{process}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] not in "ZX"


def _until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def begin(server: Server, **streams: int) -> subprocess.Popen[bytes]:
    """`credstore serve` with two workers; does not wait until it answers."""
    command = [*server.credstore, "serve", "--port", str(server.port), *TWO_WORKERS]
    return subprocess.Popen(command, env=server.environment, cwd=server.home, **streams)


def test_a_server_that_waits_for_its_database_ends_when_it_is_asked_to(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(SECONDS)
        url = f"postgresql://ann:CANARY@127.0.0.1:{silent.getsockname()[1]}/silent"
        server = Server(tmp_path, env={"DATABASE_URL": url})
        process = begin(server, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            asking, _ = silent.accept()
            with asking:
                process.terminate()
                output = b"".join(process.communicate(timeout=SECONDS))
                asking.settimeout(SECONDS)
                while asking.recv(4096):  # until the process that prepares is gone
                    pass
        finally:
            process.kill()
    assert process.returncode == 0
    assert b"Traceback" not in output
    assert b"CANARY" not in output


def test_workers_whose_arbiter_is_killed_end_and_leave_the_port_free(tmp_path: Path) -> None:
    """Also while the start is prepared: here by a program that prints keys, and takes its time."""
    begun = tmp_path / "begun"
    program = f"/bin/sh -c 'echo $$ > {begun}; exec sleep 60'"
    server = Server(tmp_path, env={"FIELD_ENCRYPTION_KEY_COMMAND": program})
    process = begin(server, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _until(lambda: begun.exists() and begun.read_text().strip() != "")
    finally:
        process.kill()
        process.wait()
    _until(lambda: not _runs(int(begun.read_text())))
    _until(lambda: _is_free(server.port))


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def test_a_worker_waits_for_keys_that_are_away_while_the_others_serve(tmp_path: Path) -> None:
    keys, away = tmp_path / "keys", tmp_path / "away"
    server = Server(tmp_path, env={"FIELD_ENCRYPTION_KEY_COMMAND": f"cat {keys}"})
    server.make_database()
    keys.write_text(generate_key())
    with serving(server, *TWO_WORKERS):
        assert server.process
        children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
        _until(lambda: server.log().count("Booting worker") == 2)
        first, second = map(int, children.read_text().split())
        keys.rename(away)
        os.kill(first, signal.SIGKILL)
        _until(lambda: "not loaded, tried again in 5 s: FIELD_ENCRYPTION_KEY_COMMAND ended with the" in server.log())
        assert _runs(second)
        assert server.healthy()


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">/dev/full"])
def test_a_stream_that_takes_nothing_is_no_reason_not_to_serve(tmp_path: Path, closed: str) -> None:
    server = Server(tmp_path)
    command = shlex.join([*server.credstore, "serve", "--port", str(server.port), "--workers", "1"])
    try:
        server.start(["/bin/sh", "-c", f"exec {command} {closed}"], tmp_path)
        assert server.healthy()
    finally:
        server.stop()
    assert "Traceback" not in server.log()


def test_what_the_parts_of_a_start_write_comes_in_order(tmp_path: Path) -> None:
    server = Server(tmp_path, env={"CREDSTORE_LOG_FORMAT": "text"})
    process = begin(server, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        _until(server.healthy)
    finally:
        process.terminate()
        output = process.communicate(timeout=SECONDS)[0].decode()
    marks = ("credstore serves http", "/setup?token=", "Starting gunicorn", "Listening at", "Booting worker")
    assert [output.count(mark) for mark in marks] == [1, 1, 1, 1, 2], output
    assert sorted(marks, key=output.index) == list(marks)
