"""Reads the CSV that Bitwarden exports. Source: https://bitwarden.com/help/condition-bitwarden-import/."""

from credstore.importing.candidate import Candidate
from credstore.importing.password_csv import login, read_rows


def read(text: str) -> list[Candidate]:
    """Raises FileRefused."""
    return [
        login(
            origin,
            row["name"].strip(),
            row.get("login_uri", ""),
            {
                "username": row.get("login_username", ""),
                "password": row["login_password"],
                "totp": row.get("login_totp", ""),
                "notes": row.get("notes", ""),
                "fields": row.get("fields", ""),
            },
        )
        for origin, row in read_rows(text, {"name", "login_password"})
    ]
