"""What the use cases of references return."""

from dataclasses import dataclass
from datetime import datetime

from credstore.reference_models import CredentialReference


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A node of a consumer that uses a credential. `registered`: it said so; otherwise only a use was seen."""

    public_id: str
    consumer: str
    node: str
    label: str
    link: str
    registered: bool
    created_at: datetime
    last_used_at: datetime | None

    @property
    def title(self) -> str:
        """What people call the consumer."""
        return self.label or self.consumer


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferencePage:
    """One page of the references of a credential. `total` counts all of them, `consumers` those that have any."""

    references: tuple[Reference, ...]
    page: int
    pages: int
    total: int
    consumers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What became of a credential: created, edited, deleted, restored, or moved.

    Of a move `moved_to` is the id of the credential that the references were moved to. `position` is its cursor.
    """

    position: int
    action: str
    public_id: str
    moved_to: str | None
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Changes in their order. `cursor` is where the next call begins; `more`: there are more already."""

    changes: tuple[Change, ...]
    cursor: int
    more: bool


def to_reference(row: CredentialReference) -> Reference:
    """The record of a row."""
    return Reference(**{name: getattr(row, name) for name in Reference.__slots__})
