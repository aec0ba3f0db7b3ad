"""What is shown of a run of many tests: its state and numbers, its credentials by group, and pages of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from credstore.probe import Outcome

DELETED = "gone"  # the outcome of an item whose credential was deleted meanwhile


class Group(IntEnum):
    """The groups of results, in the order that they are shown. The number is stored with each item."""

    FAILED = 0
    UNCLEAR = 1
    PASSED = 2
    UNTESTED = 3

    @classmethod
    def of(cls, outcome: str) -> "Group":
        """The group of a stored outcome; "" is not tested yet."""
        if not outcome:
            return cls.UNTESTED
        mark = Outcome(outcome).mark if outcome in set(Outcome) else "unsure"
        return {"fail": cls.FAILED, "pass": cls.PASSED}.get(mark, cls.UNCLEAR)

    @property
    def slug(self) -> str:
        """The name in URLs."""
        return self.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunItem:
    """One credential of a run; `outcome` is None until it is tested, and where it was deleted meanwhile."""

    public_id: str
    name: str
    outcome: Outcome | None
    reason: str
    done: bool
    group: Group
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run as it stands. `state` is running, done, cancelled or interrupted (its server went away).

    `counts` has how many credentials had an outcome, by the stored outcome. `started_by` is "" where nobody is known.
    """

    run_id: str
    started_at: datetime
    ended_at: datetime | None
    state: str
    started_by: str
    scope: str
    total: int
    counts: Mapping[str, int]

    @property
    def done(self) -> int:
        return sum(self.counts.values())

    @property
    def running(self) -> bool:
        return self.state == "running"

    def number_of(self, group: Group) -> int:
        """How many credentials are in a group."""
        if group is Group.UNTESTED:
            return max(0, self.total - self.done)
        return sum(number for outcome, number in self.counts.items() if Group.of(outcome) is group)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A run with all of its items, in the order that they are tested."""

    run_id: str
    started_at: datetime
    state: str
    items: tuple[RunItem, ...]

    @property
    def done(self) -> int:
        return sum(item.done for item in self.items)


@dataclass(frozen=True, slots=True)
class ItemKey:
    """Where a page of items begins: after an item, or (not `forward`) before it."""

    group: Group
    position: int
    forward: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """A run with one page of its items, failures first. `group` is the only one shown, None for all."""

    run: Run
    items: tuple[RunItem, ...]
    group: Group | None
    next_key: ItemKey | None
    previous_key: ItemKey | None

    def sections(self) -> list[tuple[Group, list[RunItem]]]:
        """The items of this page by group."""
        found = ((group, [item for item in self.items if item.group is group]) for group in Group)
        return [(group, items) for group, items in found if items]
