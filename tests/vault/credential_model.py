"""What `test_state_machine` expects: credentials as a small model, and crashes at a boundary of what is written."""

from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from sqlalchemy import Connection

from credstore.audit import Act


@dataclass(frozen=True)
class Crash:
    """At which boundary of an act, from 1; and whether a new process opens the database then."""

    boundary: int
    connection: bool
    new_process: bool


@dataclass
class Row:
    """A credential. `batch` is that of its deletion, "" while it is stored; `uses` are (consumer, node)."""

    name: str
    secret: str
    replaced: str = ""
    version: int = 1
    batch: str = ""
    uses: set[tuple[str, str]] = field(default_factory=set)
    used_by: int | None = None

    def change(self, secret: str) -> None:
        self.secret, self.replaced = secret, self.secret
        self.version += 1

    def use(self, uses: set[tuple[str, str]]) -> None:
        self.uses, self.used_by = uses, len({consumer for consumer, _ in uses}) or None


@dataclass
class Model:
    """What there should be: credentials by id; changes that the feed has not given yet; entries of the audit log."""

    rows: dict[str, Row] = field(default_factory=dict)
    changes: list[tuple[str, str]] = field(default_factory=list)
    acts: Counter[str] = field(default_factory=Counter)

    def ids(self, *, deleted: bool = False) -> list[str]:
        return [public_id for public_id, row in self.rows.items() if bool(row.batch) == deleted]

    def stored_keys(self) -> dict[str, str]:
        """The ids of stored ones by their names, as names are compared."""
        return {self.rows[public_id].name.casefold(): public_id for public_id in self.ids()}

    def free_name(self, name: str) -> str:
        taken = {row.name.casefold() for row in self.rows.values()}
        endings = (f" (restored{f' {number}' * (number > 1)})" for number in count(1))
        return next(name + ending for ending in endings if (name + ending).casefold() not in taken)

    def done(self, act: Act, action: str, ids: list[str]) -> None:
        self.acts[act] += 1
        self.changes += [(action, public_id) for public_id in ids]


class Crashed(Exception):
    """A mistake of a program, which nothing in credstore expects."""


class Failpoint:
    """Crashes at a boundary."""

    def __init__(self, crash: Crash | None) -> None:
        self.crash, self.left = crash, crash.boundary if crash else 0

    def __call__(self, connection: Connection | None, cursor: Any) -> None:
        if connection is None:  # after a commit: the act goes on to its next boundary, or to its end
            return
        self.left -= 1
        if self.crash and self.left == 0:
            driver = connection.connection.dbapi_connection
            if driver is None or not self.crash.connection:
                raise Crashed
            # A database does so. SQLite's is in this process: it would do it when nothing refers to the cursor any
            # more, as the log of the test does, and until then whoever empties the database's log waits.
            if cursor is not None:
                cursor.close()
            driver.rollback()
            driver.close()
