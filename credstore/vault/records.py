"""The frozen records that use cases return. They hold the public values of a row, never a secret."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypeVar

from flask_sqlalchemy.pagination import Pagination

from credstore.column_types import EPOCH, parse_moment
from credstore.credential_types import by_slug
from credstore.models import Credential
from credstore.probe import Outcome, Verdict
from credstore.vault.details import lines
from credstore.vault.list_filters import ListFilters
from credstore.vault.stored_verdicts import load_verdict

NAME_LENGTH = 255  # characters
_OUTCOMES = {outcome.value: outcome for outcome in Outcome}


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Enough to name a credential: in a confirmation, in a message."""

    public_id: str
    name: str
    kind: str
    kind_label: str


class ListRow(NamedTuple):
    """One credential as the table shows it. `outcome` already tells stale and unreadable apart from tested.

    `used_by` is how many consumers use it: None where no use is known, 0 where somebody without a name used it.
    """

    public_id: str
    name: str
    kind: str
    kind_label: str
    testable: bool
    detail: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    outcome: Outcome
    tested_at: datetime | None
    used_by: int | None = None
    last_used_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One credential as anybody signed in may see it, with what a `ListRow` has and its whole verdict.

    `public_values` are the public values with their labels, `secret_labels` the labels of the secrets that are stored.
    `completes`: a completion can be tried with it.
    """

    public_id: str
    name: str
    kind: str
    kind_label: str
    testable: bool
    detail: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    outcome: Outcome
    tested_at: datetime | None
    public: Mapping[str, str]
    secret_names: frozenset[str]
    public_values: tuple[tuple[str, str], ...]
    secret_labels: tuple[str, ...]
    key_id: str
    updated_at: datetime
    last_used_at: datetime | None
    used_by: int | None
    expiry_from_provider: bool
    version: int
    verdict: Verdict
    completes: bool


RowType = TypeVar("RowType", ListRow, Record)


class ListPagination(Pagination):
    """SQLAlchemy pagination of a page whose rows and total are known already."""

    def _query_items(self) -> list[Any]:
        return list(self._query_args["items"])

    def _query_count(self) -> int:
        return int(self._query_args["total"])


@dataclass(frozen=True, kw_only=True)
class Page(Generic[RowType]):
    """One page of the list. `counts` are matches by type slug, `status_counts` by status, for the filters' labels.

    Where `capped`, more than `pagination.total` match: totals are then a lower bound, and what follows the last
    numbered page is reached by `next_key`; `exact` is how many match, where that is known. A page reached so
    (`by_key`) has no number. `beginnings_only`: the search looked at the beginning of names. `run_id` is the run of
    many tests that is under way, "" for none.
    """

    records: tuple[RowType, ...]
    counts: Mapping[str, int]
    pagination: Pagination
    filters: ListFilters
    capped: bool = False
    by_key: bool = False
    next_key: int | None = None
    previous_key: int | None = None
    status_counts: Mapping[str, int] = field(default_factory=dict)
    exact: int | None = None
    beginnings_only: bool = False
    run_id: str = ""

    @property
    def query(self) -> str:
        return self.filters.query

    @property
    def kind(self) -> str:
        return self.filters.kind

    @property
    def expiring(self) -> int | None:
        return self.filters.expiring

    def numbers(self) -> Iterator[int | None]:
        """Page numbers for the navigation; None stands for a gap."""
        return self.pagination.iter_pages(left_edge=1, left_current=1, right_current=1, right_edge=1)

    @property
    def all_count(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class PastVerdict:
    """One earlier test."""

    verdict: Verdict
    tested_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """What a deletion did: `batch` undoes it, `deleted` counts rows, `missing` counts ids that were already gone.

    `name` is that of the credential where just one was deleted, else "".
    """

    batch: str
    deleted: int
    missing: int
    name: str = ""


def to_list_row(row: Sequence[Any], readable_keys: tuple[str, ...]) -> ListRow:
    """What the table shows of a row of `list_sql.LIST_COLUMNS`. Decrypts nothing.

    The same values give the same object, while it is kept: people look at the same rows again and again.
    """
    return _list_row(tuple(row), readable_keys)


@lru_cache(maxsize=512)
def _list_row(values: tuple[Any, ...], readable_keys: tuple[str, ...]) -> ListRow:
    _, public_id, name, slug, detail, key_id, created_at, expires_at, status, verdict_at, used_by, used_at = values
    kind = by_slug(slug)
    outcome = Outcome.UNREADABLE if key_id not in readable_keys else _OUTCOMES.get(status, Outcome.UNTESTED)
    return ListRow(
        public_id,
        name,
        slug,
        kind.label if kind else slug,
        bool(kind and kind.testable),
        lines(detail),
        parse_moment(created_at) or EPOCH,
        parse_moment(expires_at),
        outcome,
        parse_moment(verdict_at) if outcome is not Outcome.UNTESTED else None,
        used_by,
        parse_moment(used_at),
    )


def to_record(row: Credential, readable_keys: tuple[str, ...]) -> Record:
    """The public side of a row. Decrypts nothing."""
    kind = by_slug(row.kind)
    testable = bool(kind and kind.testable)
    verdict = _verdict(row, readable_keys, testable=testable)
    return Record(
        outcome=verdict.outcome,
        public_id=row.public_id,
        name=str(row.name),
        kind=str(row.kind),
        kind_label=kind.label if kind else str(row.kind),
        testable=testable,
        public=row.public,
        secret_names=frozenset(row.secret_names.split()),
        detail=lines(row.detail),
        secret_labels=tuple(
            f.label for f in (kind.secret_fields() if kind else ()) if f.name in row.secret_names.split()
        ),
        public_values=tuple(
            (f.label, f.shown(str(row.public[f.name]))) for f in (kind.fields if kind else ()) if f.name in row.public
        ),
        key_id=row.key_id,
        created_at=row.created_at,
        updated_at=row.updated_at,
        last_used_at=row.last_used_at,
        used_by=row.used_by,
        expires_at=row.expires_at,
        expiry_from_provider=row.expiry_from_provider,
        version=row.version,
        verdict=verdict,
        completes=bool(kind and kind.completes),
        tested_at=row.verdict_at if row.verdict else None,
    )


def _verdict(row: Credential, readable_keys: tuple[str, ...], *, testable: bool) -> Verdict:
    if row.key_id not in readable_keys:
        return Verdict(
            outcome=Outcome.UNREADABLE,
            reason=f"Encrypted with the key {row.key_id}, which is not configured.",
            advice="Restore that key, or edit this credential and enter its secret again.",
        )
    measured = load_verdict(row.verdict)
    if measured is None and not testable:
        return Verdict(outcome=Outcome.UNTESTED, reason="Credentials of this type are not tested.")
    if measured is None:
        return Verdict(
            outcome=Outcome.UNTESTED, reason="Not tested yet.", advice="Press Test before a workflow relies on it."
        )
    if row.verdict_version != row.content_version:
        return Verdict(
            outcome=Outcome.STALE,
            reason=f"Edited since the last test, which said: {measured.outcome.label}.",
            advice="Test it again.",
        )
    return measured
