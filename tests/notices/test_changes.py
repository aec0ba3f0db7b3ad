"""What makes a notice: each change once, whoever found it; on both databases."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select, text

from credstore.background_runner import BackgroundRunner
from credstore.database import write_transaction
from credstore.models import Credential, db, utc_now
from credstore.notice_models import Notice, WatchedCredential
from credstore.notices.changes import TESTED_COLUMNS, UNDECIDED, note_expiring, note_result
from credstore.probe import Outcome, ProbeRequest, ProbeResponse
from credstore.tester import Tester
from credstore.vault import Vault
from tests.conftest import PASSWORD, USERNAME
from tests.page import Page
from tests.vault.conftest import LLM, ON_SQLITE, llm
from tests.vault.every_use_case import IN_ONE, credential_row

RED = {outcome for outcome in Outcome if outcome.mark == "fail"}
WRONG = ProbeResponse(status=401, json={"error": {"message": "no", "code": "invalid_api_key"}})


class Switch:
    """A provider that accepts the key or refuses it. `before` runs inside each request."""

    def __init__(self) -> None:
        self.accepts = True
        self.before: Callable[[], None] = lambda: None

    def send(self, ask: ProbeRequest, *, deadline: float) -> ProbeResponse:
        self.before()
        right = self.accepts and ask.headers.get("Authorization") == f"Bearer {LLM['api_key']}"
        return ProbeResponse(status=200, json={"data": [{"id": "m"}]}) if right else WRONG


@pytest.fixture
def switch(hooked: Flask) -> Switch:
    found = Switch()
    hooked.extensions["credstore"].vault.tests.tester = Tester(found)
    return found


@pytest.fixture
def shelf(hooked: Flask, switch: Switch) -> Any:
    with hooked.app_context():
        yield hooked.extensions["credstore"].vault


def take_notices() -> list[tuple[str, str, str]]:
    """(event, outcome, before) of every notice, oldest first; takes them away."""
    db.session.rollback()
    rows = db.session.execute(select(Notice.event, Notice.outcome, Notice.before).order_by(Notice.id)).all()
    db.session.execute(text("DELETE FROM notice"))
    db.session.commit()
    return [(row.event, row.outcome, row.before) for row in rows]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(outcomes=st.lists(st.sampled_from(sorted(Outcome)), max_size=12))
def test_each_turn_to_red_and_back_is_noted_once(hooked: Flask, outcomes: list[Outcome]) -> None:
    """The model: the last outcome that decides something is red or not, and a notice is where that changes."""
    expected, red, was = [], False, ""
    with hooked.app_context():
        db.session.execute(text("DELETE FROM watched_credential"))
        db.session.commit()
        if db.session.scalar(select(Credential.id)) is None:
            hooked.extensions["credstore"].vault.create("llm", "Prod", LLM)
        row = db.session.execute(select(*TESTED_COLUMNS)).one()
        for outcome in outcomes:
            if outcome not in UNDECIDED and (outcome in RED) != red:
                red = outcome in RED
                expected.append(("failed" if red else "recovered", outcome.value, "untested" if red else was))
                was = outcome.value
            with write_transaction(db.session):
                note_result(db.session, row, outcome, "Why.", utc_now())
        assert take_notices() == expected


@ON_SQLITE
def test_every_way_of_testing_notes_a_change(hooked: Flask, switch: Switch) -> None:
    vault: Vault = hooked.extensions["credstore"].vault
    with hooked.app_context():
        public_id = llm(vault, "Prod").public_id
        hooked.extensions["credstore"].accounts.create(USERNAME, PASSWORD)
    person = Page(hooked.test_client())
    person.sign_in(USERNAME, PASSWORD)
    person.get("/credentials")

    def run() -> None:
        with hooked.app_context():
            run_id = vault.start_run()
        BackgroundRunner(hooked, vault).run(run_id)

    def call() -> None:
        with hooked.app_context():
            vault.test(public_id)

    def noted() -> list[tuple[str, str, str]]:
        with hooked.app_context():
            return take_notices()

    ways: dict[str, Callable[[], Any]] = {
        "the page": lambda: person.post(f"/credentials/{public_id}/test"),
        "a run": run,
        "a program": call,
    }
    for name, test in ways.items():
        switch.accepts = False
        test()
        assert [event for event, *_ in noted()] == ["failed"], name
        test()
        assert not noted(), f"{name}: still red is no change"
        switch.accepts = True
        test()
        assert noted() == [("recovered", "verified", "rejected")], name


@ON_SQLITE
def test_a_result_of_what_was_edited_meanwhile_is_no_change(shelf: Vault, switch: Switch) -> None:
    record = llm(shelf, "Prod")

    def edit() -> None:
        switch.before = lambda: None
        shelf.edit(record.public_id, version=1, name="Prod", values=LLM | {"api_key": "sk-another-0123456789"})

    switch.accepts, switch.before = False, edit
    assert shelf.test(record.public_id).verdict.outcome is Outcome.STALE
    assert not take_notices()


@ON_SQLITE
def test_a_notice_holds_the_reason_and_no_secret(shelf: Vault, switch: Switch) -> None:
    switch.accepts = False
    shelf.test(llm(shelf, "Prod").public_id)
    (row,) = db.session.execute(select(Notice)).scalars()
    assert (row.name, row.kind, row.before) == ("Prod", "llm", "untested")
    assert row.reason
    assert LLM["api_key"] not in repr(vars(row))


@ON_SQLITE
def test_without_a_channel_nothing_is_noted(vault: Vault, stored_app: Flask) -> None:
    switch = Switch()
    switch.accepts = False
    vault.tests.tester = Tester(switch)
    vault.test(llm(vault, "Prod").public_id)
    assert not take_notices()
    assert stored_app.extensions["credstore"].notifier.note_expiring() == 0


def test_a_date_of_expiry_is_told_once_when_it_is_near(shelf: Vault) -> None:
    now = utc_now()
    ends = {name: now + timedelta(days=days) for name, days in (("Soon", 3), ("Far", 60), ("Over", -2), ("Old", -30))}
    ids = {}
    for name, moment in ends.items():
        ids[name] = shelf.create("llm", name, LLM | {"api_key": f"sk-{name}-0123456789"}).public_id
        with write_transaction(db.session):
            row = db.session.execute(select(Credential).where(Credential.public_id == ids[name])).scalar_one()
            row.expires_at = moment
    llm(shelf, "Endless")
    assert note_expiring(db.session, days=14, now=now) == 2
    names = db.session.scalars(select(Notice.name).order_by(Notice.expires_at)).all()
    assert names == ["Over", "Soon"]
    take_notices()
    assert note_expiring(db.session, days=14, now=now) == 0
    assert note_expiring(db.session, days=0, now=now) == 0
    assert note_expiring(db.session, days=90, now=now) == 1, "Far"
    with write_transaction(db.session):
        row = db.session.execute(select(Credential).where(Credential.public_id == ids["Soon"])).scalar_one()
        row.expires_at = now + timedelta(days=5)
    assert note_expiring(db.session, days=14, now=now) == 1, "another date is another notice"


def test_many_that_end_are_noted_once_by_processes_at_the_same_time(hooked: Flask, shelf: Vault) -> None:
    """More than a batch, by four at once."""
    moment = utc_now() + timedelta(days=3)
    rows = [credential_row(n, expires_at=moment) for n in range(1_100)]
    db.session.execute(insert(Credential), rows, execution_options=IN_ONE)
    db.session.commit()

    def note(_number: int) -> int:
        with hooked.app_context():
            return note_expiring(db.session, days=14, now=utc_now())

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(note, range(4)))
    assert sum(found) == 1_100, found
    assert len(take_notices()) == 1_100


@ON_SQLITE
def test_a_damaged_date_does_not_keep_it_busy_for_ever(shelf: Vault) -> None:
    llm(shelf, "Prod")
    moment = (utc_now() + timedelta(days=3)).isoformat(" ")  # with a zone, as SQLAlchemy never writes it
    db.session.execute(text("UPDATE credential SET expires_at = :moment"), {"moment": moment})
    db.session.commit()
    for number in (1, 0):
        assert note_expiring(db.session, days=14, now=utc_now()) == number


def test_erasing_a_credential_erases_what_was_noted_of_it(shelf: Vault, switch: Switch) -> None:
    switch.accepts = False
    record = llm(shelf, "Prod")
    shelf.test(record.public_id)
    shelf.delete([record.public_id])
    shelf.purge_deleted()
    assert not take_notices()
    assert db.session.scalar(select(WatchedCredential.public_id)) is None
