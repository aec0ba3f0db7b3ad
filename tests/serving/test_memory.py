"""What the processes of `credstore serve` hold in memory."""

import time
from pathlib import Path

from tests.fixtures.serving import TWO_WORKERS, Serve

MOST_MEMORY = 170 * 2**20  # bytes, of the arbiter and two workers; 162 MiB measured
LOAD_SECONDS = 30
APPLICATION = ("cryptography", "sqlalchemy")
UNUSED = (
    "/_ssl.",
    "/_asyncio.",
    "/libcrypto.",
)  # files of modules that are late; a request that uses none leaves them unloaded


def test_the_arbiter_does_not_hold_the_application(serve: Serve) -> None:
    site = serve(*TWO_WORKERS, admin=("ann", "correct horse battery staple"))
    assert site.process is not None
    arbiter = site.process.pid
    workers = workers_with_the_application(arbiter)
    assert not any(name in mapped_files(arbiter) for name in APPLICATION)
    assert [file for file in UNUSED for process in (arbiter, *workers) if file in mapped_files(process)] == []
    assert sum(resident(process) for process in (str(arbiter), *workers)) < MOST_MEMORY


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


def resident(process: str) -> int:
    """Bytes of physical memory of a process, shared pages counted in full."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * 4096
