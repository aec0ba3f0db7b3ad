"""What the processes of `credstore serve` hold in memory."""

import time
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from tests.bench.client import Client
from tests.bench.data import fill, some_ids
from tests.bench.processes import resident_bytes
from tests.fixtures.serving import TWO_WORKERS, Serve, Server, serving
from tests.sign_in import PASSWORD, SECRET_KEY, USERNAME

MOST_MEMORY = 170 * 2**20  # bytes, of the arbiter and two workers
MOST_AT_START = 150 * 2**20  # 141 to 146 MiB measured, and 162 to 165 MiB after the load
LOAD_SECONDS = 30
APPLICATION = ("cryptography", "sqlalchemy")
UNUSED = ("/_ssl.", "/_asyncio.", "/libcrypto.")  # files of modules that are late; no request below uses them
ROWS, MANY = 10_500, 10_000
PAGES = (
    "/credentials",
    "/credentials?page=2",
    "/credentials?q=git",
    "/credentials?type=git",
    "/credentials?expiring=30",
)


def test_the_arbiter_does_not_hold_the_application(serve: Serve) -> None:
    site = serve(*TWO_WORKERS, admin=("ann", "correct horse battery staple"))
    assert site.process is not None
    arbiter = site.process.pid
    workers = workers_with_the_application(arbiter)
    assert not any(name in mapped_files(arbiter) for name in APPLICATION)
    assert [file for file in UNUSED for process in (arbiter, *workers) if file in mapped_files(process)] == []
    assert sum(resident_bytes(process) for process in (str(arbiter), *workers)) < MOST_AT_START


@pytest.fixture
def filled(tmp_path: Path) -> Server:
    env = {"FIELD_ENCRYPTION_KEY": Fernet.generate_key().decode(), "SECRET_KEY": SECRET_KEY}
    server = Server(tmp_path / "home", env=env)
    fill(server, ROWS, (USERNAME, PASSWORD))
    return server


def test_memory_after_a_load(filled: Server) -> None:
    ids = some_ids(filled, MANY)
    with serving(filled, *TWO_WORKERS, "--threads", "16") as site:
        assert site.process is not None
        arbiter = site.process.pid
        workers = workers_with_the_application(arbiter)
        client = Client(site)
        client.sign_in(USERNAME, PASSWORD)
        for round_ in range(20):
            client.close()  # a new connection may go to any worker
            for page in PAGES:
                client.get(page)
            own = {"name": f"Created {round_}", "tool-extra_config": '{"token": "a secret"}'}
            client.post("/credentials/new", {"type": "tool", **own}, 303)
        deleted = client.post("/credentials/delete", {"ids": " ".join(ids)}, 200, accept="application/json")
        assert deleted["deleted"] == MANY
        client.get("/credentials")
        client.close()
        time.sleep(1)  # until the memory of the deletion is given back
        assert [file for file in UNUSED for process in (arbiter, *workers) if file in mapped_files(process)] == []
        assert sum(resident_bytes(process) for process in (str(arbiter), *workers)) < MOST_MEMORY


def workers_with_the_application(arbiter: int) -> list[str]:
    """The two workers. The first answers while the second may still be importing, so this waits for both."""
    deadline = time.monotonic() + LOAD_SECONDS
    while True:
        workers = Path(f"/proc/{arbiter}/task/{arbiter}/children").read_text().split()
        loaded = [all(name in mapped_files(worker) for name in APPLICATION) for worker in workers]
        if loaded == [True, True]:
            return workers
        assert time.monotonic() < deadline, f"workers {workers}, with the application loaded: {loaded}"
        time.sleep(0.05)


def mapped_files(process: int | str) -> str:
    return Path(f"/proc/{process}/maps").read_text()
