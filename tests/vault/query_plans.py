"""What a database would do for a statement: the tables that grow and that it would read from end to end.

A growing table must be entered by a condition that few of its rows meet, or be left after a LIMIT that no sort or
count stands in the way of.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Flask
from sqlalchemy import Engine, event

from credstore.models import db

GROWING = frozenset(
    {
        "credential",
        "deleted_credential",
        "credential_search",
        "credential_reference",
        "credential_change",
        "verdict_history",
        "host_openness",
        "test_run_item",
        "login_session",
        "login_failure",
        "watched_credential",
        "notice",
        "audit_entry",
        "audit_item",
    }
)
# Any number of rows may have the same value of these, or one on the same side of a value.
_COMMON = r"(?:kind|status|expires_at|used_by|<expr>|(?:expires_at|used_by) IS (?:NOT )?NULL)"
_SELECTIVE_EXPRESSION = "ix_credential_fingerprint"  # SQLite does not show which expression: this one leads to few rows
_TERM = re.compile(rf"\(*(?:{_COMMON}\)*(?:::\w+)?\s*(?:=|<|>|<=|>=|IS|$)|(?:id|rowid)\s*[<>]|expires_at IS)")
# On SQLite: what takes in every row before a LIMIT counts, beside a sort, which the plan shows.
_AGGREGATE = re.compile(r"GROUP BY|DISTINCT|\b(?:count|sum|min|max|avg|total|group_concat)\(")
_EXPLAINED = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")

_BEHIND_SOURCES = "WHERE|ON|SET|VALUES|GROUP|ORDER|LIMIT|UNION|RETURNING"
_SOURCES = re.compile(rf"\b(?:FROM|JOIN|INTO|UPDATE) (.*?)(?= (?:{_BEHIND_SOURCES})\b|$)")
_ALIAS = re.compile(rf"\b({'|'.join(sorted(GROWING))}) AS (\w+)")

_STEP = re.compile(r"(SCAN|SEARCH) (\w+?)(?:_\d+)?(?: |$)")  # of SQLite's plan: how it reads which table

Statement = tuple[str, Any]


@dataclass
class _Query:
    """A part of a statement, and the part that it stands in; `source`: in the FROM of that one."""

    text: str = ""
    around: "_Query | None" = None
    source: bool = False

    @property
    def tables(self) -> set[str]:
        """What it reads or writes by name."""
        named = (part.split() for sources in _SOURCES.findall(self.text) for part in sources.split(","))
        return {words[0] for words in named if words}


@contextmanager
def collected(app: Flask) -> Iterator[list[Statement]]:
    """Every different statement sent while the block runs, with the parameters that it was first sent with."""
    seen: dict[str, Any] = {}

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if statement.startswith(_EXPLAINED):
            seen.setdefault(statement, parameters[0] if many else parameters)

    with app.app_context():
        engine = db.engine
    found: list[Statement] = []
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)
        found += seen.items()


def scans(engine: Engine, statement: Statement) -> list[str]:
    """The steps of the plan that read a growing table from end to end; empty when there is none."""
    return sqlite_scans(engine, *statement) if engine.dialect.name == "sqlite" else postgres_scans(engine, *statement)


def sqlite_scans(engine: Engine, statement: str, parameters: Any) -> list[str]:
    """SQLite's plan does not show a LIMIT: each query that reads a growing table must have one, or be part of one that
    has, and nothing may be sorted first."""
    with engine.connect() as connection:
        explained = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        steps = [(int(row[0]), int(row[1]), str(row[3])) for row in explained]
    flat = " ".join(statement.split())
    aliases = {alias: table for table, alias in _ALIAS.findall(flat)}  # a plan has nothing but the alias
    steps = [(number, parent, _with_tables(step, aliases)) for number, parent, step in steps]
    if _all_limited(flat) and not _sorts_a_growing_table(steps):
        return []
    return [step for _, _, step in steps if _walks(step)]


def _with_tables(step: str, aliases: Mapping[str, str]) -> str:
    found = re.match(r"(SCAN|SEARCH) (\w+)(.*)$", step)
    return f"{found[1]} {aliases[found[2]]}{found[3]}" if found and found[2] in aliases else step


def _sorts_a_growing_table(steps: Sequence[tuple[int, int, str]]) -> bool:
    """Whether what is sorted comes from a growing table: it is read below the same step of the plan, at any depth."""
    parents = {number: parent for number, parent, _ in steps}
    sorts = {parent for _, parent, step in steps if "TEMP B-TREE" in step}
    for number, _, step in steps:
        above = number
        while _reads_growing(step) and above in parents:
            above = parents[above]
            if above in sorts:
                return True
    return False


def _reads_growing(step: str) -> bool:
    found = _STEP.match(step)
    return bool(found and found[2] in GROWING)


def _all_limited(flat: str) -> bool:
    """Whether the queries in a statement that read a growing table are all limited."""
    reading = [query for query in _queries(flat) if GROWING & query.tables]
    return bool(reading) and all(_limited(query) for query in reading)


def _limited(query: "_Query") -> bool:
    """Whether it has a LIMIT, or one that takes its rows from it has, and nothing before that takes in every row."""
    if _AGGREGATE.search(query.text):
        return False
    return " LIMIT " in query.text or (query.source and query.around is not None and _limited(query.around))


def _queries(flat: str) -> list["_Query"]:
    """The whole statement and each pair of parentheses in it, without what the inner ones hold if that is a query."""
    inside = [_Query()]
    found = inside[:]
    for piece in re.split(r"([()])", flat):
        if piece == "(":
            source = re.search(r"(?:FROM|JOIN|,) $", inside[-1].text) is not None
            inside.append(_Query(around=inside[-1], source=source))
        elif piece == ")":
            inner = inside.pop()
            found.append(inner)
            inside[-1].text += "()" if inner.text.startswith(_EXPLAINED) else f"({inner.text})"
        else:
            inside[-1].text += piece
    return found


def _walks(step: str) -> bool:
    if found := re.match(r"USING (?:ROWID SEARCH ON TABLE|INDEX) (\w+) FOR IN-OPERATOR", step):
        return any(table in found[1] for table in GROWING)  # an index has the name of its table in its own
    found = _STEP.match(step)
    if not found or found[2] not in GROWING:
        return False
    if "VIRTUAL TABLE" in step:  # FTS5 says M where it looks for words, and nothing where it reads its whole content
        return not re.search(r"INDEX \d+:M", step)
    if f"INDEX {_SELECTIVE_EXPRESSION} (<expr>=? AND <expr>=?)" in step:
        return False
    condition = re.search(r"\((.*)\)$", step)
    return found[1] == "SCAN" or condition is None or _is_common(condition[1].split(" AND "))


def _is_common(terms: list[str]) -> bool:
    return all(_TERM.match(term.strip()) for term in terms)


def postgres_scans(engine: Engine, statement: str, parameters: Any) -> list[str]:
    """By the plan that PostgreSQL prefers or, where that one reads a few thousand rows, one that an index offers.

    Scans, then sorts and joins of whole tables, are made expensive, so that they are chosen only where no index serves:
    in a table of some thousand rows they may else seem the cheaper way.
    """
    explained = f"EXPLAIN (FORMAT JSON) {statement}"
    found: list[str] = []
    with engine.connect().execution_options(isolation_level="READ COMMITTED") as connection:  # settings last so long
        connection.exec_driver_sql("SET LOCAL random_page_cost = 1.1")  # an index look-up costs what it does in memory
        for settings in (("seqscan",), ("sort",), ("mergejoin", "hashjoin")):
            for setting in settings:
                connection.exec_driver_sql(f"SET LOCAL enable_{setting} = off")
            plan = connection.exec_driver_sql(explained, parameters).scalar_one()[0]["Plan"]
            if not (found := list(_unbounded(plan, limited=False))):
                break
        connection.rollback()
    return found


def _unbounded(node: Mapping[str, Any], *, limited: bool) -> Iterator[str]:
    kind = node["Node Type"]
    if kind == "Bitmap Heap Scan" and node["Relation Name"] not in GROWING:
        return
    if kind == "BitmapAnd" and not all(map(_no_condition, node["Plans"])):
        return  # rows are read only where every one of its indexes finds them
    if "Scan" in kind and _reads_all(node) and not limited:
        yield f"{kind} {node.get('Relation Name') or node.get('Index Name')} {node.get('Index Cond', '')}".strip()
    if kind == "Limit":
        limited = True
    elif kind in {"Sort", "Incremental Sort", "Aggregate", "Hash", "WindowAgg", "Bitmap Heap Scan", "Materialize"}:
        limited = False  # these take in everything before they give the first row
    for child in node.get("Plans", ()):
        apart = child.get("Parent Relationship") in {"SubPlan", "InitPlan"}
        yield from _unbounded(child, limited=limited and not apart)


def _reads_all(node: Mapping[str, Any]) -> bool:
    kind = node["Node Type"]
    if kind == "Bitmap Heap Scan":  # what it reads is what the index scans below it find
        return False
    if kind == "Bitmap Index Scan":
        return _no_condition(node)
    return node.get("Relation Name") in GROWING and _no_condition(node)


def _no_condition(node: Mapping[str, Any]) -> bool:
    condition = node.get("Index Cond", node.get("TID Cond", ""))
    return not condition or _is_common(str(condition).split(" AND "))
