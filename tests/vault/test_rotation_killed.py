"""A rotation that is killed leaves no process behind. What it leaves in the database: `test_killed`."""

import os
import time
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path

from credstore.encryption.encrypting_processes import Batch, carry_out
from tests.fixtures.killing import SECONDS, processes


def work_on(pids: Connection) -> None:
    """A process that has another one work for it, without end."""
    endless = (Batch(None, [number]) for number in count())
    for _, (pid,) in carry_out(own_pid, endless, processes=1):
        pids.send(pid)


def own_pid(_items: list[int]) -> list[int]:
    return [os.getpid()]


def test_a_killed_rotation_leaves_no_process_that_holds_the_keys() -> None:
    ours, theirs = processes.Pipe()
    process = processes.Process(target=work_on, args=(theirs,))
    process.start()
    theirs.close()
    assert ours.poll(SECONDS)
    encrypts = Path(f"/proc/{ours.recv()}")
    assert encrypts.exists()
    process.kill()
    process.join(SECONDS)
    deadline = time.monotonic() + SECONDS
    while encrypts.exists() and (encrypts / "stat").read_text().rpartition(") ")[2][0] != "Z":
        assert time.monotonic() < deadline, "it still runs"
        time.sleep(0.05)
    ours.close()
