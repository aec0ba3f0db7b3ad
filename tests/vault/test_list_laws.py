"""The list gives what a plain reading of its filters gives, by every way of searching, each match on one page."""

import os
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, text

from credstore.errors import Refused
from credstore.models import Credential, db, utc_now
from credstore.probe import Outcome
from credstore.vault import KeyState, ListFilters, Page, Start, Vault, name_search, queries
from credstore.vault.list_filters import STATUS_ORDER, Sort
from credstore.vault.list_sql import MatchingIds, matches
from credstore.vault.name_search import Method
from credstore.vault.records import ListRow
from credstore.vault.validation import clean_name
from tests.vault.every_use_case import IN_ONE

KINDS = ("llm", "telegram", "git", "tool")
STATUSES = ("untested", "verified", "rejected", "stale")
SORTS = get_args(Sort)
MISSING = "11111111"  # a key that may not be configured
BLOCK = 8192
NOW = utc_now().replace(microsecond=0)
# Letters that fold, compose, mean something in LIKE or in FTS5, or lie beyond 16 bits; few, so that texts share parts.
LETTERS = "aAbÉe\u0301ßİ\u0131ς%_\\/\"'*:-+() 1\u200d日😀\U0001f1e9"
TEXTS = st.text(LETTERS, min_size=1, max_size=8) | st.text(min_size=1, max_size=6)
IDS = st.builds(lambda block, beside: max(1, block * BLOCK + beside), st.integers(0, 3), st.integers(-3, 12))
# What is beside the name: kind, status, expires, detail, key_id and used.
OTHERS = st.tuples(
    st.sampled_from(KINDS),
    st.sampled_from(STATUSES),
    st.none() | st.integers(-3, 3).map(lambda days: NOW + timedelta(days=days)),
    st.none() | st.sampled_from(["a", "B", "b" * 70, "b" * 64, "é"]) | TEXTS.filter(str.strip),
    st.sampled_from(["00000000", "00000000", MISSING]),
    st.none() | st.integers(0, 3),
)
ROWS = st.lists(st.tuples(IDS, TEXTS, OTHERS), max_size=25, unique_by=lambda row: row[0])
FILTERS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["", *KINDS]),
        "expiring": st.none() | st.integers(0, 4),
        "status": st.sampled_from(["", *STATUSES]),
        "unused": st.booleans(),
        "sort": st.sampled_from(SORTS),
    }
)
ANY_QUERY = st.just("") | TEXTS
KEYS, MOST = st.sampled_from(["", MISSING]), st.sampled_from([0, 3, 1000])
HOW = settings(
    max_examples=int(os.environ.get("CREDSTORE_TEST_EXAMPLES", "25")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@dataclass(frozen=True)
class Row:
    """What the reference knows of a stored credential."""

    id: int
    key: str
    kind: str
    status: str
    expires: datetime | None
    detail: str | None
    key_id: str
    used: int | None

    @property
    def public_id(self) -> str:
        return str(uuid.UUID(int=self.id))


@st.composite
def stored(draw: st.DrawFn) -> list[Row]:
    """Up to 25 credentials whose ids lie around the ends of blocks of ids."""
    rows: dict[str, Row] = {}
    for row_id, name, (kind, status, expires, detail, key_id, used) in draw(ROWS):
        try:
            key = clean_name(name).casefold()
        except Refused:
            key = f"plain {row_id}"
        row = Row(row_id, key, kind, status, expires, detail and detail.replace("\0", ""), key_id, used)
        rows.setdefault(key, row)
    return list(rows.values())


@st.composite
def filters(draw: st.DrawFn, rows: Sequence[Row]) -> ListFilters:
    """A search for a part of a stored name, or for anything, with the other filters."""
    parts = [row.key[start : start + size] for row in rows for start in range(3) for size in (1, 2, 3, 5)]
    query = draw(ANY_QUERY | st.sampled_from(parts) if parts else ANY_QUERY)
    return ListFilters.clean(query=query, **draw(FILTERS))


def put(rows: Sequence[Row]) -> None:
    db.session.rollback()
    db.session.execute(delete(Credential))
    fixed: dict[str, Any] = {"public": {"provider_type": "openai"}, "sealed": "rubbish"}
    values = [
        fixed
        | {"id": row.id, "public_id": row.public_id, "name": row.key, "name_key": row.key}
        | {"kind": row.kind, "status": row.status, "expires_at": row.expires}
        | {"detail": row.detail, "key_id": row.key_id, "used_by": row.used}
        for row in rows
    ]
    if values:
        db.session.execute(insert(Credential), values, execution_options=IN_ONE)
    db.session.commit()


def reference(rows: Sequence[Row], wanted: ListFilters, *, beginnings: bool = False, missing: str = "") -> list[Row]:
    """What matches, in the order of the list, by a plain reading of the filters. `missing` is a missing key."""
    rows = [replace(row, status="unreadable") if row.key_id == missing else row for row in rows]
    limit = None if wanted.expiring is None else utc_now() + timedelta(days=wanted.expiring)
    key = wanted.search_key
    found = [
        row
        for row in rows
        if (row.key.startswith(key) if beginnings else key in row.key)
        and wanted.kind in ("", row.kind)
        and wanted.status in ("", row.status)
        and (row.used is None or not wanted.unused)
        and (limit is None or (row.expires is not None and row.expires <= limit))
    ]
    if beginnings:
        return sorted(found, key=lambda row: row.key)
    return in_order(found, wanted.sort)


def in_order(rows: Sequence[Row], sort: str) -> list[Row]:
    newest, turned = sorted(rows, key=lambda row: -row.id), sort.startswith("-")
    match sort.lstrip("-"):
        case "created":
            return newest if turned else newest[::-1]
        case "name":
            return sorted(rows, key=lambda row: row.key, reverse=turned)
        case "type":  # by their labels
            return sorted(newest, key=lambda row: ("git", "llm", "telegram", "tool").index(row.kind), reverse=turned)
        case "status":
            return sorted(newest, key=lambda row: [*STATUS_ORDER].index(Outcome(row.status)), reverse=turned)
        case "detail":
            filled = sorted((row for row in newest if row.detail is not None), key=lambda row: (row.detail or "")[:64])
            return (filled[::-1] if turned else filled) + [row for row in newest if row.detail is None]
        case "used":
            used = sorted((row for row in newest if row.used is not None), key=lambda row: row.used or 0)
            return (used[::-1] if turned else used) + [row for row in newest if row.used is None]
        case "expires":
            return sorted(newest, key=lambda row: (row.expires is None, row.expires or NOW))
    return newest


@pytest.fixture
def laws(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> Vault:
    """A vault with small pages; PostgreSQL uses its indexes, which it would not in so small a table."""
    monkeypatch.setattr(queries, "PER_PAGE", 3)
    vault.store.unlocked_state = KeyState(configured=(), known=())
    if db.engine.dialect.name == "postgresql":
        name = db.engine.url.database
        db.session.execute(text(f'ALTER DATABASE "{name}" SET enable_seqscan = off'))
        db.session.commit()
        db.session.remove()
        db.engine.dispose()
    return vault


@HOW
@given(data=st.data())
def test_every_way_of_searching_finds_what_the_filters_say(
    laws: Vault, monkeypatch: pytest.MonkeyPatch, data: st.DataObject
) -> None:
    rows = data.draw(stored())
    put(rows)
    for _ in range(4):
        wanted = data.draw(filters(rows))
        methods = [Method.EVERY_NAME, Method.BEGINNING] if wanted.query else [Method.NONE]
        if len(wanted.search_key) >= 3:
            methods.append(Method.INDEX)
        for method in methods:
            missing, most = data.draw(KEYS), data.draw(MOST)
            monkeypatch.setattr(matches, "MAX_SORTED_MATCHES", most)
            sought = reference(rows, wanted, beginnings=method is Method.BEGINNING, missing=missing)
            expected = [row.id for row in sought]
            found = MatchingIds(db.session, wanted, method, missing_keys=[missing] if missing else ())
            assert found.first(100) == expected, method
            assert sorted(db.session.scalars(found.all())) == sorted(expected), method
            if method is not Method.BEGINNING:
                for place, row_id in enumerate(expected):
                    assert found.after(row_id, 3) == expected[place + 1 : place + 4]
                    assert found.before(row_id, 3) == expected[max(0, place - 3) : place]


@HOW
@given(data=st.data())
@pytest.mark.parametrize("most", [7, 1000])
def test_pages_show_each_match_once_and_in_order(
    laws: Vault, monkeypatch: pytest.MonkeyPatch, most: int, data: st.DataObject
) -> None:
    """`most` is how many matches are counted; what follows them is reached by keys."""
    monkeypatch.setattr(queries, "MAX_COUNTED", most)
    monkeypatch.setattr(name_search, "MAX_ROWS_WITHOUT_INDEX", data.draw(st.sampled_from([0, 1000])))
    rows = data.draw(stored())
    put(rows)
    for _ in range(3):
        wanted = data.draw(filters(rows))
        pages = list(walk(laws, wanted))
        beginnings = pages[0].beginnings_only
        expected = [row.public_id for row in reference(rows, wanted, beginnings=beginnings)]
        assert {page.exact for page in pages} <= {None, len(expected)}
        found_by_reading = wanted.query or wanted.unused or wanted.expiring is not None
        assert found_by_reading or wanted.counted or pages[0].exact is not None
        capped = not wanted.counted and len(expected) > most
        assert pages[0].capped == capped
        shown = [record.public_id for page in pages for record in page.records]
        assert shown == (expected[:most] if capped and beginnings else expected)
        assert all(page.pagination.total == (most if capped else len(expected)) for page in pages)
        check_counts(pages[0], rows, wanted, beginnings=beginnings, capped=capped)
        if pages[-1].by_key:
            walk_back(laws, wanted, pages[-1], expected)


def walk(vault: Vault, wanted: ListFilters) -> Iterator[Page[ListRow]]:
    """Every page by its number, then by the key of what follows."""
    number, page = 1, vault.list_page(wanted)
    yield page
    while page.pagination.has_next:
        number += 1
        page = vault.list_page(wanted, number)
        assert page.pagination.page == number
        yield page
    while page.next_key is not None:
        page = vault.list_page(wanted, start=Start(page.next_key))
        assert page.by_key
        assert page.records
        yield page


def walk_back(vault: Vault, wanted: ListFilters, last: Page[ListRow], expected: list[str]) -> None:
    """From the last page back by keys to the first credential: what went before, without a gap or a repetition."""
    page, end = last, len(expected) - len(last.records)
    while end:
        assert page.previous_key is not None
        page = vault.list_page(wanted, start=Start(page.previous_key, forward=False))
        start = max(0, end - queries.PER_PAGE)
        assert [record.public_id for record in page.records] == expected[start:end]
        end = start
    assert page.previous_key is not None
    beyond = vault.list_page(wanted, start=Start(page.previous_key, forward=False))
    assert (beyond.by_key, beyond.pagination.page) == (False, 1)


def check_counts(
    page: Page[ListRow], rows: Sequence[Row], wanted: ListFilters, *, beginnings: bool, capped: bool
) -> None:
    """The numbers beside the types and statuses: all that match but for the type or the status itself.

    Of too many matches to count them, no more than there are.
    """
    every, of_kind = replace(wanted, kind=""), replace(wanted, status="")
    for found, counts, value in (
        (reference(rows, every, beginnings=beginnings), page.counts, lambda row: row.kind),
        (reference(rows, of_kind, beginnings=beginnings), page.status_counts, lambda row: row.status),
    ):
        real = Counter(value(row) for row in found)
        if wanted.counted or page.exact is not None or (not capped and len(found) <= queries.MAX_COUNTED):
            assert dict(counts) == dict(real)
        else:
            assert all(count <= real[shown] for shown, count in counts.items())


def test_statuses_are_outcomes() -> None:
    assert set(STATUSES) <= set(Outcome)
