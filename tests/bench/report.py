"""The table of all figures, in Markdown."""

import os
import platform
from collections.abc import Mapping, Sequence

from tests.bench.figures import Figure

Column = tuple[str, int]  # the database's name, the number of rows


def table(columns: Mapping[Column, Sequence[Figure]]) -> str:
    """A line for each figure, a column for each database and size."""
    texts = {column: {figure.line: figure.text for figure in figures} for column, figures in columns.items()}
    lines = list(dict.fromkeys(line for cells in texts.values() for line in cells))
    head = ["", *(f"{database}, {rows:,} rows" for database, rows in columns)]
    body = [[line, *(cells[line] for cells in texts.values())] for line in lines]
    rule = ["---", *("---:" for _ in columns)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *body))


def machine() -> str:
    """What the table was measured on. A load above the number of cores slows long requests more than short ones."""
    load = os.getloadavg()[2]
    return f"Measured on {os.cpu_count()} cores with Python {platform.python_version()}; load average {load:.1f}."
