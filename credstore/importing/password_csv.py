"""Reads the CSV that a password manager exports; each manager has a module with the names of its columns."""

import csv
from collections.abc import Mapping
from io import StringIO

from credstore.errors import FileRefused
from credstore.importing.candidate import Candidate
from credstore.importing.known_names import extra_config, recognise

NO_SECRET = "It has neither a password nor a note nor a field."  # noqa: S105 - a sentence


def read_rows(text: str, required: set[str]) -> list[tuple[str, dict[str, str]]]:
    """The rows by their column names in lower case, each with its origin. Raises FileRefused."""
    try:
        reader = csv.DictReader(StringIO(text, newline=""), strict=True)
        rows = [
            (
                f"line {reader.line_num}",
                {str(name or "").strip().lower(): value or "" for name, value in row.items() if isinstance(value, str)},
            )
            for row in reader
        ]
    except csv.Error:
        raise FileRefused("This is not a valid CSV file.") from None
    columns = {str(name).strip().lower() for name in reader.fieldnames or ()}
    if not required <= columns:
        raise FileRefused(f"This CSV file lacks the column {', '.join(sorted(required - columns))}.")
    return rows


def login(origin: str, title: str, url: str, parts: Mapping[str, str]) -> Candidate:
    """The candidate of a login; `parts` are what it holds: "username", "password", "totp", "notes" and others."""
    secret = parts.get("password", "").strip()
    if not any(value for name, value in parts.items() if name != "username"):
        return Candidate(origin=origin, name=title or "?", skipped=NO_SECRET)
    name = title or url
    known = recognise(title, secret) if secret and " " not in secret else None
    if known is not None and known[0] != "git":
        left_out = [part for part, value in parts.items() if value and part != "password"]
        note = f"Left out: {', '.join(left_out)}." if left_out else ""
        return Candidate(origin=origin, name=name, kind=known[0], values=known[1], note=note)
    return Candidate(origin=origin, name=name, kind="tool", values=extra_config({"website": url, **parts}))
