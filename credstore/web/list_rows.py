"""Renders the rows of the list from the template `credstore/_rows.html`.

To render fifty rows one by one takes most of the time of the page. So the macro `row` is rendered once for each shape
of row (its type, its result, how many details, ...) with placeholders for the texts that differ from row to row. The
escaped texts of each row then replace the placeholders. A row that was shown before, with the same texts, is kept.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from flask import current_app
from jinja2 import Template
from markupsafe import Markup, escape

from credstore.probe import Outcome
from credstore.vault import ListRow
from credstore.web.formatting import expiry_label, format_day, relative_time, shorten_middle

DETAIL_LENGTH = 32  # characters of a detail that the column has room for
_PLACEHOLDER = "\ue000{}\ue001"  # characters for private use, which no template has
_PLACEHOLDERS = re.compile("\ue000([a-z0-9_]+)\ue001")


class RowShape(NamedTuple):
    """What rows that look alike share. `expiry` is "soon", "over" or "" (no badge); `outcome` "" shows no result.

    `details` says of each detail whether it is shortened, `used` whether a use is known, and when it was.
    """

    kind: str
    kind_label: str
    testable: bool
    details: tuple[bool, ...]
    expiry: str
    mark: str
    outcome: str
    tested_before: bool
    used: tuple[bool, bool]
    changed: bool
    locked: bool
    editable: bool


class ShownRow(NamedTuple):
    """A row with what depends on the moment and the page. `expiry` is what `expiry_label` returns."""

    row: ListRow
    number: int
    changed: bool
    age: str
    used_age: str
    expiry: tuple[str, str]
    locked: bool
    editable: bool


class DetailView(NamedTuple):
    """One detail; `whole` is the whole text where `text` is shortened."""

    text: str
    whole: str


class RowView(NamedTuple):
    """What the macro `row` is given: texts, or placeholders for them."""

    number: str
    public_id: str
    name: str
    kind: str
    kind_label: str
    testable: bool
    detail: tuple[DetailView, ...]
    created: str
    expiry: str
    expiry_words: str
    mark: str
    outcome: str
    age: str
    used: str
    used_age: str
    changed: bool
    locked: bool
    editable: bool


def render_rows(
    rows: Sequence[ListRow], base: str, query: str, changed: str, *, locked: bool = False, editable: bool = True
) -> Markup:
    """The HTML of the rows. `base`, `query`: see `_rows.html`; `changed` is the id of a credential just changed.

    While credstore is `locked`, it refuses every test. Rows that are not `editable` have no controls.
    """
    template = current_app.jinja_env.get_template("credstore/_rows.html")
    now, place = datetime.now(UTC), (str(escape(base)), str(escape(query)))
    html = [
        _row_html(
            template,
            ShownRow(
                row,
                number,
                row.public_id == changed,
                relative_time(row.tested_at, now) if row.tested_at else "",
                relative_time(row.last_used_at, now) if row.last_used_at else "",
                expiry_label(row.expires_at, now) if row.expires_at else ("later", ""),
                locked,
                editable,
            ),
            place,
        )
        for number, row in enumerate(rows, 1)
    ]
    return Markup("".join(html))  # noqa: S704 - the macro's own HTML, and texts that are escaped


@lru_cache(maxsize=512)
def _row_html(template: Template, shown: ShownRow, place: tuple[str, str]) -> str:
    """The HTML of one row; kept while nothing of it changes. `place` is `base` and `query`, escaped."""
    row, (expiry, expiry_words) = shown.row, shown.expiry
    has_result = row.testable or row.outcome is Outcome.UNREADABLE
    shape = RowShape(
        row.kind,
        row.kind_label,
        row.testable,
        tuple(len(text) > DETAIL_LENGTH for text in row.detail),
        "" if expiry == "later" else expiry,
        "none" if row.outcome is Outcome.UNTESTED else row.outcome.mark,
        row.outcome.label if has_result else "",
        has_result and row.tested_at is not None,
        (row.used_by is not None, bool(shown.used_age)),
        shown.changed,
        shown.locked,
        shown.editable,
    )
    base, query = place
    texts: dict[str, str] = {
        "number": str(shown.number),
        "base": base,
        "query": query,
        "public_id": escape(row.public_id),
        "name": escape(row.name),
        "created": format_day(row.created_at),
        "expiry_words": expiry_words,
        "age": shown.age,
        "used": str(row.used_by),
        "used_age": shown.used_age,
    }
    for number, shortened in enumerate(shape.details):
        text = row.detail[number]
        texts[f"detail{number}"] = escape(shorten_middle(text, DETAIL_LENGTH) if shortened else text)
        if shortened:
            texts[f"whole{number}"] = escape(text)
    return _row_format(template, shape) % texts


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
        detail=tuple(
            DetailView(_PLACEHOLDER.format(f"detail{place}"), _PLACEHOLDER.format(f"whole{place}") if shortened else "")
            for place, shortened in enumerate(shape.details)
        ),
        expiry=shape.expiry,
        mark=shape.mark,
        outcome=shape.outcome,
        age=_PLACEHOLDER.format("age") if shape.tested_before else "",
        used=_PLACEHOLDER.format("used") if shape.used[0] else "",
        used_age=_PLACEHOLDER.format("used_age") if shape.used[1] else "",
        changed=shape.changed,
        locked=shape.locked,
        editable=shape.editable,
    )
    html = template.module.row(view, _PLACEHOLDER.format("base"), _PLACEHOLDER.format("query"))  # type: ignore[attr-defined]
    lines = str(html).replace("\n", "")  # they stand between elements alone, and would be sent fifty times
    return _PLACEHOLDERS.sub(r"%(\1)s", lines.replace("%", "%%"))
