"""Prints what pages and changes cost, as multiples of a bare Flask view, as a table in Markdown."""

import argparse
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.bench.figures import Figure
from tests.bench.measures import QUICK, THOROUGH, measure
from tests.bench.report import Column, machine, table
from tests.fixtures.postgres import create_database, find_binaries, temporary_server

DATABASES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
LEAST_ROWS = 200


def sizes(text: str) -> list[int]:
    """Numbers of rows: 1k is 1,000 and 1M is 1,000,000."""
    numbers = [_number(word) for word in text.split(",")]
    if min(numbers) < LEAST_ROWS:
        raise argparse.ArgumentTypeError(f"at least {LEAST_ROWS} rows")
    return numbers


def _number(word: str) -> int:
    return int(word.rstrip("kM")) * {"k": 1_000, "M": 1_000_000}.get(word[-1:], 1)


def databases(text: str) -> list[str]:
    names = text.split(",")
    if unknown := set(names) - set(DATABASES):
        raise argparse.ArgumentTypeError(f"{unknown.pop()!r} is none of {', '.join(DATABASES)}")
    return names


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rows", type=sizes, default="1k,100k,1M", help="comma-separated (default: %(default)s)")
    parser.add_argument("--database", type=databases, default="sqlite,postgres", help="default: %(default)s")
    parser.add_argument("--quick", action="store_true", help="measure each thing once or twice: rough numbers")
    options = parser.parse_args(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # stops the servers and removes the data on the way out
    effort = QUICK if options.quick else THOROUGH
    columns: dict[Column, list[Figure]] = {}
    for database in options.database:
        for rows in options.rows:
            figures = columns[DATABASES[database], rows] = []
            with tempfile.TemporaryDirectory(prefix="bench-") as folder, database_url(database) as url:
                for figure in measure(Path(folder) / "home", url, rows, effort):
                    figures.append(figure)
                    sys.stderr.write(f"{DATABASES[database]}, {rows:,} rows: {figure.line}: {figure.text}\n")
    sys.stdout.write(f"{table(columns)}\n\n{machine()}\n")


@contextmanager
def database_url(database: str) -> Iterator[str]:
    """The URL of an empty database for the time of the block; "" for SQLite's file in the data folder."""
    if database == "sqlite":
        yield ""
        return
    binaries = find_binaries()
    if binaries is None:
        raise SystemExit("PostgreSQL is not installed (Debian's package: postgresql).")
    with temporary_server(binaries) as server:
        yield create_database(server, "bench", "template0")


if __name__ == "__main__":
    main()
