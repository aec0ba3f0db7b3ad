"""SQL for the orders of the list. Each order is a sequence of ranges, and each range is one walk of an index."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Text, literal_column

from credstore.models import Credential
from credstore.vault.name_search import by_code_point

MAX_ID = 2**31 - 1
Conditions = tuple[Any, ...]
Columns = tuple[Any, ...]  # SQLAlchemy has no common type of what ORDER BY takes
Range = tuple[Conditions, Columns]

DETAIL_KEY: ColumnElement[str] = literal_column("substr(credential.detail, 1, 64)", Text)  # as its index has it


def name_key(dialect: str) -> Any:
    """The name as the index has it that names are sorted by."""
    return by_code_point(Credential.name_key, dialect)


@dataclass(frozen=True, slots=True)
class ById:
    """Newest first, or oldest first."""

    oldest_first: bool = False

    def ranges(self, start: int | None, *, forward: bool) -> Iterator[Range]:
        """What follows the id `start`, or stands before it (then the nearest first)."""
        if forward is self.oldest_first:
            yield (Credential.id > (start or 0),), (Credential.id,)
        else:
            yield (Credential.id < (MAX_ID if start is None else start),), (Credential.id.desc(),)


@dataclass(frozen=True, slots=True)
class ByColumn:
    """By a column, and newest first among equals, or both turned around; then what has nothing there, newest first.

    `blanks` says whether anything may be without a value. Of a `unique` column there are no equals. An `expression` is
    a text: SQLite finds the first that is not NULL in its index only by a comparison.
    """

    column: Any
    descending: bool = False
    blanks: bool = True
    unique: bool = False
    expression: bool = False

    def ranges(self, start: tuple[Any, int] | None, *, forward: bool) -> Iterator[Range]:
        """What follows the row with this value and id, or stands before it."""
        column, row_id = self.column, Credential.id
        rising = forward is not self.descending
        order: Columns = (column, row_id.desc()) if rising else (column.desc(), row_id)  # as the index has it
        if self.unique:
            order = order[:1]
        filled: Any = column > "" if self.expression else column.is_not(None)
        blank: Range = ((column.is_(None),), (row_id.desc(),))
        if start is None:
            yield (filled,), order
            if self.blanks:
                yield blank
            return
        value, start_id = start
        if value is None:
            beside = row_id < start_id if forward else row_id > start_id
            yield (column.is_(None), beside), (row_id.desc() if forward else row_id,)
            if not forward:
                yield (filled,), order
            return
        if not self.unique:
            # By the id alone: SQLite sorts where it does not see that an expression is the same in all rows.
            beside = row_id < start_id if rising else row_id > start_id
            yield (column == value, beside), order[1:]
        yield (column > value if rising else column < value,), order
        if forward and self.blanks:
            yield blank


@dataclass(frozen=True, slots=True)
class ByValue:
    """The rows that meet the first condition, then those that meet the second, ...; newest first in each."""

    values: Sequence[str]
    conditions: Sequence[ColumnElement[bool]]

    def ranges(self, start: tuple[Any, int] | None, *, forward: bool) -> Iterator[Range]:
        """What follows the row with this value and id, or stands before it."""
        row_id = Credential.id
        order = (row_id.desc(),) if forward else (row_id,)
        steps = list(zip(self.values, self.conditions, strict=True))[:: 1 if forward else -1]
        if start is not None:
            value, start_id = start
            place = next((n for n, (known, _) in enumerate(steps) if known == value), len(steps))
            for _, condition in steps[place : place + 1]:
                yield (condition, row_id < start_id if forward else row_id > start_id), order
            steps = steps[place + 1 :]
        for _, condition in steps:
            yield (condition,), order


Order = ById | ByColumn | ByValue
