"""`credstore db check`: tells where the stored counts or the search index differ from the rows, and rebuilds them."""

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from credstore.cli import main
from credstore.config import Config
from credstore.models import db
from credstore.vault import ListFilters, Vault

Run = Callable[..., Result]
WRONG = [
    "UPDATE credential_count SET total = total + 1",
    "UPDATE credential_count SET total = 0",
    "DELETE FROM credential_count",
    "INSERT INTO credential_count (block, kind, total) VALUES (77, 'llm', 3)",
    "INSERT INTO credential_count (block, kind, total) VALUES (0, 'gone', -1)",
    "UPDATE credential_status_count SET total = total + 1",
    "INSERT INTO credential_status_count (kind, status, total) VALUES ('llm', 'verified', 1)",
]


@pytest.fixture
def run(config: Config, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command on the database of `vault`."""
    monkeypatch.setenv("CREDSTORE_DATA_DIR", str(config.data_dir))
    monkeypatch.setenv("DATABASE_URL", database_url)
    return lambda *words: CliRunner().invoke(main, words)


@pytest.fixture(autouse=True)
def three_bots(vault: Vault) -> None:
    for number in range(3):
        vault.create("telegram", f"bot {number}", {"bot_token": "123456789:AAbbccddeeff-_0123456789"})


def execute(statement: str) -> None:
    db.session.execute(text(statement))
    db.session.commit()


def test_a_sound_database_is_told_to_be_right(vault: Vault, run: Run) -> None:
    for options in ((), ("--fix",)):
        result = run("db", "check", *options)
        assert result.exit_code == 0, result.output
        assert "Credentials: 3." in result.output
        assert "Counts: right." in result.output
        assert "Search index: right." in result.output


@pytest.mark.parametrize("statement", WRONG)
def test_a_wrong_count_is_found_and_repaired(vault: Vault, run: Run, statement: str) -> None:
    execute(statement)
    found = run("db", "check")
    assert (found.exit_code, "1 blocks differ" in found.output) == (1, True), found.output
    assert run("db", "check").exit_code == 1, "a check repairs nothing"
    assert run("db", "check", "--fix").exit_code == 0
    assert run("db", "check").exit_code == 0
    assert vault.page().pagination.total == 3


def test_a_broken_search_index_is_found_and_repaired(vault: Vault, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """On SQLite it may differ from the names; on PostgreSQL, which keeps it itself, it may be missing."""
    monkeypatch.setattr("credstore.vault.name_search.MAX_ROWS_WITHOUT_INDEX", 0)
    sqlite = db.engine.dialect.name == "sqlite"
    execute(
        "INSERT INTO credential_search (credential_search) VALUES ('delete-all')"
        if sqlite
        else "DROP INDEX ix_credential_name_trgm"
    )
    assert vault.page(ListFilters.clean(query="ot 1")).records == ()
    found = run("db", "check")
    assert found.exit_code == int(sqlite), found.output
    assert ("differs from the names" if sqlite else "CREATE EXTENSION pg_trgm") in found.output
    assert "Search index: right." in run("db", "check", "--fix").output
    db.session.rollback()
    assert [record.name for record in vault.page(ListFilters.clean(query="ot 1")).records] == ["bot 1"]
