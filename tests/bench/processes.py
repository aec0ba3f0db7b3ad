"""What a process and its children take of the machine. Linux only: it reads /proc."""

import resource
import time
from pathlib import Path

import psycopg


def family(pid: int) -> list[int]:
    """The ids of a process, its children and theirs."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(member for child in children for member in family(int(child)))]


def resident_bytes(pid: int | str = "self") -> int:
    """Bytes of physical memory of a process, shared pages counted in full."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()


def memory_mib(pid: int, kind: str) -> float:
    """The memory of a family in MiB; `kind` is "Rss", or "Pss" (what several processes share is divided by them)."""
    return sum(_memory_kb(member, kind) for member in family(pid)) / 1024


def processor_seconds(pid: int) -> float:
    """The processor time that a family has used so far."""
    # What clock_getcpuclockid(3) gives for another process; Python does not offer that function.
    return sum(time.clock_gettime((~member << 3) | 2) for member in family(pid))


def database_pid(url: str) -> int:
    """The process whose children serve the connections to a PostgreSQL database on this machine."""
    with psycopg.connect(url) as connection:
        (backend,) = connection.execute("SELECT pg_backend_pid()").fetchone() or (0,)
        return int(Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[1])


def _memory_kb(pid: int, kind: str) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{kind}:"))
