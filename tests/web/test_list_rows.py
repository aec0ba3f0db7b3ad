"""The rows of the list are the macro's HTML with the escaped texts of each row, whatever the texts are."""

from datetime import UTC, datetime, timedelta

from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from credstore.probe import Outcome
from credstore.vault import ListRow
from credstore.web.list_rows import render_rows
from tests.page import Document

NOW = datetime(2026, 11, 26, tzinfo=UTC)
SPECIAL = "<>&\"'%{}ab \ue000\ue001\ue002\ue003"  # HTML, formats, and the marks that the rows are made with
TEXT = st.text(st.sampled_from(SPECIAL), min_size=1, max_size=12) | st.from_regex(
    r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]+", fullmatch=True
)
MOMENT = st.none() | st.integers(-400, 400).map(lambda days: NOW + timedelta(days=days))
ROW = st.builds(
    ListRow,
    public_id=st.uuids().map(str) | TEXT,
    name=TEXT,
    kind=st.sampled_from(["llm", "telegram", "gone"]),
    kind_label=st.sampled_from(["LLM", "<b>"]),
    testable=st.booleans(),
    detail=st.lists(TEXT, max_size=3).map(tuple),
    created_at=st.just(NOW),
    expires_at=MOMENT,
    outcome=st.sampled_from(list(Outcome)),
    tested_at=MOMENT,
    used_by=st.none() | st.integers(0, 2000),
    last_used_at=MOMENT,
)


def squeezed(text: str) -> str:
    return " ".join(text.split())


def test_every_row_shows_its_own_texts_and_nothing_else(app: Flask) -> None:
    @given(st.lists(ROW, max_size=6))
    def check(rows: list[ListRow]) -> None:
        with app.test_request_context("/credentials"):
            html = f"<table>{render_rows(rows, '/credentials/', '?q=%25', '')}</table>"
        document = Document(html)
        links = [link for link in document.find("a") if "verdict" not in link.attrs.get("class", "")]
        names = [link for link in links if link.attrs.get("id", "").startswith("n")]
        assert [squeezed(link.text) for link in names] == [squeezed(row.name) for row in rows]
        assert [link.attrs["href"] for link in names] == [f"/credentials/{row.public_id}" for row in rows]
        boxes = document.find("input", name="ids")
        assert [box.attrs["value"] for box in boxes] == [row.public_id for row in rows]
        assert len(document.find("tr")) == len(rows)
        assert len(document.find("button", class_="test")) == sum(row.testable for row in rows)

    check()
