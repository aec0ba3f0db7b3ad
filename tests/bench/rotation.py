"""Prints how fast `credstore keys rotate` is, against bare Fernet on the same cores: `python -m tests.bench.rotation`.

Bare Fernet is one process for each core that decrypts and encrypts the same texts, and does nothing else. In
parentheses stands the same for the processor time of one row, which depends less on what else the machine does; that of
PostgreSQL's server is not counted.
"""

import argparse
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet
from sqlalchemy import text

from credstore import create_app
from credstore.config import Config
from credstore.database import close_database
from credstore.encryption.encrypting_processes import cores
from credstore.models import db
from tests.bench.__main__ import DATABASES, database_url, databases, sizes
from tests.bench.bare_fernet import decrypt_and_encrypt
from tests.bench.data import fill
from tests.bench.measures import ADMIN
from tests.bench.serving import installation
from tests.fixtures.serving import Server

SAMPLE = 50_000  # texts that bare Fernet decrypts and encrypts in each process


@dataclass(frozen=True)
class Speed:
    """Rows per second of wall-clock time, seconds of processor time for one row, and the most memory of a process."""

    rows_per_second: float
    processor_seconds: float
    memory_mib: float = 0


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.rotation", description=__doc__)
    parser.add_argument("--rows", type=sizes, default="100k,1M", help="comma-separated (default: %(default)s)")
    parser.add_argument("--database", type=databases, default="sqlite,postgres", help="default: %(default)s")
    options = parser.parse_args(words)
    sys.stdout.write("| | rows/s | of bare Fernet | memory |\n| --- | ---: | ---: | ---: |\n")
    for database in options.database:
        for rows in options.rows:
            with tempfile.TemporaryDirectory(prefix="bench-") as folder, database_url(database) as url:
                ours, bare = measure(Path(folder) / "home", url, rows)
            share = ours.rows_per_second / bare.rows_per_second
            processor = bare.processor_seconds / ours.processor_seconds
            cells = f"{ours.rows_per_second:,.0f} | {share:.0%} ({processor:.0%}) | {ours.memory_mib:.0f} MiB"
            sys.stdout.write(f"| {DATABASES[database]}, {rows:,} rows | {cells} |\n")
            sys.stdout.flush()


def measure(home: Path, url: str, rows: int) -> tuple[Speed, Speed]:
    """The speed of a rotation of so many rows, and of bare Fernet before and after it."""
    server = installation(home / "credstore", url)
    fill(server, rows, ADMIN)
    old = server.environment["FIELD_ENCRYPTION_KEY"]
    new = Fernet.generate_key().decode()
    sample = _sample(server)
    before = bare_speed(old, new, sample)
    ours = _rotate(server.environment | {"FIELD_ENCRYPTION_KEY": f"{new},{old}"}, rows)
    after = bare_speed(old, new, sample)
    mean = (before.rows_per_second + after.rows_per_second) / 2
    return ours, Speed(mean, (before.processor_seconds + after.processor_seconds) / 2)


def _sample(server: Server) -> list[str]:
    app = create_app(Config.from_env(server.environment))
    with app.app_context():
        rows = db.session.scalars(text("SELECT sealed FROM credential ORDER BY id LIMIT 100"))
        found = [str(token) for token in rows]
    close_database(app)
    return found


def bare_speed(old: str, new: str, sample: list[str]) -> Speed:
    """What all cores together decrypt with `old` and encrypt with `new`."""
    work = [(old, new, sample, SAMPLE // len(sample))] * cores()
    with multiprocessing.get_context("spawn").Pool(cores()) as pool:
        pool.map(decrypt_and_encrypt, [(old, new, sample, 1)] * cores(), chunksize=1)  # starts them
        started = time.monotonic()
        processor_seconds = sum(pool.map(decrypt_and_encrypt, work, chunksize=1))
        texts = work[0][3] * len(sample) * cores()
        return Speed(texts / (time.monotonic() - started), processor_seconds / texts)


def _rotate(environment: dict[str, str], rows: int) -> Speed:
    """The command, from its start to its end; it must encrypt every row."""
    words = [sys.executable, "-m", "credstore", "keys", "rotate"]
    started = time.monotonic()
    process = subprocess.Popen(words, stdout=subprocess.PIPE, env=environment, text=True)
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)  # with the processes that it started
    seconds = time.monotonic() - started
    process.stdout.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    assert (process.returncode, output.splitlines()[0]) == (0, f"Encrypted anew: {rows:,}."), output
    return Speed(rows / seconds, (usage.ru_utime + usage.ru_stime) / rows, usage.ru_maxrss / 1024)


if __name__ == "__main__":
    main()
