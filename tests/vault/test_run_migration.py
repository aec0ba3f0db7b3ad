"""Migration 0010: runs that are there get their totals, the counts of their results and the groups of their items."""

from dataclasses import replace

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import text

from credstore import create_app
from credstore.config import Config
from credstore.database import write_options
from credstore.migrate import _config, upgrade
from credstore.models import db
from credstore.probe import Outcome
from credstore.vault import Group
from tests.conftest import close

RUN = "00000000-0000-4000-8000-00000000000a"
OUTCOMES = ["", "gone", *(outcome.value for outcome in Outcome)]


def upgrade_to_the_one_before(app: Flask) -> None:
    with (
        app.app_context(),
        db.engine.connect().execution_options(**write_options(db.engine.dialect.name)) as connection,
        connection.begin(),
    ):
        before = ScriptDirectory.from_config(_config(connection)).get_revision("0010").down_revision
        assert isinstance(before, str)
        command.upgrade(_config(connection), before)
        moment = {"run": RUN, "moment": "2026-01-01 00:00:00+00:00"}
        columns = "id, started_at, heartbeat_at, ended_at, cancelled"
        connection.execute(
            text(f"INSERT INTO test_run ({columns}) VALUES (:run, :moment, :moment, :moment, false)"), moment
        )
        rows = [{"run": RUN, "place": place, "outcome": outcome} for place, outcome in enumerate(OUTCOMES * 2)]
        columns = "run_id, position, public_id, name, outcome, reason"
        connection.execute(
            text(f"INSERT INTO test_run_item ({columns}) VALUES (:run, :place, 'p', 'n', :outcome, '')"), rows
        )


def test_runs_that_are_there_are_counted_and_grouped(
    config: Config, database_url: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("empty_postgres_url") if database_url else ""
    app = create_app(replace(config, database_url=url))
    upgrade_to_the_one_before(app)
    upgrade(app)
    with app.app_context():
        vault = app.extensions["credstore"].vault
        run, items = vault.run(RUN), vault.progress(RUN).items
        assert run.total == len(items) == len(OUTCOMES) * 2
        assert run.counts == {outcome: 2 for outcome in OUTCOMES if outcome}
        assert [item.group for item in items] == [Group.of(outcome) for outcome in OUTCOMES * 2]
        assert (run.state, run.started_by, run.scope) == ("done", "", "")
    close(app)
