"""Deleting: one transaction, all or nothing; unknown ids counted; Undo; erased for good after a while."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import event

from credstore.errors import NotFound, StorageBusy, StorageError
from credstore.models import db
from credstore.probe import Outcome
from credstore.vault import Vault
from credstore.vault.consistency import check_consistency
from tests.vault.conftest import KEY, LLM, PUBLIC, Provider, Together, fill, llm, scalar, sql, statements


def all_ids() -> list[str]:
    found = [row[0] for row in db.session.execute(db.text("SELECT public_id FROM credential ORDER BY id"))]
    db.session.rollback()
    return found


def test_a_deleted_credential_is_gone_and_kept_sealed(vault: Vault) -> None:
    record = llm(vault)
    done = vault.delete([record.public_id])
    assert (done.deleted, done.missing) == (1, 0)
    for use in (vault.get, vault.resolve, vault.test):
        with pytest.raises(NotFound):
            use(record.public_id)
    assert scalar("SELECT sealed FROM deleted_credential").startswith("gAAAA")
    assert vault.page().records == ()


def test_unknown_and_repeated_ids_are_counted_once_and_are_no_errors(vault: Vault) -> None:
    one, two = llm(vault, "one"), llm(vault, "two")
    done = vault.delete([one.public_id, "gone", one.public_id, "x\0y", "gone", ""])
    assert (done.deleted, done.missing) == (1, 3)
    assert [record.public_id for record in vault.page().records] == [two.public_id]


def test_deleting_nothing_is_no_error(vault: Vault) -> None:
    done = vault.delete([])
    assert (done.deleted, done.missing) == (0, 0)


def test_summaries_name_what_would_go_newest_first(vault: Vault) -> None:
    fill(1200)
    found = vault.summaries([*all_ids(), "unknown", "\0"])
    assert [summary.name for summary in found] == [f"row {number}" for number in range(1199, -1, -1)]
    assert {summary.kind_label for summary in found} == {"LLM"}


def test_ten_thousand_ids_are_one_transaction(vault: Vault) -> None:
    fill(10_000)
    ids = all_ids()
    with statements() as seen:
        done = vault.delete([*ids, "gone"])
    assert (done.deleted, done.missing) == (10_000, 1)
    assert (seen.count("BEGIN"), seen.count("COMMIT")) == (1, 1)
    assert scalar("SELECT count(*) FROM credential") == 0
    assert check_consistency(db.session).sound, "two blocks of ids"
    db.session.rollback()
    assert vault.restore(done.batch) == 10_000
    assert check_consistency(db.session).sound


@pytest.mark.parametrize("moment", ["before_cursor_execute", "after_cursor_execute"])
@pytest.mark.parametrize("part", [1, 2])
@pytest.mark.parametrize("start", ["INSERT INTO deleted_credential", "DELETE FROM credential"])
def test_a_fault_at_any_statement_undoes_all_of_it(vault: Vault, start: str, moment: str, part: int) -> None:
    """SQLite moves the rows in parts."""
    if part > 1 and db.engine.dialect.name != "sqlite":
        return
    fill(2_000)
    ids, seen = all_ids(), []

    def fail(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.startswith(start):
            seen.append(statement)
            if len(seen) == part:
                raise StorageError("The disk broke.")

    event.listen(db.engine, moment, fail)
    try:
        with pytest.raises(StorageError):
            vault.delete(ids)
    finally:
        event.remove(db.engine, moment, fail)
    assert len(seen) == part
    assert (scalar("SELECT count(*) FROM credential"), scalar("SELECT count(*) FROM deleted_credential")) == (2_000, 0)
    assert vault.page().pagination.total == 2_000


def test_the_same_deletion_twice_at_once_deletes_once(vault: Vault, together: Together) -> None:
    fill(600)
    ids = all_ids()
    results = together(*(lambda order=order: vault.delete(order) for order in (ids, ids[::-1], ids, ids)))
    assert not [result for result in results if isinstance(result, Exception)]
    assert sum(result.deleted for result in results) == 600
    assert scalar("SELECT count(*) FROM deleted_credential") == 600


def test_the_same_undo_twice_at_once_restores_once(vault: Vault, together: Together) -> None:
    fill(100)
    batch = vault.delete(all_ids()).batch
    results = together(*(lambda: vault.restore(batch) for _ in range(4)))
    assert sorted(results, key=str) == [0, 0, 0, 100]


def test_undo_brings_back_names_secrets_verdicts_and_order(vault: Vault, llm_provider: Provider) -> None:
    records = [vault.test(llm(vault, name).public_id) for name in ("one", "two", "three")]
    before = vault.page().records
    assert vault.restore(vault.delete([records[0].public_id, records[2].public_id]).batch) == 2
    assert vault.page().records == before
    assert vault.get(records[0].public_id).verdict.outcome is Outcome.VERIFIED
    assert vault.resolve(records[0].public_id)["api_key"] == KEY
    assert scalar("SELECT count(*) FROM deleted_credential") == 0


def test_undo_brings_back_one_deletion_alone_and_only_once(vault: Vault) -> None:
    one, two = llm(vault, "one"), llm(vault, "two")
    batch, other = vault.delete([one.public_id]).batch, vault.delete([two.public_id]).batch
    assert (vault.restore(batch), vault.restore(batch), vault.restore("unknown"), vault.restore("\0")) == (1, 0, 0, 0)
    assert [record.name for record in vault.page().records] == ["one"]
    assert vault.restore(other) == 1


@pytest.mark.parametrize(
    ("old", "taken", "restored"),
    [
        ("Mine", ["mine"], "Mine (restored)"),
        ("Mine", ["MINE", "mine (restored)"], "Mine (restored 2)"),
        ("x" * 255, ["x" * 255], "x" * 244 + " (restored)"),
    ],
)
def test_undo_finds_a_free_name_where_the_old_one_is_taken(
    vault: Vault, old: str, taken: list[str], restored: str
) -> None:
    record = llm(vault, old)
    batch = vault.delete([record.public_id]).batch
    for name in taken:
        llm(vault, name)
    assert vault.restore(batch) == 1
    assert vault.get(record.public_id).name == restored
    assert vault.resolve(record.public_id) == LLM
    edited = vault.edit(record.public_id, version=1, name="other", values=PUBLIC)
    assert edited.name == "other"


def test_two_of_one_name_deleted_one_after_the_other_both_come_back(vault: Vault) -> None:
    batches = [vault.delete([llm(vault, "same").public_id]).batch for _ in range(3)]
    assert [vault.restore(batch) for batch in batches] == [1, 1, 1]
    names = [record.name for record in vault.page().records]
    assert sorted(names) == ["same", "same (restored 2)", "same (restored)"]


def test_the_deleted_are_erased_when_their_days_are_over(vault: Vault) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    with time_machine.travel(start, tick=False):
        batch = vault.delete([llm(vault, "old").public_id]).batch
        other = llm(vault, "other")
    with time_machine.travel(start + timedelta(days=29, hours=23), tick=False):
        vault.delete([other.public_id])
        assert scalar("SELECT count(*) FROM deleted_credential") == 2
    with time_machine.travel(start + timedelta(days=30), tick=False):
        vault.delete([])
        assert scalar("SELECT count(*) FROM deleted_credential") == 1
        assert vault.restore(batch) == 0


def test_with_no_days_to_keep_nothing_is_kept(vault: Vault) -> None:
    vault.store.keep_deleted_days = 0
    done = vault.delete([llm(vault).public_id])
    assert done.deleted == 1
    assert scalar("SELECT count(*) FROM deleted_credential") == 0


def test_all_the_deleted_can_be_erased_at_once(vault: Vault) -> None:
    vault.delete([llm(vault, name).public_id for name in "ab"])
    assert (vault.purge_deleted(), vault.purge_deleted()) == (2, 0)
    assert scalar("SELECT count(*) FROM deleted_credential") == 0


def test_what_is_erased_leaves_no_name_in_the_search_index(vault: Vault) -> None:
    """FTS5 keeps the entries of changed and erased names until it is told to drop them."""
    if db.engine.dialect.name == "sqlite":
        fill(50)
        record = llm(vault, "zebrafish harbour")
        vault.edit(record.public_id, version=1, name="quokka meadow", values=PUBLIC)
        vault.delete([record.public_id])
        assert vault.purge_deleted() == 1
        blocks = db.session.execute(db.text("SELECT block FROM credential_search_data")).scalars().all()
        db.session.rollback()
        held = b"".join(bytes(block) for block in blocks)
        assert b"row" in held
        for trigram in (b"zeb", b"fis", b"quo", b"kka", b"mea"):
            assert trigram not in held
            assert trigram[1:] not in held or trigram == b"mea"


def test_a_trigger_that_somebody_added_runs_for_each_of_many(vault: Vault) -> None:
    """On SQLite; its name needs quotes."""
    if db.session.connection().dialect.name != "sqlite":
        return
    db.session.rollback()
    sql("CREATE TABLE theirs (name TEXT)")
    sql('CREATE TRIGGER "their audit" AFTER DELETE ON credential BEGIN INSERT INTO theirs VALUES (old.name); END')
    fill(300)
    assert vault.delete(all_ids()).deleted == 300
    assert scalar("SELECT count(*) FROM theirs") == 300
    assert check_consistency(db.session).sound


def test_a_restore_gives_up_in_words_where_its_names_are_taken_each_time(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("delete_restore", "restore_chosen"):  # a look that comes too early
        monkeypatch.setattr(f"credstore.vault.{module}.taken_keys", lambda *_: set())
    gone = llm(vault, "the name")
    batch = vault.delete([gone.public_id]).batch
    llm(vault, "the name")
    for restore in (lambda: vault.restore(batch), lambda: vault.deleted.restore([gone.public_id])):
        with pytest.raises(StorageBusy, match="Others are taking these names"):
            restore()
    assert [record.name for record in vault.page().records] == ["the name"]
