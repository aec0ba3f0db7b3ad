"""Renders the rows of the list from the template `credstore/_rows.html`.

To render fifty rows one by one takes most of the time of the page. So the macro `row` is rendered once for each shape
of row (its type, its result, how many details, ...) with placeholders for the texts that differ from row to row. The
escaped texts of each row then replace the placeholders.
"""

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from flask import current_app
from jinja2 import Template
from markupsafe import Markup, escape

from credstore.probe import Outcome
from credstore.vault import ListRow
from credstore.web.formatting import expiry_label, format_day, relative_time

_PLACEHOLDER = "\ue000{}\ue001"  # characters for private use, which no template has
_SEPARATOR, _ROW_SEPARATOR = "\ue002", "\ue003"
_PLACEHOLDERS = re.compile("\ue000([a-z0-9_]+)\ue001")


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
    """What the macro `row` is given: texts, or placeholders for them."""

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
    base, query = str(escape(base)), str(escape(query))
    for number, (row, escaped) in enumerate(zip(rows, _escaped_texts(rows), strict=True), 1):
        shape, texts = _shape_and_texts(row, escaped, tested)
        texts["number"] = str(number)
        texts["base"], texts["query"] = base, query
        html.append(_row_format(template, shape) % texts)
    return Markup("".join(html))  # noqa: S704 - the macro's own HTML, and texts that are escaped


def _escaped_texts(rows: Sequence[ListRow]) -> list[list[str]]:
    """The id, the name and the details of each row, escaped all at once: one call takes less time than hundreds."""
    if not rows:
        return []
    texts = [_SEPARATOR.join((row.public_id, row.name, *row.detail)) for row in rows]
    expected = sum(len(row.detail) + 1 for row in rows)
    everything = _ROW_SEPARATOR.join(texts)
    if (everything.count(_SEPARATOR), everything.count(_ROW_SEPARATOR)) != (expected, max(len(rows) - 1, 0)):
        return [[*map(escape, (row.public_id, row.name, *row.detail))] for row in rows]
    return [text.split(_SEPARATOR) for text in str(escape(everything)).split(_ROW_SEPARATOR)]


def _shape_and_texts(row: ListRow, escaped: list[str], tested: str) -> tuple[RowShape, dict[str, str]]:
    """The shape of a row, and its texts by the names of the placeholders; `escaped` are those of `_escaped_texts`."""
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
    texts = dict(zip(_names_of_escaped(len(row.detail)), escaped, strict=True))
    texts["created"], texts["expiry_words"] = format_day(row.created_at), words
    texts["age"] = relative_time(row.tested_at) if row.tested_at else ""
    return shape, texts


@cache
def _names_of_escaped(details: int) -> tuple[str, ...]:
    return ("public_id", "name", *(f"detail{place}" for place in range(details)))


@lru_cache(maxsize=256)
def _row_format(template: Template, shape: RowShape) -> str:
    """The HTML of a shape, with "%(name)s" where the text of that name goes."""
    placeholders = {
        name: _PLACEHOLDER.format(name) for name in ("number", "public_id", "name", "created", "expiry_words")
    }
    view = RowView(
        **placeholders,
        kind=_PLACEHOLDERS.sub("", shape.kind),
        kind_label=_PLACEHOLDERS.sub("", shape.kind_label),
        testable=shape.testable,
        detail=tuple(_PLACEHOLDER.format(f"detail{place}") for place in range(shape.details)),
        expiry=shape.expiry,
        mark=shape.mark,
        outcome=shape.outcome,
        age=_PLACEHOLDER.format("age") if shape.tested_before else "",
        tested=shape.tested_now,
    )
    html = template.module.row(view, _PLACEHOLDER.format("base"), _PLACEHOLDER.format("query"))  # type: ignore[attr-defined]
    return _PLACEHOLDERS.sub(r"%(\1)s", str(html).replace("%", "%%"))
