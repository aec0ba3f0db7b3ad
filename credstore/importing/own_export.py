"""Writes and reads the lines of credstore's own export: a JSON object for each credential, with its secrets in clear.

They are only ever inside of the encrypted file.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from credstore.errors import FileRefused
from credstore.importing.candidate import Candidate, Original

_DAMAGED = "The file holds a line that this version of credstore does not know. Nothing was imported."


def line_of(row: Any, values: Mapping[str, str]) -> str:
    """The line of a stored credential. `row` has the columns of a credential, `values` are all of its values."""
    return json.dumps(
        {
            "id": row.public_id,
            "name": row.name,
            "type": row.kind,
            "values": dict(values),
            "created_at": row.created_at.isoformat(),
            "expires_at": row.expires_at.isoformat() if row.expires_at else None,
            "expiry_from_provider": row.expiry_from_provider,
        }
    )


def read_lines(lines: Iterable[str]) -> Iterator[Candidate]:
    """Raises FileRefused for a line of another shape."""
    for number, line in enumerate(lines, 1):
        try:
            found = json.loads(line)
            expires_at = found["expires_at"]
            yield Candidate(
                origin=f"credential {number}",
                name=str(found["name"]),
                kind=str(found["type"]),
                values={str(name): str(value) for name, value in found["values"].items()},
                original=Original(
                    public_id=str(UUID(found["id"])),
                    created_at=_moment(found["created_at"]),
                    expires_at=None if expires_at is None else _moment(expires_at),
                    expiry_from_provider=bool(found["expiry_from_provider"]),
                ),
            )
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise FileRefused(_DAMAGED) from None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
