"""What the processes of `credstore serve` hold in memory."""

from pathlib import Path

from tests.fixtures.serving import Server

MOST_MEMORY = 170 * 2**20  # bytes, of the arbiter and two workers; 162 MiB measured
APPLICATION = ("cryptography", "sqlalchemy")


def test_the_arbiter_does_not_hold_the_application(site: Server) -> None:
    assert site.process is not None
    site.get("/login")
    arbiter = site.process.pid
    workers = Path(f"/proc/{arbiter}/task/{arbiter}/children").read_text().split()
    assert len(workers) == 2
    for name in APPLICATION:
        assert name not in Path(f"/proc/{arbiter}/maps").read_text()
        assert all(name in Path(f"/proc/{worker}/maps").read_text() for worker in workers)
    assert sum(resident(process) for process in (str(arbiter), *workers)) < MOST_MEMORY


def resident(process: str) -> int:
    """Bytes of physical memory of a process, shared pages counted in full."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * 4096
