"""The audit log: every act has its entry, no secret leaves without one, and one wrong entry is found."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import exc, select, text

from credstore.audit import Act, Actor, AuditFilters, AuditLog, Subject, acting_as, record, record_alone, record_each
from credstore.audit.retention import remove_old
from credstore.audit.verification import Verification
from credstore.audit_model import AuditEntry
from credstore.background_runner import BackgroundRunner
from credstore.database import write_transaction
from credstore.errors import AuditUnwritable, Conflict, InvalidFields, NotFound
from credstore.models import db
from credstore.vault import Vault
from credstore.vault.import_all import ImportAll
from credstore.vault.record_use import RecordUse
from tests.vault.conftest import KEY, LLM, ON_SQLITE, Provider, llm, scalar, sql

COLUMNS = ("at", "actor", "act", "credential_id", "kind", "result", "address", "count", "items", "hash")


def log() -> AuditLog:
    return AuditLog(db.session)


def verified() -> Verification:
    return log().verify()


def acts() -> list[tuple[str, str, str]]:
    """(act, credential, result) of every entry, oldest first."""
    db.session.rollback()
    columns = (AuditEntry.act, AuditEntry.credential_id, AuditEntry.result)
    found = [
        (act, public_id, result) for act, public_id, result in db.session.execute(select(*columns).order_by("seq"))
    ]
    db.session.rollback()
    return found


@contextmanager
def triggers_gone(table: str = "audit_entry") -> Iterator[None]:
    """What somebody does first who changes the log."""
    if db.engine.dialect.name == "postgresql":
        sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        sql(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        return
    of_table = text("SELECT name, sql FROM sqlite_master WHERE tbl_name = :name AND type = 'trigger'")
    found = db.session.execute(of_table, {"name": table})
    triggers = found.all()
    for name, _ in triggers:
        sql(f"DROP TRIGGER {name}")
    yield
    for _, definition in triggers:
        sql(definition)


def make_unwritable() -> None:
    if db.engine.dialect.name == "postgresql":
        sql("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$")
        sql("CREATE TRIGGER a_refuse BEFORE INSERT ON audit_entry FOR EACH ROW EXECUTE FUNCTION refuse()")
    else:
        sql("CREATE TRIGGER a_refuse BEFORE INSERT ON audit_entry BEGIN SELECT RAISE(ABORT, 'no'); END")


def test_each_act_has_its_entry_and_the_chain_holds(vault: Vault, llm_provider: Provider) -> None:
    with acting_as(Actor("ann", "192.0.2.7")):
        one, two = llm(vault, "one"), llm(vault, "two")
        vault.edit(one.public_id, version=1, name="first", values=LLM | {"api_key": "sk-other-0123456789abcd"})
        vault.put_back(one.public_id, version=2)
        vault.resolve(one.public_id)
        vault.test(one.public_id)
        run = vault.start_run([one.public_id, two.public_id])
        both = vault.delete([one.public_id, two.public_id])
        vault.restore(both.batch)
        vault.delete([two.public_id])
        vault.deleted.restore([two.public_id])
        vault.delete([two.public_id])
        vault.deleted.erase([two.public_id])
        list(vault.new_export().lines())
    mine = one.public_id
    assert acts() == [
        ("create", mine, ""),
        ("create", two.public_id, ""),
        ("edit", mine, "changed: name, secret or destination"),
        ("put back", mine, ""),
        ("resolve", mine, ""),
        ("test", mine, ""),
        ("test result", mine, "verified"),
        ("run of tests", "", f"run {run}"),
        ("delete", "", ""),
        ("restore", "", ""),
        ("delete", two.public_id, ""),
        ("restore", two.public_id, ""),
        ("delete", two.public_id, ""),
        ("erase for good", two.public_id, ""),
        ("export", "", ""),
    ]
    assert {(entry.actor, entry.address) for entry in log().page(AuditFilters()).entries} == {("ann", "192.0.2.7")}
    assert verified().entries == 15
    assert not verified().wrong_at


@pytest.mark.parametrize(
    ("consumer", "node", "result"),
    [
        ("", "", ""),
        ("c", "", "“c”"),
        ("", "n", "“”, “n”"),
        ("c", "forged", "“c”, “forged”"),
        ("c, forged", "", "“c, forged”"),
        ("c”, “forged", "", '“c", "forged”'),
        ("sk-proj-CANARY0123456789abcdefABCDEF", "n", "(looks like a secret), “n”"),
        ("(looks like a secret)", "https://u:p@host/", "“(looks like a secret)”, (looks like a secret)"),
    ],
)
def test_who_used_a_secret_is_told_without_doubt(vault: Vault, consumer: str, node: str, result: str) -> None:
    one = llm(vault, "one").public_id
    vault.resolve(one, consumer=consumer, node=node)
    assert acts()[-1] == ("resolve", one, result)


def test_references_drafts_and_cancelled_runs_have_their_entries(vault: Vault, llm_provider: Provider) -> None:
    one, two = (llm(vault, name).public_id for name in ("one", "two"))
    run = vault.start_run([one])
    vault.put_reference(one, "w", "n")
    before = len(acts())
    vault.cancel_run(run)
    vault.cancel_run(run)  # the second time there is nothing to cancel
    vault.move_references(one, two)
    for _ in range(2):
        vault.remove_reference(two, "w", "n")
    vault.replace_references("w", [(one, "a", "", ""), (one, "b", "", ""), (two, "n", "", "")])
    vault.replace_references("w", [(one, "a", "", "")])
    vault.replace_references("w", [(one, "a", "", "")])
    vault.test_draft("llm", LLM)
    vault.test_draft("llm", LLM, public_id=one)
    assert acts()[before:] == [
        ("run of tests cancelled", "", f"run {run}"),
        ("references moved", "", f"from {one} to {two}"),
        ("references removed", two, "of w"),
        ("references removed", "", "of w"),
        ("test", "", "draft"),
        ("test", one, "draft"),
    ]
    for mine in (one, two):
        of_one = log().page(AuditFilters(credentials=(mine,))).entries
        assert {"references moved", "references removed"} <= {entry.act for entry in of_one}


def test_what_failed_has_no_entry(vault: Vault) -> None:
    record_of = llm(vault, "one")
    before = acts()
    uses: list[tuple[type[Exception], Callable[[], Any]]] = [
        (InvalidFields, lambda: llm(vault, "one")),
        (Conflict, lambda: vault.edit(record_of.public_id, version=7, name="x", values=LLM)),
        (NotFound, lambda: vault.resolve("no such id")),
    ]
    for refused, use in uses:
        with pytest.raises(refused):
            use()
    vault.edit(record_of.public_id, version=1, name="one", values=LLM | {"api_key": ""})  # changes nothing
    assert vault.delete(["no such id"]).deleted == 0
    assert acts() == before


def test_no_secret_leaves_without_an_entry(vault: Vault, llm_provider: Provider, stored_app: Flask) -> None:
    one = llm(vault, "one").public_id
    vault.test(one)
    stored = vault.get(one)
    run = vault.start_run([one])
    llm_provider.asks.clear()
    make_unwritable()
    uses: list[Callable[[], Any]] = [
        lambda: vault.resolve(one),
        lambda: vault.test(one),
        lambda: vault.test_draft("llm", LLM | {"api_key": ""}, public_id=one),
        lambda: vault.try_completion(one, "m"),
        lambda: next(iter(vault.new_export().lines())),
        lambda: llm(vault, "two"),
        lambda: vault.edit(one, version=1, name="new", values=LLM),
        lambda: vault.delete([one]),
        lambda: stored_app.extensions["credstore"].accounts.create("ann", "correct horse battery staple"),
    ]
    for use in uses:
        with pytest.raises(AuditUnwritable, match="no secret was used"):
            use()
    with pytest.raises(AuditUnwritable):
        vault.test_item(run, 0, one, lambda: None)
    assert vault.run_page(run).items[0].outcome is None, "it is not tested, and waits"
    assert llm_provider.asks == []
    db.session.expire_all()
    assert vault.get(one) == stored
    assert vault.count_by_type()["llm"] == 1


def test_an_entry_is_there_before_the_secret_is_sent(vault: Vault, llm_provider: Provider) -> None:
    one, seen = llm(vault, "one").public_id, []
    llm_provider.before = lambda: seen.append(scalar("SELECT max(act) FROM audit_entry WHERE seq = 2"))
    vault.test(one)
    assert set(seen) == {"test"}


def test_the_database_refuses_changes(vault: Vault) -> None:
    llm(vault)
    changes = ["UPDATE audit_entry SET actor = 'x'", "DELETE FROM audit_entry"]
    changes.append(
        "INSERT INTO audit_entry SELECT 9, at, actor, act, credential_id, kind, result, address, count, items, hash"
        " FROM audit_entry"
    )
    if db.engine.dialect.name == "postgresql":
        changes.append("TRUNCATE audit_entry")
    for change in changes:
        with pytest.raises(Exception, match="audit_entry"):
            sql(change)
        db.session.rollback()
    assert not verified().wrong_at


def test_entries_that_are_not_the_next_ones_are_refused_together(vault: Vault) -> None:
    llm(vault)
    first = dict(db.session.execute(select(AuditEntry.__table__)).one()._mapping)
    for numbers in ((2, 4), (3, 4), (2, 2), (1, 2), (0,)):
        with pytest.raises(exc.DBAPIError):
            db.session.execute(AuditEntry.__table__.insert().values([first | {"seq": number} for number in numbers]))
        db.session.rollback()
    assert not verified().wrong_at


def test_many_entries_in_one_statement_change_the_head_once(vault: Vault) -> None:
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite keeps no old versions of a row")
    llm(vault)
    sql("CREATE TABLE changes (seq bigint)")
    sql(
        "CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN INSERT INTO changes VALUES (NEW.seq); RETURN NEW; END $$"
    )
    sql("CREATE TRIGGER noted AFTER UPDATE ON audit_head FOR EACH ROW EXECUTE FUNCTION noted()")
    names = ", ".join(COLUMNS)
    sql(f"INSERT INTO audit_entry (seq, {names}) SELECT n, {names} FROM audit_entry, generate_series(2, 500) n")
    assert db.session.scalars(text("SELECT seq FROM changes")).all() == [500]


def test_an_entry_costs_the_same_in_a_long_log(vault: Vault) -> None:
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite counts no rows that it reads")
    one, names = llm(vault).public_id, ", ".join(COLUMNS)
    sql(f"INSERT INTO audit_entry (seq, {names}) SELECT n, {names} FROM audit_entry, generate_series(2, 500) n")

    def scanned() -> int:
        db.session.rollback()
        sql("SELECT pg_stat_force_next_flush()")
        return int(scalar("SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'audit_entry'"))

    before = scanned()
    for _ in range(3):
        vault.record_use(one, "w")
        RecordUse(vault.store).record_audited(Subject(one), "w")
    assert scanned() == before, "it reads the log by an index alone"


def test_without_the_last_hash_no_secret_is_used(vault: Vault) -> None:
    one, uses = llm(vault).public_id, RecordUse(vault.store)
    uses.record_audited(Subject(one), "w")
    with triggers_gone("audit_head"):
        sql("DELETE FROM audit_head")
    for consumer in ("w", "another", ""):  # one that was noted a moment ago, one that was not, and nobody
        with pytest.raises(AuditUnwritable):
            uses.record_audited(Subject(one), consumer)
        with pytest.raises(AuditUnwritable):
            vault.resolve(one, consumer=consumer)
    with pytest.raises(AuditUnwritable):
        record_alone(db.session, Act.RESOLVE, Subject(one))
    with pytest.raises(AuditUnwritable), write_transaction(db.session):
        record_each(db.session, Act.DELETE, [Subject(one), Subject("another")])
    with pytest.raises(AuditUnwritable):
        vault.create("llm", "two", LLM)
    assert scalar("SELECT count(*) FROM audit_entry WHERE act = 'resolve'") == 1
    assert scalar("SELECT count(*) FROM credential") == 1


@pytest.fixture
def some_entries(vault: Vault) -> None:
    with write_transaction(db.session):
        for number in range(12):
            record(db.session, Act.RESOLVE, Subject(f"{number:036}", "llm"), result=f"result {number}")
        record_each(db.session, Act.DELETE, [Subject(f"{number:036}") for number in range(3)])


OTHER = {"count": 77, "hash": "f" * 64}


def other_than(value: Any, column: str) -> Any:
    """Another value that fits into the column."""
    return OTHER[column] if column in OTHER else f"{value}x"[-(AuditEntry.__table__.c[column].type.length or 999) :]


CHANGE = st.tuples(
    st.sampled_from(["changed", "removed", "swapped"]), st.integers(1, 13), st.integers(1, 13), st.sampled_from(COLUMNS)
)


@pytest.mark.usefixtures("some_entries")
def test_one_changed_removed_or_moved_entry_is_found() -> None:
    assert verified() == Verification(entries=13, head_seq=13, head_hash=verified().head_hash)
    rows = [dict(row._mapping) for row in db.session.execute(select(AuditEntry.__table__).order_by("seq"))]
    table = AuditEntry.__table__

    @settings(max_examples=40)
    @given(CHANGE)
    def one_change(change: tuple[str, int, int, str]) -> None:
        how, one, two, column = change
        if how == "swapped" and one == two:
            return
        seq = {row["seq"]: row["seq"] for row in rows}
        changed = {row["seq"]: dict(row) for row in rows}
        if how == "changed":
            value = changed[one][column]
            changed[one][column] = value - timedelta(seconds=1) if column == "at" else other_than(value, column)
        elif how == "removed":
            del changed[one]
        else:
            changed[one]["seq"], changed[two]["seq"] = seq[two], seq[one]
        db.session.execute(table.delete())
        db.session.execute(table.insert(), list(changed.values()))
        db.session.commit()
        expected = min(one, two) if how == "swapped" else one
        assert verified().wrong_at == expected, (change, verified())

    with triggers_gone():
        one_change()
        db.session.execute(table.delete())
        db.session.execute(table.insert(), rows)
        db.session.commit()
    assert not verified().wrong_at


@pytest.mark.usefixtures("some_entries")
def test_a_chain_that_was_computed_anew_is_found_by_a_hash_that_was_kept() -> None:
    kept = verified().head_hash
    assert not log().verify(head=kept).wrong_at
    with write_transaction(db.session):
        record(db.session, Act.EXPORT)
    assert not log().verify(head=kept).wrong_at  # older, and still part of it
    assert log().verify(head="a" * 64).wrong_at == 14


def test_concurrent_writers_make_one_chain(vault: Vault, stored_app: Flask) -> None:
    start = threading.Barrier(8)

    def write(number: int) -> None:
        start.wait()
        with stored_app.app_context():
            for turn in range(5):
                stored_app.extensions["credstore"].vault.create("llm", f"{number} {turn}", LLM)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    assert verified().entries == 40
    assert not verified().wrong_at


@pytest.mark.usefixtures("some_entries")
def test_retention_removes_the_oldest_and_the_rest_can_be_proven(vault: Vault) -> None:
    kept = verified().head_hash
    assert remove_old(db.session, timedelta(days=1)) == 0
    cut = db.session.scalar(select(AuditEntry.at).where(AuditEntry.seq == 5))
    with triggers_gone():
        sql("UPDATE audit_entry SET at = :old WHERE seq <= 5", old=cut - timedelta(days=400))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("credstore.audit.retention.MOST_AT_ONCE", 2)
        assert remove_old(db.session, timedelta(days=365)) == 5
    found = verified()
    assert (found.entries, found.head_seq, found.wrong_at) == (11, 16, 0)
    assert not log().verify(head=kept).wrong_at
    assert scalar("SELECT count(*) FROM audit_entry WHERE seq <= 5") == 0
    # Somebody who removes more in the same way is found out: no entry says so.
    with triggers_gone():
        sql("UPDATE audit_entry SET at = :old WHERE seq IN (6, 7)", old=cut - timedelta(days=2))
    last = scalar("SELECT hash FROM audit_entry WHERE seq = 7")
    sql("UPDATE audit_head SET removed_seq = 7, removed_hash = :last", last=last)
    sql("DELETE FROM audit_entry WHERE seq <= 7")
    assert verified().wrong_at == 8


FIRST = "(SELECT hash FROM audit_entry WHERE seq = 1)"
HEAD_CHANGES = (
    "UPDATE audit_head SET removed_seq = seq, removed_hash = hash",  # it is old, and young ones are before it
    "UPDATE audit_head SET removed_seq = 2, removed_hash = (SELECT hash FROM audit_entry WHERE seq = 2)",
    "UPDATE audit_head SET removed_seq = 1, removed_hash = hash",
    "UPDATE audit_head SET removed_seq = 99",
    "UPDATE audit_head SET removed_seq = -1",
    f"UPDATE audit_head SET removed_hash = {FIRST}",
    f"UPDATE audit_head SET hash = {FIRST}",
    f"UPDATE audit_head SET seq = 1, hash = {FIRST}",
    "UPDATE audit_head SET seq = 0, hash = removed_hash",
    "UPDATE audit_head SET id = 2",
    "DELETE FROM audit_head",
    "INSERT INTO audit_head SELECT 2, seq, hash, seq, hash FROM audit_head",
)


@pytest.mark.usefixtures("some_entries")
def test_the_head_changes_by_entries_and_retention_alone() -> None:
    with triggers_gone():
        sql("UPDATE audit_entry SET at = '2020-01-01 00:00:00' WHERE seq IN (1, 13)")
    for change in HEAD_CHANGES:
        with pytest.raises(exc.DBAPIError, match="audit_head"):
            sql(change)
        db.session.rollback()


@pytest.mark.usefixtures("some_entries")
@pytest.mark.parametrize(("days", "met"), [(364, False), (366, True)])
def test_a_kept_hash_of_a_removed_entry_counts_only_when_its_time_was_over(days: int, *, met: bool) -> None:
    kept = scalar("SELECT hash FROM audit_entry WHERE seq = 5")
    at = db.session.scalar(select(AuditEntry.at).where(AuditEntry.seq == 5))
    with triggers_gone():
        sql("UPDATE audit_entry SET at = :old WHERE seq <= 5", old=at - timedelta(days=days))
    assert remove_old(db.session, timedelta(days=1)) == 5
    assert not verified().wrong_at
    assert verified().removed_seq == 5
    assert verified().removed_on
    found = log().verify(head=kept, keep=timedelta(days=365))
    assert bool(found.wrong_at) is not met
    assert ("before its time" in found.why) is not met


def test_an_empty_log_begins_where_another_one_does(vault: Vault) -> None:
    sql("UPDATE audit_head SET seq = 5, hash = :h, removed_seq = 5, removed_hash = :h", h="a" * 64)
    llm(vault)
    assert scalar("SELECT seq FROM audit_entry") == 6
    with pytest.raises(exc.DBAPIError, match="audit_head"):
        sql("UPDATE audit_head SET seq = 8, hash = :h, removed_seq = 8, removed_hash = :h", h="b" * 64)
    db.session.rollback()


@pytest.fixture
def old_entries(some_entries: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first six are over, and a batch has two."""
    monkeypatch.setattr("credstore.audit.retention.MOST_AT_ONCE", 2)
    with triggers_gone():
        sql("UPDATE audit_entry SET at = '2020-01-01 00:00:00' WHERE seq <= 6")


@pytest.mark.usefixtures("old_entries")
def test_within_a_request_one_batch_is_removed(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("credstore.vault.store.PURGE_EVERY", timedelta(0))
    llm(vault)
    assert scalar("SELECT min(seq) FROM audit_entry") == 3


@pytest.mark.usefixtures("old_entries")
def test_a_server_removes_old_entries_where_nobody_changes_anything(
    vault: Vault, stored_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("credstore.background_runner.TAKE_OVER_SECONDS", 0.02)
    monkeypatch.setattr("credstore.background_runner.PURGE_SECONDS", 0)
    done, purge = threading.Event(), vault.store.purge

    def purge_and_say() -> None:
        purge()
        done.set()

    monkeypatch.setattr(vault.store, "purge", purge_and_say)
    db.session.rollback()
    runner = BackgroundRunner(stored_app, vault)
    thread = runner.take_over_runs()
    assert done.wait(30)
    runner.stop()
    thread.join(30)
    assert scalar("SELECT min(seq) FROM audit_entry") == 7


@pytest.mark.usefixtures("some_entries")
def test_a_clock_that_was_wrong_for_a_while_removes_nothing_early() -> None:
    with triggers_gone():
        sql("UPDATE audit_entry SET at = '1970-01-01 00:00:00+00' WHERE seq = 9")
    assert remove_old(db.session, timedelta(days=365)) == 0


def test_the_log_cut_at_its_end_is_found(vault: Vault) -> None:
    for number in range(3):
        llm(vault, f"{number}")
    with triggers_gone():
        sql("DELETE FROM audit_entry WHERE seq = 3")
    assert verified().wrong_at == 3


def test_filters_and_pages(vault: Vault) -> None:
    with acting_as(Actor("ann")):
        ids = [llm(vault, f"bot {number}").public_id for number in range(60)]
    with acting_as(Actor("bob")):
        vault.resolve(ids[3])
        vault.delete(ids[:5])
    newest = log().page(AuditFilters())
    older = log().page(AuditFilters(), before=newest.older)
    back = log().page(AuditFilters(), after=older.newer)
    seqs = [entry.seq for entry in (*newest.entries, *older.entries)]
    assert seqs == list(range(62, 0, -1))
    assert back.entries == newest.entries
    assert (newest.newer, older.older, back.newer) == (None, None, None)
    assert [entry.act for entry in log().page(AuditFilters(actor="bob")).entries] == ["delete", "resolve"]
    assert len(log().page(AuditFilters(act="resolve")).entries) == 1
    of_one = log().page(AuditFilters(credentials=(ids[3],))).entries
    assert [entry.act for entry in of_one] == ["delete", "resolve", "create"]
    today = newest.entries[0].at.date()
    assert len(log().page(AuditFilters(since=today - timedelta(days=1), until=today)).entries) == 50
    for nothing in (AuditFilters(since=today + timedelta(days=1)), AuditFilters(until=today - timedelta(days=2))):
        assert log().page(nothing).entries == ()


def test_no_value_of_a_secret_is_in_the_log(vault: Vault, llm_provider: Provider) -> None:
    one = llm(vault, "sk-pasted-as-a-name-0123456789").public_id
    vault.test(one)
    vault.resolve(one)
    vault.edit(one, version=1, name="other", values=LLM | {"api_key": KEY[::-1]})
    vault.delete([one])
    stored = repr(db.session.execute(select(AuditEntry.__table__)).all())
    for secret in (KEY, KEY[::-1], "sk-pasted"):
        assert secret not in stored


@ON_SQLITE
def test_a_run_names_the_one_who_started_it(vault: Vault, llm_provider: Provider, stored_app: Flask) -> None:
    one = llm(vault, "one").public_id
    run = vault.start_run([one])
    with acting_as(Actor("ann", "192.0.2.7")):
        BackgroundRunner(stored_app, vault).start(run).join()
    db.session.rollback()
    assert [entry.actor for entry in log().page(AuditFilters(act="test")).entries] == ["ann"]


def test_ten_thousand_ids_are_one_entry(vault: Vault) -> None:
    ids = [f"{number:036}" for number in range(10_001)]
    with write_transaction(db.session):
        record_each(db.session, Act.DELETE, [Subject(one) for one in ids])
    assert [entry.count for entry in log().page(AuditFilters()).entries] == [1, 10_000]
    assert len(log().page(AuditFilters(credentials=(ids[700],))).entries) == 1
    assert not verified().wrong_at


def test_an_import_is_noted_and_its_preview_is_not(vault: Vault) -> None:
    from credstore.importing.candidate import Candidate

    made = [Candidate(origin="", name=f"bot {n}", kind="llm", values=LLM) for n in range(3)]
    for dry_run in (True, False):
        ImportAll(vault.store, "skip").run(iter(made), dry_run=dry_run, tell=lambda _item: None)
    assert [act for act, _, _ in acts()] == ["import"]
