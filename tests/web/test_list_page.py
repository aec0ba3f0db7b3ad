"""What is kept of the list's page is used for the same inputs alone: every page equals one that was rendered anew."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask, flash, g, get_flashed_messages
from hypothesis import given, settings
from hypothesis import strategies as st

from credstore.accounts import Role
from credstore.probe import Outcome
from credstore.vault import KeyState, ListFilters, ListRow, Page
from credstore.vault.records import ListPagination
from credstore.web import list_page
from credstore.web.flash_messages import flash_message
from credstore.web.list_page import KeptPages, render_list

ROW = ListRow(
    public_id="7d1f9d6e-0000-4000-8000-000000000001",
    name="A name",
    kind="llm",
    kind_label="LLM",
    testable=True,
    detail=("openai",),
    created_at=datetime(2026, 11, 26, tzinfo=UTC),
    expires_at=None,
    outcome=Outcome.UNTESTED,
    tested_at=None,
)
FILTERS = st.builds(
    ListFilters.clean,
    query=st.sampled_from(["", "key", "<b>&", "rows-0"]),
    kind=st.sampled_from(["", "llm", "git"]),
    expiring=st.sampled_from([None, 0, 14]),
    status=st.sampled_from(["", "rejected", "stale"]),
    sort=st.sampled_from(["", "expires", "created", "-name", "status"]),
)
STATES = st.sampled_from(
    [KeyState(configured=("aaaa",), known=("aaaa",)), KeyState(configured=("bbbb",), known=("aaaa",))]
)
KEYS = st.sampled_from([None, 7, 9])


@st.composite
def pages(draw: st.DrawFn) -> Page[ListRow]:
    shown, total = draw(st.integers(0, 3)), draw(st.sampled_from([0, 3, 140, 1000]))
    records = tuple(ROW._replace(name=f"Name {number}") for number in range(shown))
    number = draw(st.integers(1, 3))
    return Page(
        records=records,
        counts=draw(st.sampled_from([{}, {"llm": 3}, {"llm": 1, "git": 2}])),
        pagination=ListPagination(
            page=number, per_page=50, max_per_page=50, error_out=False, items=records, total=total
        ),
        filters=draw(FILTERS),
        capped=draw(st.booleans()),
        by_key=draw(st.booleans()),
        next_key=draw(KEYS),
        previous_key=draw(KEYS),
        beginnings_only=draw(st.booleans()),
        status_counts=draw(st.sampled_from([{}, {"rejected": 3}, {"rejected": 1, "untested": 2}])),
        exact=draw(st.sampled_from([None, 3, 140_000])),
        run_id=draw(st.sampled_from(["", "run 1", "run 2"])),
    )


ANN = ("ann", Role.ADMIN)
WHO = st.sampled_from([(ANN, ANN), (ANN, ("<bob>", Role.ADMIN)), (ANN, ("ann", Role.VIEWER))])


@contextmanager
def signed_in(app: Flask, arguments: dict[str, str], username: str = "ann", role: Role = Role.ADMIN) -> Iterator[Any]:
    with app.test_request_context(f"/credentials?{urlencode(arguments)}"):
        g.credstore_username, g.credstore_authorized, g.credstore_role = username, True, role
        g.csrf_token = "the-token"  # or each response has another
        yield g


@pytest.mark.parametrize(
    "field",
    [
        *("records", "counts", "pagination", "filters", "capped", "by_key", "keys", "status_counts", "exact"),
        *("run_id", "the rest"),
    ],
)
def test_a_kept_page_equals_one_rendered_anew(app: Flask, monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    """Two visits that differ in one input, in both orders: a forgotten input would show one page for the other."""
    monkeypatch.setattr(list_page, "banner_of", lambda run_id: f"the banner of {run_id}")
    several = {"keys": ("next_key", "previous_key", "beginnings_only"), "pagination": ("records", "pagination")}
    names = several.get(field, (field,))

    def shown_by(visit: Any, pages: KeptPages) -> str:
        page, state, arguments, username, role = visit
        monkeypatch.setattr(list_page, "_kept", pages)
        with signed_in(app, arguments, username, role):
            return render_list(page, state, "")

    @settings(max_examples=50)  # an input has a few values, and every second example at least has two of them
    @given(pages(), pages(), STATES, STATES, WHO)
    def check(page: Page[ListRow], other: Page[ListRow], state: KeyState, state2: KeyState, who: Any) -> None:
        visits: list[Any] = [(page, state, {}, *who[0]), (other, state2, {"page": "2"}, *who[1])]
        if field != "the rest":
            changed = replace(page, **{name: getattr(other, name) for name in names})
            visits = [(page, state, {}, *who[0]), (changed, state, {}, *who[0])]
        anew, shared = [shown_by(visit, KeptPages()) for visit in visits], KeptPages()
        assert [shown_by(visit, shared) for visit in [*visits, *visits]] == [*anew, *anew]

    check()


def test_a_message_is_shown_once(app: Flask) -> None:
    page = Page(
        records=(ROW,),
        counts={"llm": 1},
        pagination=ListPagination(page=1, per_page=50, max_per_page=50, error_out=False, items=(ROW,), total=1),
        filters=ListFilters(),
    )
    state = KeyState(configured=("aaaa",), known=("aaaa",))
    with signed_in(app, {}):
        flash("Stored, and said once.")
        assert "Stored, and said once." in render_list(page, state, "")
    for _ in range(2):
        with signed_in(app, {}):
            assert "Stored, and said once." not in render_list(page, state, "")


def test_messages_that_nobody_reads_do_not_fill_the_cookie(app: Flask) -> None:
    with app.test_request_context():
        for number in range(200):
            flash_message(f"{number} " + "x\N{GRINNING FACE}" * (number % 120))
        texts = [str(message["text"]) for message in get_flashed_messages()]  # type: ignore[call-overload]
        assert texts[-1].startswith("199 ")
        assert len(json.dumps(texts)) < 3_000


def test_only_so_many_pages_are_kept() -> None:
    pages = KeptPages()
    rendered: list[int] = []

    def visit(number: int) -> str:
        return pages.get(number, lambda: rendered.append(number) or f"page {number}")  # type: ignore[func-returns-value]

    for number in [*range(list_page.MOST_KEPT), 0, list_page.MOST_KEPT, 0, 1]:
        assert visit(number) == f"page {number}"
    assert rendered == [*range(list_page.MOST_KEPT), list_page.MOST_KEPT, 1]  # 0 was used again, 1 was the oldest
