"""The rows of the list, for the template `credstore/_rows.html`.

Rendering fifty rows one by one is most of the time of the page. So the macro `row` is rendered once for each shape of
row (its type, its result, how many details, ...) with marks in place of the texts that differ from row to row, and the
escaped texts then take the place of the marks.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from flask import current_app
from jinja2 import Template
from markupsafe import Markup, escape

from credstore.probe import Outcome
from credstore.vault import ListRow
from credstore.web.formatting import expiry_label, format_day, relative_time

_MARK = "\ue000{}\ue001"  # characters for private use, which no template has
_MARKS = re.compile("\ue000([a-z0-9_]+)\ue001")


class RowShape(NamedTuple):
    """What rows that look alike share. `expiry` is "soon", "over" or "" (no badge); `outcome` "" shows no result."""

    kind: str
    kind_label: str
    testable: bool
    details: int
    expiry: str
    mark: str
    outcome: str
    tested_before: bool
    tested_now: bool


class RowView(NamedTuple):
    """What the macro `row` is given: texts, or marks for them."""

    number: str
    public_id: str
    name: str
    kind: str
    kind_label: str
    testable: bool
    detail: tuple[str, ...]
    created: str
    expiry: str
    expiry_words: str
    mark: str
    outcome: str
    age: str
    tested: bool


def render_rows(rows: Sequence[ListRow], base: str, query: str, tested: str) -> Markup:
    """The HTML of the rows. `base`, `query`: see `_rows.html`; `tested` is the id of a credential just tested."""
    template = current_app.jinja_env.get_template("credstore/_rows.html")
    html: list[str] = []
    for number, row in enumerate(rows, 1):
        shape, texts = _shape_and_texts(row, tested)
        texts["number"] = str(number)
        pieces, names = _pieces(template, shape, base, query)
        for piece, name in zip(pieces, names, strict=False):
            html += piece, texts[name]
        html.append(pieces[-1])
    return Markup("".join(html))  # noqa: S704 - the macro's own HTML, and texts that are escaped below


def _shape_and_texts(row: ListRow, tested: str) -> tuple[RowShape, dict[str, str]]:
    """The shape of a row, and its escaped texts by the names of the marks."""
    expiry, words = expiry_label(row.expires_at) if row.expires_at else ("later", "")
    outcome = row.outcome
    shown = row.testable or outcome is Outcome.UNREADABLE
    shape = RowShape(
        row.kind,
        row.kind_label,
        row.testable,
        len(row.detail),
        "" if expiry == "later" else expiry,
        "none" if outcome is Outcome.UNTESTED else outcome.mark,
        outcome.label if shown else "",
        shown and row.tested_at is not None,
        row.public_id == tested,
    )
    texts: dict[str, str] = {
        "public_id": escape(row.public_id),
        "name": escape(row.name),
        "created": format_day(row.created_at),
    }
    texts |= {"expiry_words": words, "age": relative_time(row.tested_at) if row.tested_at else ""}
    for place, item in enumerate(row.detail):
        texts[f"detail{place}"] = escape(item)
    return shape, texts


@lru_cache(maxsize=256)
def _pieces(template: Template, shape: RowShape, base: str, query: str) -> tuple[list[str], list[str]]:
    """The HTML of a shape, cut at its marks, and the names of the marks."""
    marks = {name: _MARK.format(name) for name in ("number", "public_id", "name", "created", "expiry_words")}
    view = RowView(
        **marks,
        kind=shape.kind,
        kind_label=shape.kind_label,
        testable=shape.testable,
        detail=tuple(_MARK.format(f"detail{place}") for place in range(shape.details)),
        expiry=shape.expiry,
        mark=shape.mark,
        outcome=shape.outcome,
        age=_MARK.format("age") if shape.tested_before else "",
        tested=shape.tested_now,
    )
    found = _MARKS.split(str(template.module.row(view, base, query)))  # type: ignore[attr-defined]
    return found[::2], found[1::2]
