"""Reads the CSV that 1Password exports. Source: https://support.1password.com/export/ (the columns of its CSV)."""

from credstore.importing.candidate import Candidate
from credstore.importing.password_csv import login, read_rows


def read(text: str) -> list[Candidate]:
    """Raises FileRefused."""
    return [
        login(
            origin,
            row["title"].strip(),
            row.get("url") or row.get("website") or row.get("urls") or "",
            {
                "username": row.get("username", ""),
                "password": row["password"],
                "totp": row.get("otpauth", ""),
                "notes": row.get("notes", ""),
            },
        )
        for origin, row in read_rows(text, {"title", "password"})
    ]
