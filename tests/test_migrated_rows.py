"""Credentials of the third revision have all that later ones added: status, detail, counts, search, and no change."""

import json
from dataclasses import replace

import pytest
from alembic import command
from flask import Flask
from sqlalchemy import text

from credstore import create_app
from credstore.config import Config
from credstore.database import write_options, write_transaction
from credstore.migrate import _config, upgrade
from credstore.models import db
from credstore.vault import ListFilters
from credstore.vault.consistency import check_consistency
from tests.conftest import close

URL = "http://127.0.0.1:11434/v1"
LLM = {"provider_type": "openai_compatible", "base_url": URL}
BOT = {"outcome": "verified", "facts": ["@support_bot", "Support"]}
# name: type, public values, verdict, whether it is of the newest version; then the status and the detail of today
ROWS: dict[str, tuple[str, object, object, bool, str, str | None]] = {
    "plain": ("llm", {"provider_type": "openai"}, None, True, "untested", "openai"),
    "with a URL": ("llm", LLM, {"outcome": "denied"}, True, "denied", f"openai_compatible\n{URL}"),
    "edited": ("llm", LLM, {"outcome": "verified"}, False, "stale", f"openai_compatible\n{URL}"),
    "bot": ("telegram", {}, BOT, True, "verified", "@support_bot"),
    "edited bot": ("telegram", {}, BOT, False, "stale", None),
    "Git": ("git", {}, {"outcome": "verified", "facts": ["@name"]}, True, "verified", None),
    "damaged": ("llm", ["no object"], "no object", True, "untested", None),
    "unknown": ("a type that is gone", {"provider_type": "x"}, None, True, "untested", None),
}
INSERT = (
    "INSERT INTO {table} (id, public_id, name, name_key, kind, public, secret_names, sealed, key_id, created_at,"
    " updated_at, version, verdict, verdict_version{more}) VALUES (:id, :public_id, :name, :name, :kind, :public,"
    " '', 'rubbish', '00000000', :moment, :moment, 3, :verdict, :version{values})"
)


def fill_the_third_revision(app: Flask) -> None:
    """Each row stored, and each deleted."""
    with (
        app.app_context(),
        db.engine.connect().execution_options(**write_options(db.engine.dialect.name)) as connection,
        connection.begin(),
    ):
        command.upgrade(_config(connection), "0003")
        rows = [
            {
                "id": 8190 + number,  # on both sides of the end of a block
                "public_id": f"00000000-0000-4000-8000-{number:012d}",
                "name": name,
                "kind": kind,
                "public": json.dumps(public),
                "moment": "2026-01-01 00:00:00+00:00",
                "verdict": json.dumps(verdict) if verdict else None,
                "version": 3 if newest else 2,
            }
            for number, (name, (kind, public, verdict, newest, _, _)) in enumerate(ROWS.items())
        ]
        connection.execute(text(INSERT.format(table="credential", more="", values="")), rows)
        gone = [row | {"id": row["id"] + 100, "public_id": row["public_id"].replace("4000", "4001")} for row in rows]
        deleted = INSERT.format(table="deleted_credential", more=", batch, deleted_at", values=", 'b', :moment")
        connection.execute(text(deleted), gone)


def test_rows_that_are_there_get_what_later_revisions_show(
    config: Config, database_url: str, request: pytest.FixtureRequest
) -> None:
    app = create_app(
        replace(config, database_url=request.getfixturevalue("empty_postgres_url") if database_url else "")
    )
    fill_the_third_revision(app)
    upgrade(app)
    expected = {name: (status, detail) for name, (*_, status, detail) in ROWS.items()}
    with app.app_context():
        for table in ("credential", "deleted_credential"):
            found = db.session.execute(text(f"SELECT name, status, detail FROM {table}"))
            assert {name: (status, detail) for name, status, detail in found} == expected
        for table in ("credential_count", "credential_status_count"):
            assert db.session.scalar(text(f"SELECT sum(total) FROM {table}")) == len(ROWS)
        assert db.session.scalar(text("SELECT count(*) FROM credential_change")) == 0
        db.session.rollback()
        assert check_consistency(db.session).sound
        page = app.extensions["credstore"].vault.list_page(ListFilters.clean(query="dited"))
        assert {record.name for record in page.records} == {"edited", "edited bot"}
        with write_transaction(db.session):  # the triggers of the table that SQLite made anew are there
            db.session.execute(text("UPDATE deleted_credential SET name_key = 'other' WHERE name = 'bot'"))
            db.session.execute(text("DELETE FROM deleted_credential WHERE name = 'edited'"))
        assert check_consistency(db.session).sound
    close(app)
