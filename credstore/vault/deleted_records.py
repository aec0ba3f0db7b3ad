"""What the use cases of deleted credentials return. No secret, and nothing of the encrypted value."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from flask_sqlalchemy.pagination import Pagination


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedRecord:
    """A credential that can be restored `until` a moment, when it is erased.

    `deleted_by` is "" where it is not known. `name_taken`: a stored credential has its name by now.
    """

    public_id: str
    name: str
    kind: str
    kind_label: str
    deleted_at: datetime
    deleted_by: str
    until: datetime
    name_taken: bool

    def as_json(self) -> dict[str, str | bool | None]:
        """The record for programs. `deleted_by` is None where it is not known."""
        return {
            "id": self.public_id,
            "name": self.name,
            "type": self.kind,
            "deleted_at": self.deleted_at.isoformat(),
            "deleted_by": self.deleted_by or None,
            "until": self.until.isoformat(),
            "name_taken": self.name_taken,
        }


@dataclass(frozen=True, kw_only=True)
class DeletedPage:
    """One page of the deleted credentials. `capped`, `by_key` and the rest mean what they mean in `records.Page`."""

    records: tuple[DeletedRecord, ...]
    query: str
    pagination: Pagination
    capped: bool = False
    by_key: bool = False
    next_key: int | None = None
    previous_key: int | None = None
    beginnings_only: bool = False
    exact: int | None = None

    def numbers(self) -> Iterator[int | None]:
        """Page numbers for the navigation; None stands for a gap."""
        return self.pagination.iter_pages(left_edge=1, left_current=1, right_current=1, right_edge=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoration:
    """What a restoring did. `names` are those of the restored ones; `missing` counts ids that are not there any more.

    `refused` has the sentence about the name of each that cannot come back under it; then nothing was restored.
    """

    names: tuple[str, ...] = ()
    missing: int = 0
    refused: Mapping[str, str] = field(default_factory=dict)
