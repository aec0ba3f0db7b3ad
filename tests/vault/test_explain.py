"""No page and no use case reads a table that grows from end to end, whatever is searched for, on either database."""

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import text

from credstore.models import db
from credstore.tester import Tester
from credstore.vault import name_search, queries
from credstore.vault.list_sql import matches
from tests.vault.conftest import Provider
from tests.vault.every_use_case import fill_every_table, use_commands, use_lists, use_pages
from tests.vault.query_plans import Statement, collected, scans

# Statements that read every row because that is what they are for, without their line breaks.
EXEMPT = {
    "a run over all that match names and tests every one": (
        r"^SELECT credential\.public_id, credential\.name, credential\.kind FROM credential "
        r"(?!WHERE credential\.public_id)"
    ),
    "`credstore test --expiring` lists every one": (
        r"^SELECT .* WHERE credential\.id IN \(SELECT credential\.id FROM credential"
        r" WHERE credential\.expires_at <= .+?\) ORDER BY credential\.expires_at, credential\.id$"
    ),
    "a message takes all changes that were noted": r"^DELETE FROM notice RETURNING ",
    "those that wait for a message are counted for people": r"^SELECT count\(\*\) AS \w+ FROM notice$",
    "`credstore keys status` counts every one by key": (
        r"^SELECT (credential|deleted_credential)\.key_id, count\(\*\) AS \w+ FROM \1 GROUP BY \1\.key_id$"
    ),
}
# Each reads a whole table: by a condition without an index, by a sort before the limit, or by a condition most meet.
PLANTED = (
    "SELECT id FROM credential WHERE name = 'x'",
    "SELECT id FROM credential WHERE name > 'x' ORDER BY created_at LIMIT 5",
    "SELECT count(*) FROM credential",
    "SELECT count(*) FROM credential WHERE id < 2147483647",
    "SELECT kind, count(*) FROM credential GROUP BY kind LIMIT 4",
    "SELECT count(*) FROM credential WHERE kind = 'llm' LIMIT 1",
    "SELECT id FROM credential WHERE status = 'rejected' ORDER BY name LIMIT 50",
    "SELECT id FROM credential WHERE id IN (SELECT id FROM deleted_credential)",
    "SELECT id FROM credential AS passed WHERE name = 'x'",
    "SELECT id FROM credential WHERE id <= (SELECT id FROM deleted_credential WHERE name = 'x') ORDER BY id LIMIT 5",
    "SELECT id FROM credential WHERE public_id IN (SELECT name FROM deleted_credential WHERE name > 'x') LIMIT 5",
    "SELECT 1 FROM (SELECT id FROM credential ORDER BY id LIMIT 1) AS one, login_session WHERE admin_id + 0 > 1",
    "WITH a AS (SELECT name FROM credential WHERE name > 'x') SELECT (SELECT count(*) FROM a) FROM admin LIMIT 1",
    "SELECT count(*) FROM (SELECT name FROM credential WHERE name > 'x') AS found LIMIT 1",
    "SELECT max(version), avg(version) FROM credential LIMIT 1",
    "SELECT DISTINCT name FROM credential LIMIT 1000",
    "SELECT kind FROM (SELECT kind, id FROM credential WHERE id < 9 ORDER BY name LIMIT 5) AS page",
    "SELECT id FROM credential WHERE id < (SELECT count(*) FROM credential WHERE id > 1) ORDER BY id LIMIT 5",
    "SELECT token_hash FROM login_session, (SELECT total FROM credential_count LIMIT 1) AS one WHERE admin_id + 0 > 1",
    "DELETE FROM login_session WHERE 0 < admin_id + 0",
    "UPDATE test_run_item SET outcome = '' WHERE public_id = 'x'",
    "INSERT INTO setup_link (token_hash, expires_at) SELECT 1, tested_at FROM verdict_history WHERE version = 3",
)


@pytest.fixture
def filled(stored_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """Every table that grows has some thousand rows, and the list takes the ways of a large table."""
    monkeypatch.setattr(name_search, "MAX_ROWS_WITHOUT_INDEX", 0)
    monkeypatch.setattr(queries, "MAX_COUNTED", 200)
    monkeypatch.setattr(matches, "MAX_SORTED_MATCHES", 100)
    stored_app.extensions["credstore"].vault.tests.tester = Tester(Provider())
    with stored_app.app_context():
        fill_every_table(stored_app)
        if db.engine.dialect.name == "postgresql":  # it plans by statistics, which a real server has
            db.session.execute(text("ANALYZE"))
        db.session.commit()
    return stored_app


def test_nothing_reads_a_growing_table_from_end_to_end(filled: Flask) -> None:
    uses: list[tuple[Callable[[Flask], None], int]] = [(use_lists, 100), (use_pages, 40), (use_commands, 40)]
    for use, at_least in uses:
        with collected(filled) as statements:
            use(filled)
        assert len(statements) >= at_least, f"{use.__name__} sent {len(statements)} different statements"
        found = list(violations(filled, statements))
        assert not found, "\n\n".join(["", *found])
    for statement in PLANTED:
        assert list(violations(filled, [(statement, ())])), f"not found: {statement}"


def violations(app: Flask, statements: list[Statement]) -> Iterator[str]:
    with app.app_context():
        for statement in statements:
            flat = " ".join(statement[0].split())
            if any(re.search(pattern, flat) for pattern in EXEMPT.values()):
                continue
            if steps := scans(db.engine, statement):
                yield f"{steps}\n{flat}"
